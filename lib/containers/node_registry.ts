import { withDependencies } from "./graph.ts";
import type { GraphNode } from "./node.ts";
import { hasFailed } from "./report.ts";
import type { NodeSpec } from "./spec.ts";

/** What is in a network: specifications, and the nodes of those that were run. */
export class NodeRegistry {
  readonly #network: string;
  readonly #specs = new Map<string, NodeSpec>();
  readonly #nodes = new Map<string, GraphNode>();
  readonly #collected = new WeakSet<GraphNode>();

  /**
   * Makes an empty registry.
   *
   * @param network Name of the network, for messages.
   */
  constructor(network: string) {
    this.#network = network;
  }

  /** All specifications, in the order in which they were added. */
  get specs(): ReadonlyMap<string, NodeSpec> {
    return this.#specs;
  }

  /** All nodes that were run, in the order in which they were. */
  get nodes(): readonly GraphNode[] {
    return [...this.#nodes.values()];
  }

  /** Those of the nodes whose end nobody has taken notice of. */
  get uncollected(): readonly GraphNode[] {
    return this.nodes.filter((node) => !this.#collected.has(node));
  }

  /** Adds a specification; throws a TypeError when its name is taken. */
  add(spec: NodeSpec): void {
    const kind = (spec as NodeSpec | undefined)?.kind;
    if (kind !== "container" && kind !== "command") {
      throw new TypeError(
        `Cannot add ${JSON.stringify(spec) ?? spec} to network "${this.#network}": it must be as ` +
          `container("name", "image") or hostCommand("name", …) makes it`,
      );
    }
    if (this.#specs.has(spec.name)) {
      throw new TypeError(
        `Cannot add "${spec.name}" to network "${this.#network}": the name is taken`,
      );
    }
    this.#specs.set(spec.name, spec);
  }

  /** Forgets a specification and its node. */
  delete(name: string): void {
    this.#specs.delete(name);
    this.#nodes.delete(name);
  }

  /** Puts a node in the place of the one of an earlier run. */
  setNode(node: GraphNode): void {
    this.#nodes.delete(node.spec.name);
    this.#nodes.set(node.spec.name, node);
  }

  /** Gets a node, `undefined` when it was not run. */
  node(name: string): GraphNode | undefined {
    return this.#nodes.get(name);
  }

  /** Notes that somebody has taken notice of how a node ended. */
  collect(node: GraphNode): void {
    this.#collected.add(node);
  }

  /** Names of specifications, by their node. */
  names(filter: (node: GraphNode | undefined) => boolean): readonly string[] {
    return [...this.#specs.keys()].filter((name) => filter(this.#nodes.get(name)));
  }

  /** Gets a specification; throws a TypeError when there is none of that name. */
  requireSpec(name: string): NodeSpec {
    const spec = this.#specs.get(name);
    if (spec !== undefined) return spec;
    const known = [...this.#specs.keys()].map((key) => `"${key}"`).join(", ") || "nothing";
    throw new TypeError(`Cannot find "${name}" in network "${this.#network}": it has ${known}`);
  }

  /** Gets a node; throws a TypeError when there is none of that name, or it was not run. */
  requireNode(name: string): GraphNode {
    const node = this.#nodes.get(this.requireSpec(name).name);
    if (node !== undefined) return node;
    throw new TypeError(`Cannot use "${name}" of network "${this.#network}": it was not run yet`);
  }

  /**
   * Chooses what is to be run: the named ones and what they depend on; without names everything
   * that was not run yet or whose end was taken notice of. Each comes after what it depends on.
   */
  selectToRun(names: readonly string[] | undefined): readonly string[] {
    if (names === undefined) {
      const idle = this.names((node) => node === undefined || this.#collected.has(node));
      return withDependencies(idle, this.#specs).filter((name) => idle.includes(name));
    }
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new TypeError(`Cannot run "${twice}": it is named twice`);
    for (const name of names) {
      this.requireSpec(name);
      if (this.#nodes.get(name)?.status.isActive) {
        throw new TypeError(
          `Cannot run "${name}" of network "${this.#network}": it is already active`,
        );
      }
    }
    const given = new Set(names);
    return withDependencies(names, this.#specs)
      .filter((name) => given.has(name) || !this.#isThere(name));
  }

  /**
   * Chooses what is to be waited for: the named ones, each once; without names everything that was
   * run and not waited for.
   */
  selectToWait(names: readonly string[] | undefined): readonly GraphNode[] {
    if (names === undefined) return this.uncollected;
    return [...new Set(names)].map((name) => {
      const node = this.#nodes.get(this.requireSpec(name).name);
      if (node === undefined || this.#collected.has(node)) {
        throw new TypeError(
          `Cannot wait for "${name}" of network "${this.#network}": it is already inactive`,
        );
      }
      return node;
    });
  }

  // What runs or has done its work need not be started again for those that depend on it.
  #isThere(name: string): boolean {
    const node = this.#nodes.get(name);
    if (node === undefined) return false;
    const { isActive, exit } = node.status;
    return isActive || exit !== undefined && !exit.terminated && !hasFailed(node);
  }
}
