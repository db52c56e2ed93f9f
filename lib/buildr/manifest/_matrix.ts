import { isNull, type MapNode, type TreeNode } from "../../yaml_tree/mod.ts";
import type { MatrixRow } from "./model.ts";
import { meant, orList, type Reader, type Shape } from "./_reader.ts";

/** More rows than this are a mistake: each one is a container. */
const MAX_ROWS = 256;

const rowSchema = {
  type: "object",
  additionalProperties: { type: ["string", "number", "boolean"] },
};

/** Reads a matrix into its rows. */
export const matrix: Shape<readonly MatrixRow[]> = {
  name: "matrix",
  schema: {
    type: "object",
    properties: {
      exclude: { description: "Rows that are left out.", type: "array", items: rowSchema },
      include: { description: "Rows on top.", type: "array", items: rowSchema },
    },
    additionalProperties: {
      type: "array",
      minItems: 1,
      items: { type: ["string", "number", "boolean"] },
    },
  },
  read: (node, reader, path) => {
    if (node.kind !== "map") return reader.wrong(node, path, "a mapping of names and lists");
    const axes = readAxes(node, reader, path);
    if (axes === undefined) return undefined;
    const count = [...axes.values()].reduce((product, values) => product * values.length, 1);
    if (count > MAX_ROWS) {
      const message = `"${path}" has ${count} rows, and ${MAX_ROWS} are the most there can be`;
      return reader.error(node, "bad-matrix", message);
    }
    const exclude = rowsOf(node, "exclude", reader, path, (row, item) => {
      for (const [name, value] of Object.entries(row)) {
        const values = axes.get(name);
        if (values?.includes(value) === true) continue;
        reader.error(
          item,
          "unknown-row",
          values === undefined
            ? `The matrix has no "${name}"`
            : `"${name}" is never "${value}" in the matrix`,
          values === undefined ? meant(name, axes.keys()) : `it is ${orList(values)}`,
        );
      }
    });
    const include = rowsOf(node, "include", reader, path, () => {});
    let rows: MatrixRow[] = axes.size === 0 ? [] : [{}];
    for (const [name, values] of axes) {
      rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })));
    }
    const kept = rows.filter((row) => !exclude.some((one) => rowMatches(row, one)));
    for (const row of include) if (!kept.some((one) => sameRow(one, row))) kept.push(row);
    if (kept.length === 0) {
      return reader.error(node, "bad-matrix", `"${path}" has no rows that are left`);
    }
    return kept;
  },
};

/**
 * Tells whether a row has all of some values.
 *
 * @param row The row.
 * @param values The values.
 */
export function rowMatches(row: MatrixRow, values: MatrixRow): boolean {
  return Object.entries(values).every(([name, value]) =>
    Object.hasOwn(row, name) && row[name] === value
  );
}

/** Reads names and single values. */
export function readRow(node: TreeNode, reader: Reader, path: string): MatrixRow | undefined {
  if (node.kind !== "map") return reader.wrong(node, path, "a mapping of names and values");
  const row: [string, string][] = [];
  for (const [name, { value }] of node.entries) {
    if (value.kind !== "scalar") reader.wrong(value, `${path}.${name}`, "a single value");
    else row.push([name, value.text]);
  }
  return Object.fromEntries(row);
}

function sameRow(a: MatrixRow, b: MatrixRow): boolean {
  return rowMatches(a, b) && rowMatches(b, a);
}

function readAxes(
  node: MapNode,
  reader: Reader,
  path: string,
): ReadonlyMap<string, readonly string[]> | undefined {
  const axes = new Map<string, readonly string[]>();
  let isGood = true;
  for (const [name, { key, value }] of node.entries) {
    if (name === "exclude" || name === "include") continue;
    if (!/^[A-Za-z_][\w-]*$/.test(name)) {
      reader.error(key, "bad-name", `${JSON.stringify(name)} cannot be a name in a matrix`);
      isGood = false;
      continue;
    }
    const items = value.kind === "list" ? value.items : [value];
    const values: string[] = [];
    for (const item of items) {
      if (item.kind !== "scalar" || isNull(item)) {
        reader.wrong(item, `${path}.${name}`, "a list of single values");
        isGood = false;
      } else if (values.includes(item.text)) {
        reader.warn(item, "duplicate-value", `"${item.text}" is in "${name}" twice`);
      } else values.push(item.text);
    }
    if (items.length === 0) {
      reader.error(value, "bad-matrix", `"${path}.${name}" has no values`);
      isGood = false;
    }
    axes.set(name, values);
  }
  return isGood ? axes : undefined;
}

function rowsOf(
  node: MapNode,
  name: "exclude" | "include",
  reader: Reader,
  path: string,
  check: (row: MatrixRow, node: TreeNode) => void,
): readonly MatrixRow[] {
  const value = node.entries.get(name)?.value;
  if (value === undefined || isNull(value)) return [];
  const items = value.kind === "list" ? value.items : [value];
  return items.flatMap((item) => {
    const row = readRow(item, reader, `${path}.${name}`);
    if (row === undefined) return [];
    check(row, item);
    return [row];
  });
}
