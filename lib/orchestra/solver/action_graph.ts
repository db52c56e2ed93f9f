import { type Action, actionId, actionName, type InstallAction } from "../model.ts";

/** Everything that was asked for hangs below it, before the graph is solved. */
export interface RootNode {
  /** Discriminates the kinds of nodes. */
  readonly kind: "root";
}

/** One of several builds has to be installed. */
export interface ChoiceNode {
  /** Discriminates the kinds of nodes. */
  readonly kind: "choice";
  /** The component whose build it is. */
  readonly component: string;
  /** The build that is taken if nothing is against it. */
  readonly preferred: string;
  /** 1-based, in the order in which they were found. */
  readonly number: number;
  /** All builds, sorted by name. */
  readonly alternatives: readonly InstallAction[];
}

/** A node of a graph of dependencies. */
export type GraphNode = Action | ChoiceNode | RootNode;

/** Unique for each node of a graph: `install a@b`, `choice a~b`, `root`. */
export function nodeId(node: GraphNode): string {
  if (node.kind === "root") return "root";
  return node.kind === "choice" ? `choice ${node.component}~${node.preferred}` : actionId(node);
}

/** A node as graphs and messages show it. */
export function nodeName(node: GraphNode): string {
  if (node.kind === "root") return "Dummy root";
  return node.kind === "choice" ? `AnyOf [${node.number}]` : `Action ${actionName(node)}`;
}

/** A node is an action, and no choice. */
export function isAction(node: GraphNode): node is Action {
  return node.kind !== "root" && node.kind !== "choice";
}

/**
 * Nodes and what they depend on. Nodes are known by index; those that were removed keep theirs,
 * so that several graphs can share them.
 */
export class ActionGraph {
  /** All nodes that there ever were. */
  readonly nodes: GraphNode[] = [];
  readonly #indices = new Map<string, number>();
  readonly #out: Set<number>[] = [];
  readonly #removed = new Set<number>();
  readonly #ordering = new Set<string>();

  /** Indices of the nodes that are there, in the order in which they were added. */
  *indices(): Generator<number> {
    for (let index = 0; index < this.nodes.length; index++) {
      if (!this.#removed.has(index)) yield index;
    }
  }

  /** How many indices there are, those of removed nodes included. */
  get size(): number {
    return this.nodes.length;
  }

  /** The index of the node that has an id. */
  indexOf(id: string): number | undefined {
    const index = this.#indices.get(id);
    return index === undefined || this.#removed.has(index) ? undefined : index;
  }

  /** Whether the node is there. */
  has(index: number): boolean {
    return !this.#removed.has(index);
  }

  /** Adds a node, unless there is one of that id. */
  add(node: GraphNode): { readonly index: number; readonly isNew: boolean } {
    const id = nodeId(node);
    const known = this.#indices.get(id);
    if (known !== undefined) {
      const isNew = this.#removed.delete(known);
      return { index: known, isNew };
    }
    const index = this.nodes.push(node) - 1;
    this.#indices.set(id, index);
    this.#out.push(new Set());
    return { index, isNew: true };
  }

  /** What a node depends on. */
  out(index: number): ReadonlySet<number> {
    return this.#out[index]!;
  }

  /** Makes one node depend on another. */
  connect(from: number, to: number): void {
    this.#out[from]!.add(to);
  }

  /** Makes one node run after another although it does not depend on it. */
  order(from: number, to: number): void {
    if (this.#out[from]!.has(to)) return;
    this.#out[from]!.add(to);
    this.#ordering.add(`${from} ${to}`);
  }

  /** Whether one node only runs after another, and does not depend on it. */
  isOrdering(from: number, to: number): boolean {
    return this.#ordering.has(`${from} ${to}`);
  }

  /** Takes an edge away. */
  disconnect(from: number, to: number): void {
    this.#out[from]!.delete(to);
    this.#ordering.delete(`${from} ${to}`);
  }

  /** Takes nodes away, with all edges from and to them. */
  remove(gone: ReadonlySet<number>): void {
    if (gone.size === 0) return;
    for (const index of gone) {
      this.#removed.add(index);
      this.#out[index]!.clear();
    }
    for (const out of this.#out) {
      for (const to of out) if (gone.has(to)) out.delete(to);
    }
  }

  /** What depends on each node. */
  predecessors(): readonly (readonly number[])[] {
    const all: number[][] = this.nodes.map(() => []);
    for (const from of this.indices()) for (const to of this.out(from)) all[to]!.push(from);
    return all;
  }
}
