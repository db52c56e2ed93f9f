import { Diagnostics, type SourceText } from "../../diagnostics/mod.ts";
import { isNull, type MapNode, parseYaml, type TreeNode } from "../../yaml_tree/mod.ts";
import {
  finishImport,
  type ImportResult,
  Notes,
  readinessOf,
  scriptOf,
  shellOf,
  type StageDraft,
  StageNames,
} from "./draft.ts";
import type { ImportOptions } from "./gitlab.ts";
import { entriesOf, get, isFalse, isTrue, itemsOf, textOf, textsOf } from "./_nodes.ts";
import { deepMerge } from "./_gitlab_tree.ts";
import { DISTRIBUTIONS, LANGUAGES, SERVICES, type TravisLanguage } from "./_travis_languages.ts";

/** Keys that are read; those of languages with versions come on top. */
const READ = new Set(
  ("language dist os arch env jobs matrix stages services addons cache branches before_install " +
    "install before_script script after_success after_failure after_script before_cache sudo " +
    "version name stage if compiler group virt vm import osx_image")
    .split(" "),
);

/** Keys that only a server can do something with. */
const SILENT = new Set(["sudo", "group", "version", "virt", "vm", "name", "stage", "arch"]);

/** What our manifest has for variables that Travis provides. */
const PROVIDED: Readonly<Record<string, string>> = {
  TRAVIS: "true",
  TRAVIS_BRANCH: "${branch}",
  TRAVIS_TAG: "${tag}",
  TRAVIS_COMMIT: "${commit}",
  TRAVIS_BUILD_DIR: "/app",
  TRAVIS_OS_NAME: "linux",
  TRAVIS_PULL_REQUEST: "false",
};

interface JobPlan {
  readonly name: string;
  readonly stage: string;
  readonly node: MapNode;
  readonly at: TreeNode;
  readonly matrix: boolean;
}

/**
 * Turns a `.travis.yml` into a manifest. The phases of a job become one script, as they ran in one
 * shell; versions and environments become a matrix.
 *
 * @param source The `.travis.yml`.
 * @returns The manifest, and notes about what could not be mapped.
 * @throws {DiagnosticsError} when the file itself has mistakes.
 */
export async function importTravis(
  source: SourceText,
  _options: ImportOptions,
): Promise<ImportResult> {
  const diagnostics = new Diagnostics();
  const notes = new Notes();
  const [document] = await parseYaml(source, diagnostics) ?? [];
  if (document !== undefined && document.kind !== "map" && !isNull(document)) {
    diagnostics.error(source, document.range, "A .travis.yml must be a mapping");
  }
  diagnostics.throwIfErrors(`Cannot import "${source.file}"`);
  const start = { source, range: { start: 0, end: 0 } };
  const root: MapNode = document?.kind === "map"
    ? document
    : { kind: "map", ...start, entries: new Map() };
  noteUnknown(root, notes);
  const plans = jobsOf(root, notes);
  const names = new StageNames();
  const globals = globalVariables(root, notes);
  const order = stageOrder(root, plans);
  const sorted = plans.toSorted((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage));
  const stages = sorted.map((plan): StageDraft => {
    const earlier = order.slice(0, order.indexOf(plan.stage));
    const needs = sorted.filter((one) => earlier.includes(one.stage)).map(({ name }) =>
      names.of(name)
    );
    const name = names.of(plan.name);
    return { name, value: stageValue(plan, root, needs, sorted.length === 1, notes) };
  });
  const used = stages.flatMap(({ value }) => textsIn(value["script"])).join("\n");
  for (const [, name] of used.matchAll(/\$\{?(TRAVIS\w*)/g)) {
    const value = Object.hasOwn(PROVIDED, name!) ? PROVIDED[name!] : undefined;
    if (value !== undefined) globals[name!] = value;
    else notes.add(start, `Nothing sets "${name}" here`, "set it yourself if it is needed");
  }
  return await finishImport(
    {
      from: source.file,
      top: {
        workspace: sorted.length > 1 ? "copy" : undefined,
        ...(Object.keys(globals).length === 0 ? {} : { environment: { vars: globals } }),
      },
      stages,
    },
    notes,
    start,
  );
}

function noteUnknown(root: MapNode, notes: Notes): void {
  const versions = new Set(Object.values(LANGUAGES).map((one) => one.versions));
  for (const [name, { key }] of root.entries) {
    if (READ.has(name) || versions.has(name)) continue;
    const hint = name === "deploy" || name === "before_deploy"
      ? 'write a stage with "when: { branch: [main] }" for it'
      : undefined;
    notes.add(key, `"${name}" is left out`, hint);
  }
}

function jobsOf(root: MapNode, notes: Notes): readonly JobPlan[] {
  const jobs = get(root, "jobs") ?? get(root, "matrix");
  const plans: JobPlan[] = [];
  const include = itemsOf(get(jobs, "include"));
  const language = languageOf(root, notes);
  const hasAxis = axesOf(root, language).size > 0;
  // With a list of jobs alone, the job that the top describes is not one of them.
  const isListOnly = include.length > 0 && !hasAxis;
  if (!isListOnly) {
    const stage = stageNames(root)[0] ?? "test";
    plans.push({
      name: textOf(get(root, "name")) ?? "test",
      stage,
      node: root,
      at: root,
      matrix: hasAxis,
    });
  }
  let stage = stageNames(root)[0] ?? "test";
  include.forEach((item, index) => {
    if (item.kind !== "map") return notes.add(item, "A job that is no mapping is left out");
    const own = get(item, "stage");
    stage = textOf(own) ?? textOf(get(own, "name")) ?? stage;
    const name = textOf(get(item, "name")) ??
      (include.length === 1 ? stage : `${stage}-${index + 1}`);
    plans.push({ name, stage, node: inherit(root, item), at: item, matrix: false });
  });
  for (const [key, { key: at }] of entriesOf(jobs)) {
    if (key === "include" || key === "exclude" || key === "fast_finish") continue;
    if (key === "allow_failures" && !hasAxis) continue;
    const hint = key === "allow_failures"
      ? "a whole stage may fail, not one of its rows"
      : undefined;
    notes.add(at, `"jobs.${key}" is left out`, hint);
  }
  return plans;
}

function inherit(root: MapNode, job: MapNode): MapNode {
  const base = new Map(root.entries);
  for (const name of ["jobs", "matrix", "stages", "name", "env"]) base.delete(name);
  const merged = new Map(deepMerge({ ...root, entries: base }, job).entries);
  return { ...job, entries: merged };
}

function stageNames(root: MapNode): readonly string[] {
  return itemsOf(get(root, "stages")).flatMap((item) =>
    textOf(item.kind === "map" ? get(item, "name") : item) ?? []
  );
}

function stageOrder(root: MapNode, plans: readonly JobPlan[]): readonly string[] {
  return [...new Set([...stageNames(root), ...plans.map(({ stage }) => stage)])];
}

function languageOf(node: MapNode, notes: Notes | undefined): TravisLanguage {
  const given = itemsOf(get(node, "language"))[0];
  // Travis took a project without a language for one of Ruby.
  const name = textOf(given) ?? "ruby";
  const known = LANGUAGES[name.toLowerCase()];
  if (known === undefined && notes !== undefined) {
    notes.add(given!, `Language "${name}" is not known here: the image is one of Ubuntu`);
  }
  return known ?? LANGUAGES["generic"]!;
}

/** What a job runs once for each value of: versions, compilers, environments. */
function axesOf(node: MapNode, language: TravisLanguage): ReadonlyMap<string, readonly string[]> {
  const axes = new Map<string, readonly string[]>();
  const versions = language.versions === undefined ? [] : textsOf(get(node, language.versions));
  if (versions.length > 1) axes.set(language.versions!, versions);
  const compilers = textsOf(get(node, "compiler"));
  if (compilers.length > 1) axes.set("compiler", compilers);
  const env = envRows(get(node, "env"));
  if (env.length > 1) axes.set("env", env);
  return axes;
}

function envRows(node: TreeNode | undefined): readonly string[] {
  if (node?.kind === "list") return node.items.flatMap(assignments);
  if (node?.kind !== "map") return node === undefined ? [] : assignments(node);
  const jobs = get(node, "jobs") ?? get(node, "matrix");
  if (jobs !== undefined) return itemsOf(jobs).flatMap(assignments);
  if (get(node, "global") !== undefined || node.entries.has("secure")) return [];
  return assignments(node);
}

/** `A=1 B=2`, or a mapping of them, as one line. */
function assignments(node: TreeNode): readonly string[] {
  if (node.kind === "scalar") return isNull(node) ? [] : [node.text];
  if (node.kind !== "map" || node.entries.has("secure")) return [];
  const pairs = entriesOf(node).map(([name, { value }]) => `${name}=${quote(textOf(value) ?? "")}`);
  return pairs.length === 0 ? [] : [pairs.join(" ")];
}

function quote(text: string): string {
  return /^[\w./:@%+,-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function textsIn(script: unknown): readonly string[] {
  return Array.isArray(script) ? script.map(String) : [];
}

function globalVariables(root: MapNode, notes: Notes): Record<string, string> {
  const result: Record<string, string> = {};
  const visit = (item: TreeNode): void => {
    if (item.kind === "list") return item.items.forEach(visit);
    for (const [name, { key, value }] of entriesOf(item)) {
      if (name === "secure") {
        const hint = 'write it anew with "superorch buildr secret set NAME"';
        notes.add(key, "Nobody but Travis can decrypt this variable", hint);
      } else if (textOf(value) !== undefined) result[name] = literal(textOf(value)!);
    }
    if (item.kind !== "scalar" || isNull(item)) return;
    for (
      const [, name, double, single, bare] of item.text.matchAll(
        /([A-Za-z_]\w*)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S*))/g,
      )
    ) {
      if (/\$/.test(double ?? bare ?? "")) {
        notes.add(item, `"${name}" refers to another variable, and is taken as it is`);
      }
      result[name!] = literal(double ?? single ?? bare ?? "");
    }
  };
  const env = get(root, "env");
  const global = get(env, "global");
  if (global !== undefined) visit(global);
  // Entries that are secret stand wherever somebody has put them.
  for (const item of [...itemsOf(env), ...itemsOf(get(env, "jobs") ?? get(env, "matrix"))]) {
    if (item.kind === "map" && item.entries.has("secure")) visit(item);
  }
  return result;
}

function literal(text: string): string {
  return text.replaceAll("${", "$${");
}

function stageValue(
  plan: JobPlan,
  root: MapNode,
  needs: readonly string[],
  isOnly: boolean,
  notes: Notes,
): Readonly<Record<string, unknown>> {
  const { node } = plan;
  const language = languageOf(node, plan.at === root ? notes : undefined);
  const axes = plan.matrix ? axesOf(node, language) : new Map<string, readonly string[]>();
  const version = language.versions === undefined
    ? undefined
    : textsOf(get(node, language.versions))[0];
  const dist = textOf(get(node, "dist"));
  const own = language.image(undefined) === "";
  const image = own
    ? DISTRIBUTIONS[dist ?? "jammy"] ?? "ubuntu:22.04"
    : language.versions !== undefined && axes.has(language.versions)
    ? `\${matrix.image}`
    : language.image(version);
  const lines = scriptLines(node, language, axes, notes);
  const services = servicesOf(node, notes);
  const conditions = conditionsOf(plan, root, notes);
  const matrix = matrixOf(root, language, axes, notes);
  noteSystems(plan, notes);
  const compilers = textsOf(get(node, "compiler"));
  return {
    image,
    needs: isOnly ? undefined : needs,
    matrix,
    ...(Object.keys(services).length === 0 ? {} : { services }),
    ...(compilers.length === 1 ? { environment: { CC: compilers[0] } } : {}),
    shell: shellOf(lines),
    script: scriptOf(lines),
    cache: cacheOf(get(node, "cache"), language, notes),
    allow_failure: mayFail(plan, root) ? true : undefined,
    ...conditions,
  };
}

/** The axes as rows; an axis of versions has an image for each. */
function matrixOf(
  root: MapNode,
  language: TravisLanguage,
  axes: ReadonlyMap<string, readonly string[]>,
  notes: Notes,
): unknown {
  if (axes.size === 0) return undefined;
  const exclude = itemsOf(get(get(root, "jobs") ?? get(root, "matrix"), "exclude"));
  let rows: Record<string, string>[] = [{}];
  for (const [name, values] of axes) {
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })));
  }
  for (const item of exclude) {
    const wanted = entriesOf(item).map(([name, { value }]) =>
      [name, textOf(value) ?? assignments(value)[0] ?? ""] as const
    );
    const before = rows.length;
    rows = rows.filter((row) => !wanted.every(([name, value]) => row[name] === value));
    if (rows.length === before) notes.add(item, "This excludes no row of the matrix");
  }
  const { versions } = language;
  if (versions === undefined || !axes.has(versions)) {
    if (exclude.length === 0) return Object.fromEntries(axes);
    return { include: rows };
  }
  return { include: rows.map((row) => ({ ...row, image: language.image(row[versions]) })) };
}

function scriptLines(
  node: MapNode,
  language: TravisLanguage,
  axes: ReadonlyMap<string, readonly string[]>,
  notes: Notes,
): readonly string[] {
  const lines: string[] = [];
  if (axes.has("env")) lines.push("export ${matrix.env}");
  else lines.push(...envRows(get(node, "env")).map((row) => `export ${row}`));
  if (axes.has("compiler")) lines.push("export CC=${matrix.compiler}");
  lines.push(...packageLines(get(node, "addons"), notes));
  const phase = (name: string, fallback: readonly string[]): readonly string[] => {
    const entry = node.entries.get(name);
    if (entry === undefined || isNull(entry.value)) return fallback;
    // "install: skip" and "script: true" leave the default out.
    const texts = textsOf(entry.value).filter((text) => text !== "skip" && text !== "true");
    return isTrue(entry.value) || isFalse(entry.value) ? [] : texts;
  };
  lines.push(...phase("before_install", []), ...phase("install", language.install));
  lines.push(...phase("before_script", []));
  const failure = phase("after_failure", []);
  const always = phase("after_script", []);
  if (failure.length > 0 || always.length > 0) {
    lines.push(
      [
        "after_script() {",
        ...(failure.length === 0
          ? []
          : ['  if [ "$1" != 0 ]; then', ...failure.map((line) => `    ${line}`), "  fi"]),
        ...always.map((line) => `  ${line}`),
        "}",
        "trap 'code=$?; trap - EXIT; set +e; after_script \"$code\"; exit $code' EXIT",
      ].join("\n"),
    );
  }
  lines.push(...phase("script", language.script));
  lines.push(...phase("after_success", []).map((line) => `${line} || true`));
  for (const name of ["before_cache"]) {
    const entry = node.entries.get(name);
    if (entry !== undefined) notes.add(entry.key, `"${name}" is left out`);
  }
  return lines;
}

function packageLines(addons: TreeNode | undefined, notes: Notes): readonly string[] {
  const apt = get(addons, "apt");
  const packages = textsOf(apt?.kind === "map" ? get(apt, "packages") : apt)
    .filter((name) => /^[\w.+:~=-]+$/.test(name));
  for (const [name, { key }] of entriesOf(addons)) {
    if (name !== "apt") notes.add(key, `"addons.${name}" is left out`);
  }
  for (const [name, { key }] of entriesOf(apt)) {
    if (name !== "packages" && name !== "update") {
      notes.add(key, `"addons.apt.${name}" is left out`);
    }
  }
  if (packages.length === 0) return [];
  return [`apt-get update && apt-get install -y --no-install-recommends ${packages.join(" ")}`];
}

function servicesOf(node: MapNode, notes: Notes): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = {};
  for (const item of itemsOf(get(node, "services"))) {
    const name = textOf(item) ?? "";
    if (name === "docker") continue;
    const service = SERVICES[name];
    if (service === undefined) {
      notes.add(item, `Service ${JSON.stringify(name)} is not known here and is left out`);
      continue;
    }
    const { host, image } = service;
    notes.add(item, `"${name}" is reached at the host "${host}", not at "localhost"`);
    const environment = host === "postgres"
      ? { POSTGRES_HOST_AUTH_METHOD: "trust" }
      : host === "mysql"
      ? { MYSQL_ALLOW_EMPTY_PASSWORD: "yes" }
      : host === "mariadb"
      ? { MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: "yes" }
      : undefined;
    result[host] = {
      image,
      ...(environment === undefined ? {} : { environment }),
      ready: readinessOf(image),
    };
  }
  return result;
}

function cacheOf(
  node: TreeNode | undefined,
  language: TravisLanguage,
  notes: Notes,
): unknown {
  const paths: string[] = [];
  const known = (name: string, at: TreeNode) => {
    const directories = language.caches?.[name] ??
      Object.values(LANGUAGES).find((one) => one.caches?.[name] !== undefined)?.caches?.[name];
    if (directories !== undefined) paths.push(...directories);
    else notes.add(at, `The cache "${name}" is left out`);
  };
  for (const item of node?.kind === "map" ? [] : itemsOf(node)) {
    const name = textOf(item);
    if (name !== undefined && name !== "false") known(name, item);
  }
  for (const [name, { key, value }] of entriesOf(node)) {
    if (name === "directories") {
      paths.push(
        ...textsOf(value).map((path) =>
          path.replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/|$)/, "/root")
            .replace(/^\$(?:TRAVIS_BUILD_DIR|\{TRAVIS_BUILD_DIR\})\/?/, "")
        ).filter((path) => path !== "" && !path.split("/").includes("..")),
      );
    } else if (isTrue(value)) known(name, value);
    else if (!isFalse(value)) notes.add(key, `"cache.${name}" is left out`);
  }
  if (paths.length === 0) return undefined;
  return [{ key: "${stage}-${branch}", fallback: ["${stage}-"], paths }];
}

function conditionsOf(
  plan: JobPlan,
  root: MapNode,
  notes: Notes,
): Readonly<Record<string, unknown>> {
  const refs = (key: string) => textsOf(get(get(root, "branches"), key));
  const only = refs("only");
  const except = refs("except");
  const result: Record<string, unknown> = {};
  if (only.length > 0) result["only"] = only;
  if (except.length > 0) result["except"] = except;
  const condition = plan.at === root ? undefined : get(plan.at, "if");
  const text = textOf(condition);
  if (text === undefined) return result;
  const branch = /^(?:branch|env\(TRAVIS_BRANCH\))\s*(?:=|==)\s*["']?([\w./-]+)["']?$/i.exec(
    text.trim(),
  );
  const listed = /^branch\s+IN\s*\(([^()]+)\)$/i.exec(text.trim());
  const pattern = /^branch\s*=~\s*(\/.+\/|\^.+)$/i.exec(text.trim());
  if (/^tag\s+IS\s+(?:present|NOT\s+blank)$/i.test(text.trim())) result["only"] = ["tags"];
  else if (/^tag\s+IS\s+(?:NOT\s+present|blank)$/i.test(text.trim())) {
    result["except"] = [...except, "tags"];
  } else if (branch !== null) result["only"] = [branch[1]!];
  else if (listed !== null) {
    result["only"] = listed[1]!.split(",").map((one) => one.trim().replace(/^["']|["']$/g, ""));
  } else if (pattern !== null) {
    const source = pattern[1]!.replace(/^\/|\/$/g, "");
    result["only"] = [`/${source}/`];
  } else notes.add(condition!, `This condition of "${plan.name}" cannot be mapped: it runs always`);
  return result;
}

function noteSystems(plan: JobPlan, notes: Notes): void {
  for (const item of itemsOf(get(plan.node, "os"))) {
    const name = textOf(item);
    if (name !== undefined && name !== "linux") {
      notes.add(item, `"${plan.name}" runs on Linux, not on "${name}"`);
    }
  }
  for (const name of ["osx_image", "import", "if"]) {
    const entry = plan.at.kind === "map" ? plan.at.entries.get(name) : undefined;
    if (entry === undefined || SILENT.has(name)) continue;
    if (name === "if" && plan.node !== plan.at) continue;
    notes.add(entry.key, `"${name}" is left out`);
  }
}

function mayFail(plan: JobPlan, root: MapNode): boolean {
  const rows = itemsOf(get(get(root, "jobs") ?? get(root, "matrix"), "allow_failures"));
  if (plan.matrix) return false;
  return rows.some((row) =>
    row.kind === "map" && row.entries.size > 0 &&
    entriesOf(row).every(([name, { value }]) =>
      JSON.stringify(textsOf(value)) === JSON.stringify(textsOf(get(plan.node, name)))
    )
  );
}
