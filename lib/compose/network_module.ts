import type { DescribeContext, NetworkDescription, NodeSpec } from "../containers/mod.ts";
import { planNetwork } from "../containers/mod.ts";
import { Diagnostics, didYouMean, SourceText, type TextRange } from "../diagnostics/mod.ts";
import { ComposeInputError } from "./errors.ts";
import { readFailure, shown } from "./_files.ts";
import { absolutePath, directoryOf } from "./_paths.ts";
import { nameOfDirectory, requireProjectName } from "./_project_name.ts";

/** A network that a module describes, with everything decided. */
export interface ModuleNetwork extends NetworkDescription {
  /** Its name. */
  readonly name: string;
  /** Absolute path of the module. */
  readonly file: string;
}

/** How a module is read. */
export interface LoadModuleOptions {
  /** Name of the network, instead of what the module says. */
  readonly projectName?: string;
  /** Working directory. Default: that of the process. */
  readonly cwd?: string;
  /** Variables that a function is told. Default: all of `Deno.env`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

const KEYS = ["name", "specs", "options"];
const SETTINGS = [
  "subnets",
  "ipv6",
  "internal",
  "driver",
  "driverOptions",
  "labels",
  "networks",
  "volumes",
  "startWidth",
];

/**
 * Reads a network from a module: its default export is a `NetworkDescription`, or a function that
 * makes one.
 *
 * Permissions: `--allow-read` of the module, `--allow-env` unless `env` is given, and whatever the
 * module itself needs.
 *
 * @param path The module.
 * @returns The network.
 * @throws {DiagnosticsError} when the export is no description, with every mistake at the export.
 * @throws {ComposeInputError} when the module cannot be loaded, or its function fails.
 * @example
 * ```ts no-eval
 * import { loadNetworkModule, upProject } from "@superorch/superorch/compose";
 *
 * const { exitCode } = await upProject(await loadNetworkModule("shop.ts"));
 * ```
 */
export async function loadNetworkModule(
  path: string,
  options: LoadModuleOptions = {},
): Promise<ModuleNetwork> {
  const cwd = absolutePath(options.cwd ?? Deno.cwd(), Deno.cwd());
  const file = absolutePath(path, cwd);
  const name = shown(file, cwd);
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (cause) {
    throw new ComposeInputError(`Cannot read "${name}": ${readFailure(cause)}`, { cause });
  }
  const source = new SourceText(name, text);
  const module = await importModule(file, name);
  const checker = new Checker(source);
  if (!Object.hasOwn(module, "default")) {
    checker.wrong(
      "It has no default export, which must be the network",
      "run a program that starts its own network with: deno run -A",
    );
  }
  checker.finish();
  const description = await describe(module["default"], file, name, options);
  const checked = checker.description(description, options.projectName ?? nameOf(file));
  checker.finish();
  const { specs, options: settings } = checked;
  const own = options.projectName !== undefined
    ? requireProjectName(options.projectName, "the command line")
    : checked.name ?? nameOf(file);
  return { name: own, specs, ...(settings === undefined ? {} : { options: settings }), file };
}

async function importModule(file: string, name: string): Promise<Record<string, unknown>> {
  try {
    return await import(fileUrl(file));
  } catch (cause) {
    // A syntax error is shown by Deno with file, line and caret; anything else says where it was.
    throw new ComposeInputError(`Cannot load "${name}": ${placed(cause, file)}`, { cause });
  }
}

async function describe(
  exported: unknown,
  file: string,
  name: string,
  options: LoadModuleOptions,
): Promise<unknown> {
  if (typeof exported !== "function") return exported;
  const context: DescribeContext = {
    env: options.env ?? Deno.env.toObject(),
    directory: directoryOf(file),
    signal: options.signal ?? new AbortController().signal,
  };
  try {
    return await exported(context);
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new ComposeInputError(
      `Cannot describe the network of "${name}": ${placed(cause, file)}`,
      { cause },
    );
  }
}

/** Collects what is wrong with an export; all of it is shown where the export stands. */
class Checker {
  readonly #diagnostics = new Diagnostics();
  readonly #source: SourceText;
  readonly #range: TextRange;

  constructor(source: SourceText) {
    this.#source = source;
    const found = /^[ \t]*export\s+(?:default\b|\{[^}]*\bas\s+default\b[^}]*\})/m.exec(source.text);
    const start = found === null ? 0 : found.index + found[0].search(/\S/);
    const end = found === null ? Math.max(0, source.text.indexOf("\n")) : found.index +
      found[0].length;
    this.#range = { start, end };
  }

  wrong(message: string, hint?: string): void {
    this.#diagnostics.error(
      this.#source,
      this.#range,
      message,
      hint === undefined ? {} : { hint },
    );
  }

  finish(): void {
    this.#diagnostics.throwIfErrors(`Cannot use "${this.#source.file}"`);
  }

  description(value: unknown, fallback: string): NetworkDescription {
    if (!isRecord(value)) {
      this.wrong(
        `The default export must be a network, { name, specs, options }, or a function that ` +
          `makes one; it is ${described(value)}`,
      );
      this.finish();
    }
    const { name, specs, options } = value as Record<string, unknown>;
    this.#keys(value as object, KEYS, "the network");
    if (name !== undefined && !(typeof name === "string" && /^[a-z0-9][-_a-z0-9]*$/.test(name))) {
      this.wrong(
        `"name" must have small letters, digits, "-" and "_", the first one a letter or digit; it ` +
          `is ${described(name)}`,
      );
    }
    if (options !== undefined) {
      if (isRecord(options)) this.#keys(options, SETTINGS, '"options"');
      else this.wrong(`"options" must be an object; it is ${described(options)}`);
    }
    if (!Array.isArray(specs)) {
      this.wrong(`"specs" must be a list of containers and commands; it is ${described(specs)}`);
    } else if (specs.length === 0) {
      this.wrong(`"specs" is empty: there is nothing to run`);
    } else {
      const bad = specs.map((spec, index) => specProblem(spec, index))
        .filter((problem) => problem !== undefined);
      for (const problem of bad) this.wrong(problem);
      if (bad.length === 0) this.#graph(typeof name === "string" ? name : fallback, specs);
    }
    return value as unknown as NetworkDescription;
  }

  #graph(name: string, specs: readonly NodeSpec[]): void {
    try {
      planNetwork(name, specs);
    } catch (error) {
      const problems = (error as { readonly problems?: readonly string[] }).problems;
      for (const problem of problems ?? [(error as Error).message]) this.wrong(capital(problem));
    }
  }

  #keys(value: object, known: readonly string[], what: string): void {
    for (const key of Object.keys(value)) {
      if (known.includes(key) || what === "the network" && DERIVED.includes(key)) continue;
      const meant = didYouMean(key, known);
      this.wrong(
        `Unknown key "${key}" in ${what}`,
        meant === undefined ? `known are ${known.join(", ")}` : `did you mean "${meant}"?`,
      );
    }
  }
}

/** What `toNetwork` gives besides, so that its result can be exported as it is. */
const DERIVED: readonly string[] = ["containers"];

function specProblem(spec: unknown, index: number): string | undefined {
  const where = `"specs[${index}]"`;
  if (!isRecord(spec) || typeof spec["name"] !== "string") {
    return `${where} must be made by container() or hostCommand(); it is ${described(spec)}`;
  }
  if (spec["kind"] === "command" && isRecord(spec["command"])) return undefined;
  if (spec["kind"] === "container" && isRecord(spec["image"])) return undefined;
  return `${where}, "${spec["name"]}", must be made by container() or hostCommand()`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function described(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (typeof value === "function") return "a function";
  if (value instanceof Promise) return "a promise: write await before it";
  return typeof value === "object"
    ? `an object${value.constructor?.name === "Object" ? "" : ` of ${value.constructor?.name}`}`
    : `${typeof value} ${String(value)}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

// The frame in the user's own file is the place to look at; the rest of a trace is not theirs.
function placed(error: unknown, file: string): string {
  if (!(error instanceof Error)) return String(error);
  const url = fileUrl(file);
  const frame = (error.stack ?? "").split("\n").find((line) => line.includes(url));
  const place = frame === undefined ? null : /:(\d+):(\d+)\)?$/.exec(frame.trim());
  const at = place === null || error.message.includes(url)
    ? ""
    : ` (${file}:${place[1]}:${place[2]})`;
  return `${error.message}${at}`;
}

function nameOf(file: string): string {
  return nameOfDirectory(directoryOf(file));
}

function fileUrl(path: string): string {
  return `file://${path.split("/").map(encodeURIComponent).join("/")}`;
}
