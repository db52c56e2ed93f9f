import type { CommandSpec } from "./command_spec.ts";

type Kind = "text" | "boolean" | "count" | "texts" | "map" | "any";

// Specifications also come out of JSON, where the compiler has seen nothing.
const FIELDS: Readonly<Record<keyof CommandSpec, Kind>> = {
  program: "text",
  args: "texts",
  env: "map",
  envClear: "boolean",
  cwd: "text",
  secrets: "texts",
  secretEnv: "texts",
  record: "any",
  recordLimitBytes: "count",
  log: "any",
  logLimitBytes: "count",
  forward: "any",
  redactOutput: "boolean",
  interactive: "boolean",
  graceMs: "count",
  drainMs: "count",
  forgetOnDrop: "boolean",
  dieWithParent: "boolean",
};

const isText = (value: unknown) => typeof value === "string";

const CHECKS: Readonly<Record<Kind, [string, (value: unknown) => boolean]>> = {
  text: ["a text", isText],
  boolean: ["true or false", (value) => typeof value === "boolean"],
  count: ["a number of 0 or more", (value) => typeof value === "number" && value >= 0],
  texts: ["an array of texts", (value) => Array.isArray(value) && value.every(isText)],
  map: [
    "an object of texts",
    (value) => typeof value === "object" && value !== null && Object.values(value).every(isText),
  ],
  any: ["anything", () => true],
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
  if (spec.forgetOnDrop && spec.dieWithParent) {
    throw new TypeError(
      'Cannot make a command: "forgetOnDrop" and "dieWithParent" exclude each other',
    );
  }
}

function show(value: unknown): string {
  return typeof value === "object" && value !== null ? "an object of another kind" : `${value}`;
}
