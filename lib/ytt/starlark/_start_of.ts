import type { Expr } from "./_ast.ts";

/** Where an expression's text begins. */
export function startOf(e: Expr): number {
  let x = e;
  for (;;) {
    switch (x.kind) {
      case "binary":
      case "index":
      case "slice":
      case "dot":
        x = x.x;
        break;
      case "call":
        x = x.fn;
        break;
      case "cond":
        x = x.yes;
        break;
      default:
        return x.pos;
    }
  }
}
