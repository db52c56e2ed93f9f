import type { Component } from "../model.ts";
import { compareCodePoints } from "./_compare.ts";

/** Components by their place among all names, so that thousands of closures cost little each. */
export class RankedClosures {
  /** All names, sorted by code points: the rank of a component is its place in here. */
  readonly names: readonly string[];
  readonly #ranks: ReadonlyMap<string, number>;
  readonly #needs: (readonly number[] | undefined)[] = [];
  readonly #components: ReadonlyMap<string, Component>;
  /** Number of the search that has seen a component last. */
  readonly #seen: Uint32Array;
  #search = 0;

  /**
   * Sorts the names.
   *
   * @param components All components.
   */
  constructor(components: ReadonlyMap<string, Component>) {
    this.#components = components;
    this.names = [...components.keys()].sort(compareCodePoints);
    this.#ranks = new Map(this.names.map((name, rank) => [name, rank]));
    this.#seen = new Uint32Array(this.names.length);
  }

  /**
   * Lists everything that a component may need, itself included.
   *
   * @param name The component.
   * @returns Ranks, in ascending order.
   * @throws {RangeError} when there is no such component.
   */
  of(name: string): Uint32Array {
    const search = ++this.#search;
    const found = [this.#rank(name)];
    this.#seen[found[0]!] = search;
    for (let next = 0; next < found.length; next++) {
      for (const rank of this.#needsOf(found[next]!)) {
        if (this.#seen[rank] === search) continue;
        this.#seen[rank] = search;
        found.push(rank);
      }
    }
    return Uint32Array.from(found).sort();
  }

  #rank(name: string): number {
    const rank = this.#ranks.get(name);
    if (rank === undefined) throw new RangeError(`There is no component "${name}"`);
    return rank;
  }

  #needsOf(rank: number): readonly number[] {
    return this.#needs[rank] ??= [
      ...new Set(
        [...this.#components.get(this.names[rank]!)!.builds.values()].flatMap(
          ({ dependencies, buildDependencies }) =>
            [...dependencies, ...buildDependencies].map(({ component }) => this.#rank(component)),
        ),
      ),
    ];
  }
}
