import { FileLock } from "../../files/file_lock.ts";
import { hostImage } from "../base/host_base.ts";
import type { HostBaseOptions } from "../base/host_identity.ts";
import type { NamedBaseOptions } from "../base/named_identity.ts";
import { type OneLayer, writeOciImage } from "../builders/oci_layout.ts";
import { InfrastructureError } from "../errors.ts";
import type { Base, Env } from "../model.ts";
import { ended, startClient } from "./_client_process.ts";
import { findClient, type FoundClient } from "./docker_client.ts";

/**
 * Makes sure that podman or buildah, which ask no engine, have the base image: they pull one that is
 * named, and import one that is made of this machine's own files.
 *
 * @param client The program.
 * @param base The image.
 * @param options How it is made.
 * @param call Variables and signal.
 * @throws {InfrastructureError} when it cannot be had.
 */
export async function ensureClientImage(
  client: FoundClient,
  base: Base,
  options: HostBaseOptions | NamedBaseOptions,
  call: Call,
): Promise<void> {
  const { cacheDir } = options;
  const lock = cacheDir === undefined
    ? undefined
    : await FileLock.acquire(`${cacheDir}/client-${base.identity.slice(0, 16)}.lock`, {
      parents: true,
      purpose: `making ${base.image}`,
      timeoutMs: LOCK_MS,
      signal: call.signal,
    });
  try {
    if (!await isThere(client, base.image, call.env)) await make(client, base, options, call);
  } finally {
    await lock?.release();
  }
}

/**
 * Asks podman or buildah what a name stands for; pulls it when it is missing.
 *
 * @param image The name.
 * @param name Which of them.
 * @param options Variables.
 * @returns The id of the image.
 * @throws {InfrastructureError} when nobody can tell.
 */
export async function askClientId(
  image: string,
  name: "podman" | "buildah",
  options: Pick<NamedBaseOptions, "env" | "cacheDir" | "onNote" | "signal">,
): Promise<string> {
  const { env, cacheDir, signal } = options;
  const client = await findClient(name, { env, cacheDir, signal });
  const call = { env, signal };
  const action = `ask ${name} for the image ${image}`;
  const words = name === "podman"
    ? ["image", "inspect", "--format", "{{.Id}}", image]
    : ["inspect", "--type", "image", "--format", "{{.FromImageID}}", image];
  if (!await isThere(client, image, env)) {
    options.onNote?.(`pulling the image ${image}`);
    await run(client, ["pull", image], empty(), `pull ${image}`, call);
  }
  return (await run(client, words, empty(), action, call)).trim();
}

/** 0.9 GB took podman 30 s. */
const LOCK_MS = 600_000;

async function make(
  client: FoundClient,
  base: Base,
  options: HostBaseOptions | NamedBaseOptions,
  call: Call,
): Promise<void> {
  if ("image" in options) {
    options.onNote?.(`pulling the image ${base.image}`);
    await run(client, ["pull", base.image], empty(), `pull ${base.image}`, call);
    return;
  }
  options.onNote?.(`making the image ${base.image} of this machine's toolchain`);
  const { archive, changes } = await hostImage(base.identity, options, call.signal);
  if (client.capabilities.program === "buildah") {
    return await importWithBuildah(client, base, { archive, changes }, call);
  }
  const words = changes.flatMap((change) => ["--change", change]);
  await run(client, ["import", ...words, "-", base.image], archive, `make ${base.image}`, call);
}

/** Several wrappers miss the image at the same time; one makes it. */
async function isThere(client: FoundClient, image: string, env: Env): Promise<boolean> {
  const words = client.capabilities.program === "podman"
    ? ["image", "exists", image]
    : ["inspect", "--type", "image", image];
  const { success } = await new Deno.Command(client.path, {
    args: words,
    env: { ...env },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

/**
 * It has no `import`, and calls what it takes from a directory after that directory: so the name is
 * given afterwards. With a path it would have to be one in small letters.
 */
async function importWithBuildah(
  client: FoundClient,
  { image }: Base,
  layer: OneLayer,
  call: Call,
): Promise<void> {
  const cwd = await Deno.makeTempDir({ prefix: "rustcbuildx-" });
  const name = "superorch-rustc-base";
  const action = `make ${image}`;
  try {
    await writeOciImage(`${cwd}/${name}`, image, layer);
    const words = ["pull", "--quiet", `oci:${name}`];
    const id = await run(client, words, empty(), action, { ...call, cwd });
    await run(client, ["tag", id.trim().split("\n").at(-1)!, image], empty(), action, call);
    await run(client, ["rmi", `localhost/${name}:latest`], empty(), action, call);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

interface Call {
  readonly env: Env;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
}

async function run(
  client: FoundClient,
  args: readonly string[],
  stdin: ReadableStream<Uint8Array<ArrayBuffer>>,
  action: string,
  { env, cwd, signal }: Call,
): Promise<string> {
  const process = startClient(client.path, { args, env, cwd, stdin, signal });
  const [end, text] = await Promise.all([ended(process), new Response(process.stdout).text()]);
  signal?.throwIfAborted();
  if (end.code === 0) return text;
  const reason = end.text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
  throw new InfrastructureError({ action, reason, lasting: true });
}

function empty(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([]).stream();
}
