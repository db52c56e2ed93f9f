import type { Artifact, Unit, UnitResult } from "../model.ts";
import { writeAll } from "../replay.ts";

/** A program of this machine, run as it would be without a wrapper. */
export interface LocalCall {
  /** The program. */
  readonly program: string;
  /** Its words. */
  readonly args: readonly string[];
  /** Where it runs. Default: here. */
  readonly cwd?: string;
  /** Kills it. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a program with our own input, output and error output, and what else we have inherited: the
 * job server of cargo is a pair of pipes.
 *
 * @param call The program.
 * @returns Its exit code; 128 + n after signal n.
 */
export async function runHere(call: LocalCall): Promise<number> {
  const child = new Deno.Command(call.program, {
    args: [...call.args],
    cwd: call.cwd,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
    signal: call.signal,
  }).spawn();
  return (await child.status).code;
}

/**
 * Runs rustc here and keeps what it prints and makes, which is passed on as it comes: cargo starts
 * what depends on the metadata while the code is still being made.
 *
 * @param unit The call.
 * @param call The program.
 * @param streams Where its output goes.
 * @returns The result.
 */
export async function runAndKeep(
  unit: Unit,
  call: LocalCall,
  streams: {
    readonly stdout: { writeSync(bytes: Uint8Array): number };
    readonly stderr: { writeSync(bytes: Uint8Array): number };
    /** Changes each line of what it complains. */
    readonly rewrite?: (line: string) => string;
  },
): Promise<UnitResult> {
  const startMs = Date.now();
  const child = new Deno.Command(call.program, {
    args: [...call.args],
    cwd: call.cwd,
    stdin: "inherit",
    stdout: "piped",
    stderr: "piped",
    signal: call.signal,
  }).spawn();
  const [stdout, stderr, { code }] = await Promise.all([
    passOn(child.stdout, streams.stdout),
    passOn(
      streams.rewrite === undefined ? child.stderr : rewritten(child.stderr, streams.rewrite),
      streams.stderr,
    ),
    child.status,
  ]);
  return { code, stdout, stderr, files: code === 0 ? filesOf(unit, startMs) : [] };
}

/** Whole lines: what is changed in one could begin in one piece and end in the next. */
function rewritten(
  from: ReadableStream<Uint8Array<ArrayBuffer>>,
  rewrite: (line: string) => string,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let rest = "";
  return from.pipeThrough(new TextDecoderStream()).pipeThrough(
    new TransformStream<string, string>({
      transform(text, out) {
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        for (const line of lines) out.enqueue(`${rewrite(line)}\n`);
      },
      flush(out) {
        if (rest !== "") out.enqueue(rewrite(rest));
      },
    }),
  ).pipeThrough(new TextEncoderStream());
}

async function passOn(
  from: ReadableStream<Uint8Array<ArrayBuffer>>,
  to: { writeSync(bytes: Uint8Array): number },
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of from) {
    writeAll(to, part);
    parts.push(part);
  }
  return await new Response(new Blob(parts)).bytes();
}

/** All that rustc writes is called after the crate and what cargo adds to its name. */
function filesOf(unit: Unit, startMs: number): Artifact[] {
  const files: Artifact[] = [];
  for (const { name, isFile } of Deno.readDirSync(unit.outDir)) {
    const plain = name.replace(/^lib/, "");
    const rest = [name, plain].find((text) => text.startsWith(unit.id))?.slice(unit.id.length);
    if (!isFile || rest === undefined || !/^(?:\..*)?$/.test(rest)) continue;
    const { mode, mtime } = Deno.statSync(`${unit.outDir}/${name}`);
    // The clock of a file system may be some milliseconds behind ours.
    if ((mtime?.getTime() ?? 0) < startMs - 100) continue;
    const content = Deno.readFileSync(`${unit.outDir}/${name}`);
    files.push({ path: name, mode: (mode ?? 0o644) & 0o777, content });
  }
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}
