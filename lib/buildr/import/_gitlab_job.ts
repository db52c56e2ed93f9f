import type { Place, TreeNode } from "../../yaml_tree/mod.ts";
import { humanDuration, type Notes, readinessOf, scriptOf, shellOf } from "./draft.ts";
import { type Conditions, readOnlyExcept, readRules } from "./_gitlab_rules.ts";
import { providedIn, readVariables, translate } from "./_gitlab_variables.ts";
import { entriesOf, get, isFalse, isTrue, itemsOf, scalarsOf, textOf, textsOf } from "./_nodes.ts";

/** Keys that have been read where they stand, or mean nothing for a run of ours. */
const READ = new Set(
  ("after_script allow_failure artifacts before_script cache dependencies environment except " +
    "image inherit needs only parallel resource_group retry rules script services stage tags " +
    "timeout variables when extends coverage interruptible description").split(" "),
);

/** What a job takes from around it. */
export interface JobContext {
  /** Takes what cannot be mapped. */
  readonly notes: Notes;
  /** Where its name stands. */
  readonly at: Place;
  /** Names of variables that were told of already. */
  readonly told: Set<string>;
  /** Variables of the whole pipeline. */
  readonly globals: Readonly<Record<string, string>>;
}

/** A job as our stage, without what depends on other jobs. */
export interface ImportedJob {
  /** Keys of the stage, `needs` not among them. */
  readonly value: Record<string, unknown>;
  /** Whether it never runs. */
  readonly never: boolean;
}

/** Reads one job whose defaults are filled in. */
export function readJob(name: string, job: TreeNode, context: JobContext): ImportedJob {
  const { notes, at } = context;
  for (const [key, { key: place }] of entriesOf(job)) {
    if (!READ.has(key)) notes.add(place, `"${key}" of "${name}" is left out`);
  }
  const matrix = readParallel(get(job, "parallel"), name, notes);
  const axes = new Set(matrix === undefined ? [] : matrix.names);
  const own = readVariables(get(job, "variables"), axes);
  const lines = [...scalarsOf(get(job, "before_script")), ...scalarsOf(get(job, "script"))];
  const after = scalarsOf(get(job, "after_script"));
  const all = [...lines, ...after];
  const environment: Record<string, string> = {
    ...providedIn([...lines, ...after.map(withoutStatus)], all, notes, context.told),
    ...readEnvironment(get(job, "environment"), name, notes),
    ...own,
    ...Object.fromEntries([...axes].map((axis) => [axis, `\${matrix.${axis}}`])),
    ...(matrix?.total === undefined ? {} : { CI_NODE_TOTAL: String(matrix.total) }),
  };
  const inherited = variablesFor(job, context.globals);
  const services = readServices(get(job, "services"), name, { ...inherited, ...own }, axes, notes);
  const conditions = conditionsOf(job, name, notes);
  const value: Record<string, unknown> = {
    image: imageOf(get(job, "image"), name, axes, notes),
    ...(matrix === undefined ? {} : { matrix: matrix.value }),
    ...(Object.keys(services).length === 0 ? {} : { services }),
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
    shell: shellOf(all.map(({ text }) => text)),
    script: scriptWithAfter(lines.map(({ text }) => text), after.map(({ text }) => text)),
    cache: readCache(get(job, "cache"), name, axes, notes),
    artifacts: readArtifacts(get(job, "artifacts"), name, axes, notes),
    timeout: readTimeout(get(job, "timeout"), notes),
    retry: readRetry(get(job, "retry"), notes),
    allow_failure: readAllowFailure(get(job, "allow_failure"), conditions),
    when: conditions.manual === true ? { ...conditions.when, status: "manual" } : conditions.when,
    only: conditions.only,
    except: conditions.except,
    concurrency: concurrencyOf(get(job, "resource_group"), axes),
  };
  for (const item of itemsOf(get(job, "tags"))) {
    const hint = 'in a manifest, a stage with tags runs only when asked for with "--tags"';
    notes.add(item, `The runner's tag "${textOf(item) ?? "…"}" is left out`, hint);
  }
  if (conditions.manual === true) {
    notes.add(at, `"${name}" is manual: it runs when it is named`);
  }
  return { value, never: conditions.never === true };
}

function conditionsOf(job: TreeNode, name: string, notes: Notes): Conditions {
  const rules = get(job, "rules");
  const conditions = rules === undefined
    ? readOnlyExcept(get(job, "only"), get(job, "except"), name, notes)
    : readRules(rules, name, notes);
  const when = get(job, "when");
  switch (textOf(when)) {
    case undefined:
    case "on_success":
      break;
    case "on_failure":
    case "always":
      conditions.when ??= {};
      conditions.when["status"] ??= textOf(when) === "always" ? "always" : "failure";
      break;
    case "manual":
      if (rules === undefined) {
        conditions.manual = true;
        if (!isFalse(get(job, "allow_failure"))) conditions.allowFailure = true;
      }
      break;
    case "never":
      conditions.never = true;
      break;
    default:
      notes.add(when!, `"${name}" starts without a delay`);
  }
  return conditions;
}

// What runs it sets that.
function withoutStatus({ text }: { readonly text: string }): { readonly text: string } {
  return { text: text.replaceAll(/\$\{?CI_JOB_STATUS\b/g, "") };
}

function scriptWithAfter(lines: readonly string[], after: readonly string[]): readonly string[] {
  if (after.length === 0) return scriptOf(lines);
  // It runs whatever the outcome is, in a shell of its own, and does not change the outcome.
  const body = after.flatMap((line) => line.split("\n")).map((line) => `    ${line}`.trimEnd());
  const status = after.some((line) => line.includes("CI_JOB_STATUS"))
    ? "CI_JOB_STATUS=failed; [ $code != 0 ] || CI_JOB_STATUS=success; export CI_JOB_STATUS; "
    : "";
  return [
    [
      "after_script() {",
      "  (",
      '    cd "$BUILDR_PROJECT_DIR"',
      ...body,
      "  )",
      "}",
      `trap 'code=$?; trap - EXIT; ${status}after_script || true; exit $code' EXIT`,
      ...lines.map((line) => line.trimEnd()),
      "",
    ].join("\n"),
  ];
}

function imageOf(
  node: TreeNode | undefined,
  job: string,
  axes: ReadonlySet<string>,
  notes: Notes,
): string | undefined {
  const name = textOf(node?.kind === "map" ? get(node, "name") : node);
  for (const [key, { key: at, value }] of entriesOf(node)) {
    const isEmpty = key === "entrypoint" && textsOf(value).join("") === "";
    if (key !== "name" && !isEmpty) notes.add(at, `"image.${key}" of "${job}" is left out`);
  }
  return name === undefined ? undefined : translate(name, axes);
}

function variablesFor(
  job: TreeNode,
  globals: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const wanted = get(get(job, "inherit"), "variables");
  if (isFalse(wanted)) return {};
  if (wanted?.kind !== "list") return globals;
  const names = new Set(textsOf(wanted));
  return Object.fromEntries(Object.entries(globals).filter(([name]) => names.has(name)));
}

function readServices(
  node: TreeNode | undefined,
  job: string,
  variables: Readonly<Record<string, string>>,
  axes: ReadonlySet<string>,
  notes: Notes,
): Readonly<Record<string, unknown>> {
  const services: [string, unknown][] = [];
  for (const item of itemsOf(node)) {
    const image = textOf(item.kind === "map" ? get(item, "name") : item);
    if (image === undefined) {
      notes.add(item, `A service of "${job}" has no name`);
      continue;
    }
    if (/(?:^|\/)docker:.*dind|^docker$/.test(image)) {
      notes.add(item, `"${image}" of "${job}" is left out: the engine's socket is there already`);
      continue;
    }
    const bare = image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
    const alias = textOf(get(item, "alias"))?.split(/[ ,]+/)[0];
    const host = alias ?? bare.replace(/^[^/]*[.:][^/]*\//, "").replaceAll("/", "-");
    const own = readVariables(get(item, "variables"), axes);
    // GitLab gives the variables of the job to its services, passwords of databases above all.
    const environment = { ...variables, ...own };
    const value: Record<string, unknown> = { image: translate(image, axes) };
    if (Object.keys(environment).length > 0) value["environment"] = environment;
    for (const key of ["command", "entrypoint"]) {
      const words = textsOf(get(item, key));
      if (words.length > 0) value[key] = words;
    }
    value["ready"] = readinessOf(image);
    for (const [key, { key: at }] of entriesOf(item)) {
      if (["name", "alias", "command", "entrypoint", "variables"].includes(key)) continue;
      notes.add(at, `"${key}" of a service of "${job}" is left out`);
    }
    services.push([host.replaceAll(/[^\w.-]+/g, "-"), value]);
  }
  return Object.fromEntries(services);
}

function readEnvironment(
  node: TreeNode | undefined,
  job: string,
  notes: Notes,
): Readonly<Record<string, string>> {
  if (node === undefined) return {};
  const name = textOf(node.kind === "map" ? get(node, "name") : node);
  const url = textOf(get(node, "url"));
  notes.add(node, `The environment of "${job}" becomes variables: nothing is deployed to it`);
  return {
    ...(name === undefined ? {} : { CI_ENVIRONMENT_NAME: translate(name) }),
    ...(url === undefined ? {} : { CI_ENVIRONMENT_URL: translate(url) }),
  };
}

function readTimeout(node: TreeNode | undefined, notes: Notes): string | undefined {
  const text = textOf(node);
  if (text === undefined) return undefined;
  const duration = humanDuration(text);
  if (duration === undefined) notes.add(node!, `"${text}" is no length of time`);
  return duration;
}

function readRetry(node: TreeNode | undefined, notes: Notes): unknown {
  if (node === undefined) return undefined;
  const max = Number(textOf(node.kind === "map" ? get(node, "max") : node) ?? 1);
  const on = new Set<string | number>();
  for (const cause of scalarsOf(get(node, "when"))) {
    if (cause.text === "always") ["script", "system", "timeout"].forEach((one) => on.add(one));
    else if (cause.text === "script_failure") on.add("script");
    else if (/timeout/.test(cause.text)) on.add("timeout");
    else if (/failure|error|unsupported|api|scheduler|prerequisite/.test(cause.text)) {
      on.add("system");
    } else notes.add(cause, `"${cause.text}" is no cause that is known here`);
  }
  for (const code of scalarsOf(get(node, "exit_codes"))) on.add(Number(code.text));
  const value = Number.isInteger(max) ? Math.min(Math.max(max, 0), 10) : 1;
  return on.size === 0 ? value : { max: value, on: [...on] };
}

function readAllowFailure(node: TreeNode | undefined, conditions: Conditions): unknown {
  if (node?.kind === "map") {
    const codes = scalarsOf(get(node, "exit_codes")).map(({ text }) => Number(text));
    return codes.length === 0 ? undefined : codes;
  }
  return isTrue(node) || conditions.allowFailure === true ? true : undefined;
}

function concurrencyOf(
  node: TreeNode | undefined,
  axes: ReadonlySet<string>,
): string | undefined {
  const text = textOf(node);
  return text === undefined ? undefined : translate(text, axes);
}

/** A directory is meant with everything in it. */
function artifactGlob(path: string): string {
  const clean = path.replace(/^\.?\/+/, "");
  if (clean === "" || clean === ".") return "**";
  if (clean.endsWith("/")) return `${clean}**`;
  if (/\*\*?$/.test(clean) || /\.\w{1,8}$/.test(clean)) return clean;
  return `${clean}{,/**}`;
}

function readArtifacts(
  node: TreeNode | undefined,
  job: string,
  axes: ReadonlySet<string>,
  notes: Notes,
): unknown {
  if (node?.kind !== "map") return undefined;
  const paths = textsOf(get(node, "paths"));
  const reports = get(node, "reports");
  for (const [kind, { key }] of entriesOf(reports)) {
    if (kind !== "junit") notes.add(key, `Report "${kind}" of "${job}" is kept as a file only`);
  }
  const reported = entriesOf(reports).flatMap(([, { value }]) =>
    value.kind === "map" ? textsOf(get(value, "path")) : textsOf(value)
  );
  const all = [...paths, ...reported].filter((path) => !path.split("/").includes(".."));
  for (const [key, { key: at }] of entriesOf(node)) {
    if (["paths", "exclude", "when", "expire_in", "reports", "name"].includes(key)) continue;
    notes.add(at, `"artifacts.${key}" of "${job}" is left out`);
  }
  if (all.length === 0) return undefined;
  const when = { on_failure: "failure", always: "always" }[textOf(get(node, "when")) ?? ""];
  const expire = textOf(get(node, "expire_in"));
  const exclude = textsOf(get(node, "exclude")).map((glob) => translate(glob, axes));
  return {
    paths: [...new Set(all.map((path) => artifactGlob(translate(path, axes))))],
    ...(exclude.length === 0 ? {} : { exclude }),
    ...(when === undefined ? {} : { when }),
    ...(expire === undefined || humanDuration(expire) === undefined
      ? {}
      : { expire: humanDuration(expire) }),
  };
}

function readCache(
  node: TreeNode | undefined,
  job: string,
  axes: ReadonlySet<string>,
  notes: Notes,
): unknown {
  const caches = itemsOf(node).flatMap((one) => {
    if (one.kind !== "map") return [];
    const paths = textsOf(get(one, "paths")).map((path) => translate(path, axes));
    for (const [key, { key: at }] of entriesOf(one)) {
      if (["key", "paths", "policy", "fallback_keys"].includes(key)) continue;
      notes.add(at, `"cache.${key}" of "${job}" is left out`);
    }
    if (paths.length === 0) return [];
    const fallback = textsOf(get(one, "fallback_keys")).map((key) => translate(key, axes));
    const policy = textOf(get(one, "policy"));
    if (policy === "push") {
      notes.add(get(one, "policy")!, `The cache of "${job}" is read too, not only written`);
    }
    return [{
      key: cacheKey(get(one, "key"), axes),
      ...(fallback.length === 0 ? {} : { fallback }),
      paths: paths.filter((path) => !path.split("/").includes("..")),
      ...(policy === "pull" ? { policy } : {}),
    }];
  });
  return caches.length === 0 ? undefined : caches;
}

function cacheKey(node: TreeNode | undefined, axes: ReadonlySet<string>): string {
  if (node?.kind !== "map") return translate(textOf(node) ?? "default", axes);
  const files = textsOf(get(node, "files"));
  const prefix = textOf(get(node, "prefix"));
  // A brace would end the reference.
  const hashes = files.map((file) => `\${hash:${file.replaceAll("}", "?")}}`).join("-");
  const lead = prefix === undefined ? "" : `${translate(prefix, axes)}-`;
  return `${lead}${hashes}` || "default";
}

interface ImportedMatrix {
  readonly names: readonly string[];
  readonly value: Readonly<Record<string, unknown>>;
  readonly total?: number;
}

function readParallel(
  node: TreeNode | undefined,
  job: string,
  notes: Notes,
): ImportedMatrix | undefined {
  const count = Number(textOf(node));
  if (node?.kind === "scalar") {
    if (!Number.isInteger(count) || count < 2) return undefined;
    const rows = Array.from({ length: count }, (_, index) => index + 1);
    return { names: ["CI_NODE_INDEX"], value: { CI_NODE_INDEX: rows }, total: count };
  }
  const maps = itemsOf(get(node, "matrix")).filter((one) => one.kind === "map");
  if (maps.length === 0) return undefined;
  const tables = maps.map((map) =>
    new Map(entriesOf(map).map(([name, { value }]) => [name, textsOf(value)]))
  );
  const names = [...new Set(tables.flatMap((table) => [...table.keys()]))];
  const [table] = tables;
  if (tables.length === 1) return { names, value: Object.fromEntries(table!) };
  if (tables.some((one) => one.size !== names.length)) {
    notes.add(node!, `Rows of the matrix of "${job}" have different names: the rest is empty`);
  }
  const rows = tables.flatMap((one) => {
    let product: Record<string, string>[] = [{}];
    for (const name of names) {
      const values = one.get(name) ?? [""];
      product = product.flatMap((row) => values.map((value) => ({ ...row, [name]: value })));
    }
    return product;
  });
  return { names, value: { include: rows } };
}
