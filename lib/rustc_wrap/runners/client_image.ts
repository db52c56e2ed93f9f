import { FileLock } from "../../files/file_lock.ts";
import { hostImage } from "../base/host_base.ts";
import type { HostBaseOptions } from "../base/host_identity.ts";
import type { NamedBaseOptions } from "../base/named_identity.ts";
import { InfrastructureError } from "../errors.ts";
import type { Base, Env } from "../model.ts";
import { ended, startClient } from "./_client_process.ts";
import type { FoundClient } from "./docker_client.ts";

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
  call: { readonly env: Env; readonly signal?: AbortSignal },
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

/** 0.9 GB took podman 30 s. */
const LOCK_MS = 600_000;

async function make(
  client: FoundClient,
  base: Base,
  options: HostBaseOptions | NamedBaseOptions,
  call: { readonly env: Env; readonly signal?: AbortSignal },
): Promise<void> {
  if ("image" in options) {
    options.onNote?.(`pulling the image ${base.image}`);
    return await run(client, ["pull", base.image], empty(), `pull ${base.image}`, call);
  }
  options.onNote?.(`making the image ${base.image} of this machine's toolchain`);
  const { archive, changes } = hostImage(base.identity, options, call.signal);
  if (client.capabilities.program === "buildah") {
    throw new InfrastructureError({
      action: `make the image ${base.image}`,
      reason: "buildah cannot import one; use the runner podman, or name an image",
      lasting: true,
    });
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

async function run(
  client: FoundClient,
  args: readonly string[],
  stdin: ReadableStream<Uint8Array<ArrayBuffer>>,
  action: string,
  { env, signal }: { readonly env: Env; readonly signal?: AbortSignal },
): Promise<void> {
  const process = startClient(client.path, { args, env, stdin, signal });
  const [end] = await Promise.all([ended(process), new Response(process.stdout).bytes()]);
  signal?.throwIfAborted();
  if (end.code === 0) return;
  const reason = end.text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
  throw new InfrastructureError({ action, reason, lasting: true });
}

function empty(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([]).stream();
}
