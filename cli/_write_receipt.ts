import { engineCandidates, type EngineClient } from "../lib/engine/mod.ts";
import { findKept, LABEL } from "../lib/containers/mod.ts";
import type { UpTarget } from "../lib/compose/mod.ts";
import { envDigest, fileDigest, type Receipt, receiptPath } from "./_up_receipt.ts";
import { VERSION } from "./version.ts";

/** How many notes are kept; a project has one for each way in which it is brought up. */
const KEPT = 100;

/** What is noted, besides what the engine says. */
export interface WriteReceiptOptions {
  /** The words of the command line. */
  readonly args: readonly string[];
  /** What was brought up. */
  readonly target: UpTarget;
  /** Whether those with a health check must be healthy. */
  readonly healthy: boolean;
  /** Digest of the variables when the project was read. */
  readonly env: string;
  /** Digests of the files when the project was read. */
  readonly files: Receipt["files"];
  /** What is printed the next time. */
  readonly text: Receipt["text"];
}

/**
 * Reads the digests that a note needs; before the project is brought up, so that a file that is
 * changed meanwhile is seen.
 *
 * @param target What is brought up.
 * @returns The digests, `undefined` for what cannot be noted.
 */
export async function digestInputs(
  target: UpTarget,
): Promise<Pick<WriteReceiptOptions, "env" | "files"> | undefined> {
  // Nobody knows what a module reads; standard input cannot be read again.
  if (!("model" in target) || target.inputs.includes("-")) return undefined;
  const { model, inputs } = target;
  const files = [...Object.values(model.configs ?? {}), ...Object.values(model.secrets ?? {})]
    .flatMap(({ file }) => file === undefined ? [] : [file]);
  const config = Deno.env.get("DOCKER_CONFIG") ?? `${Deno.env.get("HOME") ?? ""}/.docker`;
  const paths = new Set([...inputs, ...files, `${config}/config.json`]);
  const entries = await Promise.all(
    [...paths].map(async (path) => [path, await fileDigest(path)] as const),
  );
  return { env: await envDigest(), files: Object.fromEntries(entries) };
}

/**
 * Notes that everything is as it should be.
 *
 * @param engine The engine.
 * @param options What else is noted.
 */
export async function writeReceipt(
  engine: EngineClient,
  options: WriteReceiptOptions,
): Promise<void> {
  const { args, target, healthy, env, files, text } = options;
  const path = await receiptPath(args);
  const silent = await earlierSockets(engine);
  if (path === undefined || silent === undefined || engine.endpoint.kind !== "unix") return;
  const kept = await findKept(engine, target.name);
  const containers = [...kept?.containers.values() ?? []].map(({ Id, Image, State }) => ({
    id: Id,
    image: Image,
    state: State === "running" ? "running" as const : "done" as const,
  }));
  const receipt: Receipt = {
    version: VERSION,
    env,
    files,
    socket: engine.endpoint.path,
    silent,
    labels: [`${LABEL.project}=${target.name}`, `${LABEL.lifetime}=kept`],
    containers,
    healthy,
    text,
  };
  const directory = path.slice(0, path.lastIndexOf("/"));
  await Deno.mkdir(directory, { recursive: true });
  const temporary = `${path}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(temporary, JSON.stringify(receipt), { mode: 0o600 });
  await Deno.rename(temporary, path);
  await forgetOld(directory);
}

/** Sockets that discovery looks at first; `undefined` when it went another way. */
async function earlierSockets(engine: EngineClient): Promise<readonly string[] | undefined> {
  const candidates = await engineCandidates();
  const index = candidates.findIndex(({ host }) => host === engine.host);
  const isContext = candidates[0]?.explicit === true && !Deno.env.get("DOCKER_HOST");
  if (index === -1 || isContext) return undefined;
  return candidates.slice(0, index)
    .flatMap(({ endpoint }) => endpoint?.kind === "unix" ? [endpoint.path] : []);
}

async function forgetOld(directory: string): Promise<void> {
  const files: { readonly path: string; readonly atMs: number }[] = [];
  for await (const { name } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    const info = await Deno.stat(path).catch(() => undefined);
    if (info !== undefined) files.push({ path, atMs: info.mtime?.getTime() ?? 0 });
  }
  const old = files.toSorted((a, b) => b.atMs - a.atMs).slice(KEPT);
  for (const { path } of old) await Deno.remove(path).catch(() => {}); // somebody else was faster
}
