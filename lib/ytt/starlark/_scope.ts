import type { Binding, FunctionNode, Ident } from "./_ast.ts";
import type { SyntaxIssue } from "./errors.ts";

/** What the compiler needs to know of a file's names. */
export interface Scopes {
  readonly globals: readonly Binding[];
  /** Slots of loaded names and of variables of top-level comprehensions. */
  readonly locals: readonly Binding[];
  /** Names that the host has to provide, in slot order. */
  readonly predeclared: readonly string[];
  readonly errors: readonly SyntaxIssue[];
}

/** A function, a comprehension, or (without parent) the file. */
export class Block {
  readonly bindings = new Map<string, Binding>();
  readonly children: Block[] = [];
  uses: { id: Ident; block: Block }[] = [];
  constructor(readonly parent: Block | undefined, readonly fn: FunctionNode | undefined) {}
}

/** Resolves uses of the locals of a function or file, and keeps the rest for later. */
export function resolveLocalUses(block: Block): void {
  block.uses = block.uses.filter(({ id, block: from }) => {
    for (let b: Block | undefined = from; b !== undefined; b = b.parent) {
      const binding = b.bindings.get(id.name);
      if (binding !== undefined) {
        if (binding.scope !== "local" && binding.scope !== "cell") return true;
        id.binding = binding;
        return false;
      }
      if (b.fn !== undefined) return true;
    }
    return true;
  });
}
