import type { ContainerSpec } from "./spec.ts";

/**
 * Hashes what a container is made from: the same in every process, and different as soon as
 * anything that matters to the container differs.
 *
 * @param spec The container; order of keys does not matter, what only concerns this process (live
 * view, log files, dependencies) does not count.
 * @param imageId Id of its image.
 * @returns 64 hexadecimal digits.
 */
export async function specHash(spec: ContainerSpec, imageId: string): Promise<string> {
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
  const text = JSON.stringify([imageId, own], (_key, value) => sorted(value));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1),
  );
}
