import type { CommandSpec } from "./command_spec.ts";

type Kind = "text" | "boolean" | "count" | "texts" | "map" | "record" | "log" | "forward";

// Specifications also come out of JSON, where the compiler has seen nothing.
const FIELDS: Readonly<Record<keyof CommandSpec, Kind>> = {
  program: "text",
  args: "texts",
  env: "map",
  envClear: "boolean",
  cwd: "text",
  secrets: "texts",
  secretEnv: "texts",
  record: "record",
  recordLimitBytes: "count",
  log: "log",
  logLimitBytes: "count",
  forward: "forward",
  redactOutput: "boolean",
  interactive: "boolean",
  graceMs: "count",
  drainMs: "count",
  forgetOnDrop: "boolean",
  dieWithParent: "boolean",
};

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isBoolean: Check = (value) => typeof value === "boolean";
const isPrefix: Check = (value) => isText(value) || isBoolean(value);
const isCount: Check = (value) => typeof value === "number" && value >= 0;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isObjectWith = (value: unknown, key: string) => isObject(value) && key in value;

const perStream = (value: unknown, check: Check): boolean =>
  check(value) ||
  (isObject(value) &&
    Object.entries(value).every(([name, choice]) =>
      (name === "stdout" || name === "stderr") && (choice === undefined || check(choice))
    ));

const LOG_FIELDS: Readonly<Record<string, Check>> = {
  path: isText,
  append: isBoolean,
  limitBytes: isCount,
  generations: isCount,
};

const isLogTarget: Check = (value) =>
  isText(value) ||
  (isObjectWith(value, "path") &&
    Object.entries(value as Record<string, unknown>).every(([name, field]) =>
      field === undefined || LOG_FIELDS[name]?.(field) === true
    ));

const CHECKS: Readonly<Record<Kind, readonly [string, Check]>> = {
  text: ["a text", isText],
  boolean: ["true or false", isBoolean],
  count: ["a number of 0 or more", isCount],
  texts: ["an array of texts", (value) => Array.isArray(value) && value.every(isText)],
  map: [
    'an object of texts, without "=" in a name',
    (value) =>
      isObject(value) &&
      Object.entries(value).every(([name, text]) => /^[^=]+$/.test(name) && isText(text)),
  ],
  record: ["true, false, or one of them for each stream", (value) => perStream(value, isBoolean)],
  log: [
    "a path, a log file, or one of them for each stream",
    (value) =>
      isLogTarget(value) || (!isObjectWith(value, "path") && perStream(value, isLogTarget)),
  ],
  forward: [
    "true, false, or one of them or a prefix for each stream",
    (value) => isBoolean(value) || (isObject(value) && perStream(value, isPrefix)),
  ],
};

/** Refuses a specification that no program can be started from, naming the field. */
export function checkSpec(spec: CommandSpec): void {
  for (const [name, value] of Object.entries(spec)) {
    const kind = FIELDS[name as keyof CommandSpec];
    if (kind === undefined) throw new TypeError(`Cannot make a command: unknown field "${name}"`);
    const [wanted, holds] = CHECKS[kind];
    if (!holds(value)) {
      throw new TypeError(`Cannot make a command: "${name}" must be ${wanted}, not ${show(value)}`);
    }
  }
  if (typeof spec.program !== "string" || spec.program === "") {
    throw new TypeError("Cannot make a command: there is no program");
  }
  if (!Array.isArray(spec.args)) throw new TypeError('Cannot make a command: there is no "args"');
  exclude(spec, "forgetOnDrop", "dieWithParent");
  for (const name of ["log", "forward", "dieWithParent"] as const) {
    exclude(spec, "interactive", name);
  }
}

function show(value: unknown): string {
  return typeof value === "object" && value !== null ? "another kind of object" : `${value}`;
}

function exclude(spec: CommandSpec, one: keyof CommandSpec, other: keyof CommandSpec): void {
  if (!spec[one] || !spec[other]) return;
  throw new TypeError(`Cannot make a command: "${one}" and "${other}" exclude each other`);
}
