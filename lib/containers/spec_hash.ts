import { contentDigest } from "./_content_digest.ts";
import type { ContainerSpec, FileSpec } from "./spec.ts";

/** What of a container is hashed. */
export interface SpecHashOptions {
  /**
   * Whether files of this machine that are copied in count by what is in them. Default `true`;
   * without, they count by their path, and no file is read.
   */
  readonly contents?: boolean;
}

/**
 * Hashes what a container is made from: the same in every process, and different as soon as
 * anything that matters to the container differs.
 *
 * Permissions: `--allow-read` of what is copied in.
 *
 * @param spec The container; order of keys does not matter, what only concerns this process (live
 * view, log files, dependencies) does not count.
 * @param imageId Id of its image.
 * @param options Whether files count by what is in them.
 * @returns 64 hexadecimal digits.
 */
export async function specHash(
  spec: ContainerSpec,
  imageId: string,
  options: SpecHashOptions = {},
): Promise<string> {
  const {
    dependsOn: _dependsOn,
    allowUnsuccessful: _allowUnsuccessful,
    important: _important,
    forward: _forward,
    log: _log,
    recordLimitBytes: _recordLimitBytes,
    logLimitBytes: _logLimitBytes,
    pull: _pull,
    image: _image,
    ...own
  } = spec;
  const { contents = true } = options;
  const files = contents && own.files !== undefined
    ? await Promise.all(own.files.map(withContent))
    : own.files;
  const text = JSON.stringify([imageId, { ...own, files }], (_key, value) => sorted(value));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}

async function withContent(file: FileSpec): Promise<unknown> {
  if (!("source" in file)) {
    const { content } = file;
    // As JSON a byte would take four characters, and a large file minutes.
    return typeof content === "string" ? file : {
      ...file,
      content: new Uint8Array(
        await crypto.subtle.digest("SHA-256", content as Uint8Array<ArrayBuffer>),
      ).toHex(),
    };
  }
  return { ...file, source: await contentDigest(file.source) };
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1),
  );
}
