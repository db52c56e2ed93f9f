import {
  type Diagnostics,
  Diagnostics as Collector,
  type SourceText,
} from "../../diagnostics/mod.ts";
import {
  isNull,
  mapAt,
  type MapNode,
  parseYaml,
  type Place,
  type TreeNode,
} from "../../yaml_tree/mod.ts";
import { checkManifest } from "./_check.ts";
import type { Located, Manifest, Secret, ShellRule, Stage } from "./model.ts";
import { meant, Reader, readFields } from "./_reader.ts";
import { readStage, type StageContext } from "./_stage.ts";
import { type RawTop, V1_TOP, V2_TOP, version } from "./_top.ts";

/** The image of a manifest that names none. */
export const DEFAULT_IMAGE = "ubuntu:latest";

/** Where a manifest stands. */
export interface ManifestPlace {
  /** Absolute path of the file. */
  readonly path: string;
  /** Absolute path of the project. */
  readonly directory: string;
}

/**
 * Reads the text of a manifest, and checks everything that can be checked without running it.
 *
 * @param source The text.
 * @param where Where it stands.
 * @param diagnostics Takes every mistake and everything doubtful.
 * @returns The manifest; with mistakes, what could be made of it; `undefined` when its syntax or
 * version is wrong.
 */
export async function readManifest(
  source: SourceText,
  where: ManifestPlace,
  diagnostics: Diagnostics,
): Promise<Manifest | undefined> {
  const root = await parseRoot(source, diagnostics);
  if (root === undefined) return undefined;
  const written = root.entries.get("version");
  const found = written === undefined || isNull(written.value)
    ? 1
    : version.read(written.value, new Reader(diagnostics, 1), "version");
  if (found === undefined) return undefined;
  const reader = new Reader(diagnostics, found);
  const manifest = found === 1
    ? readVersion1(root, where, reader)
    : readVersion2(root, where, reader);
  checkManifest(manifest, reader);
  return { ...manifest, warnings: diagnostics.warnings };
}

async function parseRoot(
  source: SourceText,
  diagnostics: Diagnostics,
): Promise<MapNode | undefined> {
  const own = new Collector();
  const documents = await parseYaml(source, own);
  for (const one of own.all) diagnostics.add({ ...one, code: "yaml" });
  if (documents === undefined) return undefined;
  const reader = new Reader(diagnostics, 1);
  const [first, second] = documents;
  if (second !== undefined) {
    reader.error(second, "yaml", "A manifest must be one document, and here begins another one");
  }
  const start: Place = { source, range: { start: 0, end: 0 } };
  if (first === undefined || isNull(first)) return mapAt(start);
  if (first.kind === "map") return first;
  return reader.error(first, "wrong-type", "A manifest must be a mapping of keys and values");
}

/** The names of a list of stages, without `prepare`, which always runs first. */
function stageNames(
  names: readonly Located<string>[],
  reader: Reader,
): readonly Located<string>[] {
  const first = new Map<string, Located<string>>();
  for (const name of names) {
    // deno-lint-ignore no-control-regex -- they are what is looked for
    if (/[\x00-\x1f\x7f]/.test(name.value)) {
      const message = `${JSON.stringify(name.value)} cannot be the name of a stage`;
      reader.error(name.at, "bad-name", message);
      continue;
    }
    const before = first.get(name.value);
    if (before === undefined) first.set(name.value, name);
    else {
      const related = [{ message: "it is listed here first", ...before.at }];
      reader.error(name.at, "duplicate-stage", `"${name.value}" is in "stages" twice`, { related });
    }
  }
  return [...first.values()].filter(({ value }) => value !== "prepare");
}

function readVersion1(root: MapNode, where: ManifestPlace, reader: Reader): Manifest {
  const listed = readFields({ stages: V1_TOP.stages }, root, reader, "");
  const names = stageNames(listed.stages ?? [], reader);
  const isStage = new Set(names.map(({ value }) => value));
  const { stages: _, ...others } = V1_TOP;
  // A stage may be called as a key that the first version did not have yet.
  const fields = Object.fromEntries(
    Object.entries(others).filter(([name]) => name !== "shell" || !isStage.has(name)),
  ) as typeof others;
  const top: Partial<RawTop> = readFields(fields, root, reader, "");
  const reserved = new Set(["version", "image", "environment", "stages"]);
  if (!isStage.has("shell")) reserved.add("shell");
  const context = { shell: top.shell ?? "auto", docker: true, workspace: "bind", defaults: {} };
  const stages = definedStages(names, root, reserved, context as StageContext, reader);
  for (const [name, { key, value }] of root.entries) {
    if (reserved.has(name) || isStage.has(name) || name === "prepare") continue;
    if (/^(?:x-|\.)/.test(name)) continue;
    const isNewer = Object.hasOwn(V2_TOP, name) || name === "after";
    const near = meant(name, [...reserved, "prepare"]) ||
      (looksLikeStage(value) ? `add it to "stages" if it is to run` : "");
    const hint = isNewer ? `it is a key of "version: 2"` : near;
    reader.warn(key, "unused-key", `"${name}" is not in "stages" and is ignored`, hint);
  }
  return assemble(root, where, top, names, stages, {
    prepare: framing("prepare", root, context as StageContext, reader),
    after: undefined,
    version: 1,
    shell: context.shell as ShellRule,
  }, reader);
}

function readVersion2(root: MapNode, where: ManifestPlace, reader: Reader): Manifest {
  const top = readFields<RawTop>(V2_TOP, root, reader, "");
  const names = stageNames(top.stages ?? [], reader);
  const reserved = new Set([...Object.keys(V2_TOP), "after"]);
  const listed = new Set(names.map(({ value }) => value));
  const context: StageContext = {
    shell: top.shell ?? ["sh", "-ec"],
    docker: top.docker ?? true,
    workspace: top.workspace ?? "bind",
    defaults: top.defaults ?? {},
  };
  const stages = definedStages(names, root, reserved, context, reader);
  for (const name of names) {
    if (!/^[A-Za-z0-9_][\w.-]*$/.test(name.value)) {
      const message = `${JSON.stringify(name.value)} cannot be the name of a stage`;
      reader.error(name.at, "bad-name", message, 'use letters, digits, "_", "-" and "."');
    }
  }
  for (const [name, { key, value }] of root.entries) {
    if (reserved.has(name) || listed.has(name) || name === "prepare") continue;
    if (/^(?:x-|\.)/.test(name)) continue;
    if (looksLikeStage(value)) {
      const near = meant(
        name,
        names.map(({ value }) => value).filter((one) => !root.entries.has(one)),
      );
      const hint = near || 'add it, or call it "x-…" if it is not to run';
      reader.error(key, "unlisted-stage", `Stage "${name}" is not in "stages"`, hint);
    } else {
      const hint = meant(name, [...reserved, "prepare", ...listed]);
      reader.error(key, "unknown-key", `Unknown key "${name}"`, hint);
    }
  }
  return assemble(root, where, top, names, stages, {
    prepare: framing("prepare", root, context, reader),
    after: framing("after", root, context, reader),
    version: 2,
    shell: context.shell,
  }, reader);
}

function looksLikeStage(node: TreeNode): boolean {
  return node.kind === "map" &&
    ["script", "needs", "image", "matrix", "services"].some((key) => node.entries.has(key));
}

function definedStages(
  names: readonly Located<string>[],
  root: MapNode,
  reserved: ReadonlySet<string>,
  context: StageContext,
  reader: Reader,
): readonly Stage[] {
  const listed = new Set(names.map(({ value }) => value));
  // Someone else's name is a poor suggestion.
  const free = [...root.entries.keys()].filter((name) =>
    !reserved.has(name) && !/^(?:x-|\.)/.test(name)
  );
  const candidates = [...free.filter((name) => !listed.has(name)), ...free];
  return names.flatMap(({ value: name, at }) => {
    const entry = root.entries.get(name);
    if (reserved.has(name) && entry !== undefined) {
      const message = `"${name}" cannot be the name of a stage: it is a key of the manifest`;
      return reader.error(at, "reserved-name", message) ?? [];
    }
    if (entry === undefined) {
      const message = `Stage "${name}" is in "stages", and is not defined`;
      return reader.error(at, "undefined-stage", message, meant(name, candidates)) ?? [];
    }
    return [readStage(name, "stage", entry.key, entry.value, context, reader)];
  });
}

function framing(
  kind: "prepare" | "after",
  root: MapNode,
  context: StageContext,
  reader: Reader,
): Stage | undefined {
  const entry = root.entries.get(kind);
  if (entry === undefined || isNull(entry.value)) return undefined;
  const { value } = entry;
  // The original asked whether it is "truthy": an empty one is none.
  const isEmpty = value.kind === "map"
    ? value.entries.size === 0
    : value.kind === "scalar"
    ? value.text === "" || (value.plain && /^(?:false|0)$/i.test(value.text))
    : value.items.length === 0;
  if (reader.version === 1 && isEmpty) return undefined;
  return readStage(kind, kind, entry.key, value, context, reader);
}

function assemble(
  root: MapNode,
  { path, directory }: ManifestPlace,
  top: Partial<RawTop>,
  names: readonly Located<string>[],
  stages: readonly Stage[],
  parts: Pick<Manifest, "prepare" | "after" | "version" | "shell">,
  reader: Reader,
): Manifest {
  const { source } = root;
  const start: Place = { source, range: { start: 0, end: 0 } };
  if (names.length === 0) {
    const stagesAt = root.entries.get("stages")?.key ?? start;
    const what = parts.prepare === undefined
      ? "There is nothing to run"
      : 'Only "prepare" will run';
    reader.warn(stagesAt, "nothing-to-run", `${what}: "stages" lists none`);
  }
  return {
    version: parts.version,
    source,
    path,
    directory,
    project: top.project ?? "",
    image: top.image ?? { value: DEFAULT_IMAGE, at: start },
    shell: parts.shell,
    environment: top.environment ?? { inherit: false, vars: [] },
    docker: top.docker ?? true,
    workspace: top.workspace ?? "bind",
    recipients: top.recipients ?? [],
    secrets: boundTo(top.project ?? "", top.secrets ?? new Map()),
    prepare: parts.prepare,
    stages,
    after: parts.after,
    warnings: [],
  };
}

function boundTo(
  scope: string,
  secrets: ReadonlyMap<string, Secret>,
): ReadonlyMap<string, Secret> {
  return new Map(
    Array.from(secrets, ([name, secret]) => [
      name,
      secret.from.kind === "age" ? { ...secret, from: { ...secret.from, scope } } : secret,
    ]),
  );
}
