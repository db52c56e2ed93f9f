import { FileLock } from "../../files/file_lock.ts";
import { InfrastructureError } from "../errors.ts";
import type { Base } from "../model.ts";
import type { OciImage } from "./oci_layout.ts";

/** 0.9 GB took 12 s on a busy machine. */
const LOCK_MS = 600_000;
/** Images of earlier toolchains that nobody has used for this long go. */
const OLD_MS = 14 * 24 * 3600_000;

/** What {@linkcode baseLayout} needs. */
export interface BaseLayoutOptions {
  /** Where results are kept. */
  readonly cacheDir: string | undefined;
  /** Writes the image into a directory. */
  readonly write: (directory: string) => Promise<OciImage>;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/**
 * The base image in a directory: a builder that is not the engine itself cannot see its images, and
 * takes it from there, once.
 *
 * @param base The image.
 * @param options Where directories are, and how one is written.
 * @returns The image.
 * @throws {InfrastructureError} when there is no place for it.
 */
export async function baseLayout(
  { image, identity }: Base,
  { cacheDir, write, signal }: BaseLayoutOptions,
): Promise<OciImage> {
  if (cacheDir === undefined || cacheDir.includes(":") || cacheDir.includes(",")) {
    throw new InfrastructureError({
      action: `give the image ${image} to the builder`,
      reason: "that needs a cache directory, without ':' and ',' in its name; " +
        "BUILDX_BUILDER= builds with the engine's own builder",
      lasting: true,
    });
  }
  const parent = `${cacheDir}/layouts`;
  const directory = `${parent}/${identity.slice(0, 32)}`;
  const known = readLayout(directory);
  if (known !== undefined) return known;
  await using lock = await FileLock.acquire(`${parent}/${identity.slice(0, 32)}.lock`, {
    parents: true,
    purpose: `writing ${image}`,
    timeoutMs: LOCK_MS,
    signal,
  });
  const meanwhile = readLayout(directory);
  if (meanwhile !== undefined) return meanwhile;
  removeOld(parent);
  const temporary = `${parent}/.${crypto.randomUUID()}`;
  try {
    const { digest } = await write(temporary);
    await Deno.rename(temporary, directory);
    return { directory, digest };
  } finally {
    await Deno.remove(temporary, { recursive: true }).catch(() => {}); // it has its name by now
    await lock.release();
  }
}

/** A directory has its name only when it is complete. */
function readLayout(directory: string): OciImage | undefined {
  try {
    const { manifests: [{ digest }] } = JSON.parse(
      Deno.readTextFileSync(`${directory}/index.json`),
    );
    const now = new Date();
    Deno.utimeSync(directory, now, now);
    return { directory, digest };
  } catch {
    return undefined;
  }
}

function removeOld(parent: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(parent)) {
    const path = `${parent}/${name}`;
    const age = Date.now() - (Deno.statSync(path).mtime?.getTime() ?? 0);
    if (isDirectory && age > OLD_MS) Deno.removeSync(path, { recursive: true });
  }
}
