import type { CommitLookup, Configuration, Hashes } from "../model.ts";
import { closure } from "./closure.ts";
import { materialItem } from "./material.ts";

/**
 * Makes the hashes of all components. Each is computed when it is asked for first; what it is
 * computed from is kept, so that those of components with much in common cost little more than
 * the SHA-1 itself.
 *
 * @param configuration The components.
 * @param commits The commits that their repositories are at.
 * @returns Hashes for these components at these commits.
 */
export async function createHashes(
  configuration: Pick<Configuration, "components">,
  commits: CommitLookup,
): Promise<Hashes> {
  // Web Crypto has no synchronous SHA-1; loaded here, it costs those nothing who need no hash.
  const { createHash } = await import("node:crypto");
  const { components } = configuration;
  const items = new Map<string, string>();
  const hashes = new Map<string, string>();
  const item = (name: string): string => {
    const known = items.get(name);
    if (known !== undefined) return known;
    const component = components.get(name);
    if (component === undefined) throw new RangeError(`There is no component "${name}"`);
    const { repository } = component;
    const commit = repository === null ? null : commits.head(repository).commit;
    const text = materialItem(component, commit);
    items.set(name, text);
    return text;
  };
  return {
    hashMaterial: (name) => closure(components, name).map(item).join(""),
    recursiveHash: (name) => {
      const known = hashes.get(name);
      if (known !== undefined) return known;
      const hash = createHash("sha1");
      for (const part of closure(components, name)) hash.update(item(part));
      const digest = hash.digest("hex");
      hashes.set(name, digest);
      return digest;
    },
  };
}
