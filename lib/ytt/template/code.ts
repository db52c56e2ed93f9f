/**
 * A template as Starlark: a list of lines, each with the source line that it came from. What a
 * template builds, it builds by calling the functions named here.
 */
import type { YamlNode } from "../yaml/nodes.ts";
import type { Position } from "../yaml/position.ts";
import type { TextNode } from "./text_parser.ts";

const prefix = "__ytt_tplXXX_";

/** Names of the functions that compiled templates call. */
export const instructions = {
  setCtxType: `${prefix}set_ctx_type`,
  startCtx: `${prefix}start_ctx`,
  endCtx: `${prefix}end_ctx`,
  startNodeAnnotation: `${prefix}start_node_annotation`,
  startNode: `${prefix}start_node`,
  setNode: `${prefix}set_node`,
  setMapItemKey: `${prefix}set_map_item_key`,
} as const;

/** What a context builds. */
export type Dialect = "yaml" | "text";

/** One line of a compiled template. */
export interface Line {
  readonly code: string;
  /** Where it comes from; absent for lines that the compiler made up. */
  readonly position?: Position;
  /** The source text to show; default: the whole line at `position`. */
  readonly content?: string;
  /** What to show instead of `code` for a made-up line. */
  readonly display?: string;
}

/** A node that the template creates when it runs. */
export interface TemplateNode {
  readonly node: YamlNode | TextNode;
  /** The tag of its parent, -1 for the root. */
  readonly parent: number;
  /** Where its annotations were written. */
  readonly annotations?: ReadonlyMap<string, Position>;
}

/** A compiled template. */
export interface CompiledTemplate {
  readonly name: string;
  readonly lines: readonly Line[];
  /** Indexed by node tag. Empty for plain Starlark. */
  readonly nodes: readonly TemplateNode[];
  readonly dialect: Dialect | undefined;
}
