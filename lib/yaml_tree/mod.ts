/**
 * YAML whose values know where they were written, for readers that report located mistakes; and
 * plain data written as YAML that every version of YAML reads the same way.
 *
 * Names given twice, unknown tags and aliases that stand for too much are mistakes, `<<` is merged.
 * Comments are not kept: who edits a file in place replaces the text at a place of the tree. It is
 * not for ytt, whose directives are comments (`ytt` has its own reader). The parser behind it gives
 * events; the document API of the package `yaml` takes 13 to 40 times as long (one megabyte: 400 to
 * 1,300 ms instead of 30 ms), and a manifest is read on every start of a tool.
 *
 * Permissions: none.
 *
 * @example
 * ```ts
 * import { Diagnostics, SourceText } from "@superorch/superorch/diagnostics";
 * import { child, parseYaml, plainValue } from "@superorch/superorch/yaml_tree";
 *
 * const source = new SourceText("a.yaml", "image: busybox\nports: [80, 443]\n");
 * const [root] = await parseYaml(source, new Diagnostics()) ?? [];
 * const ports = child(root, "ports")!;
 * console.log(plainValue(ports), source.positionAt(ports.range.start)); // [80, 443] { line: 2, column: 8 }
 * ```
 *
 * @module
 */

export { type ParseOptions, parseYaml } from "./parse.ts";
export {
  child,
  describeNode,
  isNull,
  type ListNode,
  mapAt,
  type MapEntry,
  type MapNode,
  nullAt,
  type Place,
  place,
  plainValue,
  type ScalarNode,
  textAt,
  type TreeNode,
  withEntries,
} from "./tree.ts";
export { emitYaml } from "./emit.ts";
