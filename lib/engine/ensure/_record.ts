import { writeAtomic } from "../../files/mod.ts";
import type { EnginePaths } from "./_paths.ts";
import { type ProcessIdentity, type ProcessInfo, processScope, readProcess } from "./_processes.ts";

interface EngineRecord extends ProcessIdentity {
  readonly scope: string;
}

/** Keeps who was started, for whoever stops it. */
export async function writeRecord(paths: EnginePaths, identity: ProcessIdentity): Promise<void> {
  const { pid, startTicks } = identity;
  const record: EngineRecord = { pid, startTicks, scope: await processScope() };
  await writeAtomic(paths.record, `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

/**
 * Finds the running dockerd of this state directory.
 *
 * Its own pid file names it; its command line must name our socket, and where a record of its
 * start exists, that must agree. So neither a reused number nor somebody else's dockerd passes.
 *
 * @returns The process; `undefined` if it does not run.
 */
export async function findOwnDockerd(paths: EnginePaths): Promise<ProcessInfo | undefined> {
  const record = await readRecord(paths);
  const pid = await readPid(paths.pidfile) ?? record?.pid;
  const info = pid === undefined ? undefined : await readProcess(pid);
  if (info === undefined || !isDockerd(info) || !info.argv.includes(paths.host)) return undefined;
  const contradicted = record?.pid === info.pid && record.scope === await processScope() &&
    record.startTicks !== info.startTicks;
  return contradicted ? undefined : info;
}

/** Tells whether a process is a dockerd, and not a shell or sudo on the way to one. */
export function isDockerd(info: ProcessInfo): boolean {
  return /(^|\/)dockerd$/.test(info.argv[0] ?? "");
}

/** Tells whether the machine or container was started anew since the engine last was. */
export async function isFromEarlierStart(paths: EnginePaths): Promise<boolean> {
  const record = await readRecord(paths);
  return record !== undefined && record.scope !== await processScope();
}

async function readPid(path: string): Promise<number | undefined> {
  const text = await Deno.readTextFile(path).catch(() => "");
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

async function readRecord(paths: EnginePaths): Promise<EngineRecord | undefined> {
  try {
    const { pid, startTicks, scope } = JSON.parse(await Deno.readTextFile(paths.record));
    if (typeof pid !== "number" || typeof startTicks !== "number") return undefined;
    return typeof scope === "string" ? { pid, startTicks, scope } : undefined;
  } catch {
    return undefined; // none yet, or not ours: the pid file and the command line decide
  }
}
