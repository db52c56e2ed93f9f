import type { CommitLookup, Configuration, Hashes } from "../model.ts";
import { RankedClosures } from "./_ranked_closure.ts";
import { materialItem } from "./material.ts";

/** Material is given to SHA-1 in pieces of this size: a call for each item takes longer than it. */
const PIECE_BYTES = 1 << 16;

/**
 * Makes the hashes of all components. Each is computed when it is asked for first; what it is
 * computed from is kept, so that those of components with much in common cost little more than
 * the SHA-1 itself, and only that of the rest where one is the beginning of the next.
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
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const items: (Uint8Array | undefined)[] = [];
  const hashes = new Map<string, string>();
  const piece = new Uint8Array(PIECE_BYTES);
  let closures: RankedClosures | undefined;
  let last: { readonly ranks: Uint32Array; readonly state: ReturnType<typeof createHash> } = {
    ranks: new Uint32Array(0),
    state: createHash("sha1"),
  };

  const closure = (name: string) => (closures ??= new RankedClosures(components)).of(name);
  const item = (rank: number): Uint8Array => {
    const known = items[rank];
    if (known !== undefined) return known;
    const component = components.get(closures!.names[rank]!)!;
    const { repository } = component;
    const commit = repository === null ? null : commits.head(repository).commit;
    return items[rank] = encoder.encode(materialItem(component, commit));
  };
  const digest = (ranks: Uint32Array): string => {
    const begun = last.ranks.length <= ranks.length &&
      last.ranks.every((rank, place) => rank === ranks[place]);
    const state = begun ? last.state.copy() : createHash("sha1");
    let used = 0;
    for (let place = begun ? last.ranks.length : 0; place < ranks.length; place++) {
      const bytes = item(ranks[place]!);
      if (used + bytes.length > PIECE_BYTES) {
        state.update(piece.subarray(0, used));
        used = 0;
      }
      if (bytes.length > PIECE_BYTES) state.update(bytes);
      else {
        piece.set(bytes, used);
        used += bytes.length;
      }
    }
    state.update(piece.subarray(0, used));
    last = { ranks, state };
    return state.copy().digest("hex");
  };

  return {
    hashMaterial: (name) =>
      Array.from(closure(name), (rank) => decoder.decode(item(rank))).join(""),
    recursiveHash: (name) => {
      const known = hashes.get(name);
      if (known !== undefined) return known;
      const hash = digest(closure(name));
      hashes.set(name, hash);
      return hash;
    },
  };
}
