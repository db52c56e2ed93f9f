import { isNull, type MapNode, type TreeNode } from "../../yaml_tree/mod.ts";
import { type Notes, readinessOf, scriptOf, shellOf } from "./draft.ts";
import { entriesOf, get, isFalse, isTrue, itemsOf, textOf, textsOf } from "./_nodes.ts";
import { DISTRIBUTIONS, LANGUAGES, SERVICES, type TravisLanguage } from "./_travis_languages.ts";
import { assignments, axesOf, envRows, languageOf } from "./_travis_variables.ts";

/** A job, with what it takes from the top. */
export interface JobPlan {
  /** Its name. */
  readonly name: string;
  /** Its stage. */
  readonly stage: string;
  /** Its keys. */
  readonly node: MapNode;
  /** What stands in the file for it. */
  readonly at: TreeNode;
  /** Whether it is run once for each version and environment. */
  readonly matrix: boolean;
}

/** The keys and values of the stage that a job becomes. */
export function stageValue(
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
  lines.push(...packageLines(node, notes));
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
  const helper = /(^|[;&|(\s])travis_(?:retry|wait(?: +\d+)?|fold \S+ \S+) +/g;
  const plain = lines.map((line) => line.replace(helper, "$1"));
  if (plain.join() !== lines.join()) {
    notes.add(node, '"travis_retry" and "travis_wait" are left out', 'a stage can have "retry"');
  }
  return [...versionLine(node, axes, language, plain), ...plain];
}

/** Names of the languages in variables, where they are not those of the keys. */
const VARIABLE_WORDS: Readonly<Record<string, string>> = { node_js: "NODE", rvm: "RUBY" };

/** Travis tells scripts the version that it installed. */
function versionLine(
  node: MapNode,
  axes: ReadonlyMap<string, readonly string[]>,
  { versions }: TravisLanguage,
  lines: readonly string[],
): readonly string[] {
  if (versions === undefined) return [];
  const name = `TRAVIS_${VARIABLE_WORDS[versions] ?? versions.toUpperCase()}_VERSION`;
  if (!lines.some((line) => line.includes(name))) return [];
  const value = axes.has(versions)
    ? `\${matrix.${versions}}`
    : textsOf(get(node, versions))[0] ?? "";
  return [`export ${name}='${value.replaceAll("'", "")}'`];
}

function packageLines(node: MapNode, notes: Notes): readonly string[] {
  const addons = get(node, "addons");
  const services = textsOf(get(node, "services"));
  const apt = get(addons, "apt");
  const packages = textsOf(apt?.kind === "map" ? get(apt, "packages") : apt)
    .filter((name) => /^[\w.+:~=-]+$/.test(name));
  for (const [name, { key }] of entriesOf(addons)) {
    // The version of a database is read with its service.
    const isService = ["postgresql", "mariadb"].includes(name) && services.includes(name);
    if (name !== "apt" && !isService) notes.add(key, `"addons.${name}" is left out`);
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
    const { host } = service;
    const version = textOf(get(get(node, "addons"), host === "postgres" ? "postgresql" : host));
    const image = /^\d+(?:\.\d+)*$/.test(version ?? "") ? `${host}:${version}` : service.image;
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
  } else {
    const hint = 'write "when" by hand';
    const message = `This condition of "${plan.name}" cannot be mapped: it runs when it is named`;
    notes.add(condition!, message, hint);
    result["when"] = { status: "manual" };
  }
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
    if (entry === undefined) continue;
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
