/**
 * Puts a name or id into a path.
 *
 * @param name What the caller gave.
 * @returns It, encoded.
 * @throws {TypeError} when it is empty or made of dots: the path would lead to another call, and
 * `DELETE /volumes/..` is not what anybody meant.
 */
export function segment(name: string): string {
  if (name === "" || name === "." || name === "..") {
    throw new TypeError(`Cannot ask the engine about ${JSON.stringify(name)}: it is not a name`);
  }
  return encodeURIComponent(name);
}

/** Puts an image reference into a path; its slashes stay. */
export function imageSegments(reference: string): string {
  return reference.split("/").map(segment).join("/");
}
