import type { Configuration, World } from "../lib/orchestra/mod.ts";
import type { BuildTarget, Component, Hashes } from "../lib/orchestra/mod.ts";
import type { Log, LogLevel } from "../lib/orchestra/log.ts";
import { logTo } from "./_orc_log.ts";
import { formatJson, type Output } from "./output.ts";

/** What `orc` ends with. */
export const ORC_EXIT = {
  /** It worked. */
  ok: 0,
  /** What was asked for failed, or cannot be done: an unknown component, a failed script. */
  failed: 1,
  /** The words on the command line are wrong. */
  usage: 2,
  /** Nothing could be tried: the configuration is wrong, there is no plan, an interruption. */
  broken: 100,
} as const;

/** Options that stand before the name of the command. */
export interface OrcOptions {
  /** Whether output of scripts is shown only if they fail. */
  readonly quiet: boolean;
  /** What is less important is not logged. */
  readonly loglevel: LogLevel;
  /** Whether the cache of the configuration is used. */
  readonly configCache: boolean;
  /** Where the search for `.orchestra` starts. Default: the current directory. */
  readonly orchestraDotdir?: string;
  /** The current directory, if it is another one. */
  readonly chdir?: string;
  /** Whether logs go to standard output, as they did in the original. */
  readonly logToStdout: boolean;
  /** A program to be used instead of the built-in template engine. */
  readonly ytt?: string;
}

/** A command that cannot do what it was asked for: logged as an error, and the exit code is 1. */
export class OrcFailure extends Error {
  /** The name of the class. */
  override readonly name: string = "OrcFailure";
}

/**
 * What the commands of `orc` share. The factory of a command is given one before the words are
 * parsed; `options`, and what follows from them, are there when its action runs.
 */
export class OrcContext {
  /** Results, and everything else. */
  readonly output: Output;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** How this program was called, for usage texts: `orc`. */
  readonly programName: string;
  #options: OrcOptions | undefined;
  #log: Log | undefined;
  #configuration: Promise<Configuration> | undefined;
  #world: Promise<World> | undefined;
  #hashes: Promise<Hashes> | undefined;

  /**
   * Makes a context.
   *
   * @param output Where results and logs go.
   * @param signal Ends what is running.
   * @param programName For usage texts.
   */
  constructor(output: Output, signal: AbortSignal, programName = "orc") {
    this.output = output;
    this.signal = signal;
    this.programName = programName;
  }

  /** The options that stood before the name of the command. */
  get options(): OrcOptions {
    if (this.#options === undefined) throw new TypeError("The words are not parsed yet");
    return this.#options;
  }

  /** Sets the options; called once, between parsing and the action of the command. */
  set options(options: OrcOptions) {
    this.#options = options;
  }

  /** Writes a line of the log: `[+] LEVEL - message`. */
  log: Log = (level, message) => {
    const { logToStdout = false, loglevel = "INFO" } = this.#options ?? {};
    this.#log ??= logTo(logToStdout ? this.output.out : this.output.err, loglevel);
    this.#log(level, message);
  };

  /** Writes a line of a result. */
  print(line: string): void {
    this.output.out.write(`${line}\n`);
  }

  /** Writes a result as JSON. */
  printJson(value: unknown): void {
    this.output.out.write(formatJson(value));
  }

  /**
   * Reads the configuration, once.
   *
   * @throws {OrchestraError} when there is none, or it is wrong.
   */
  configuration(): Promise<Configuration> {
    return this.#configuration ??= this.#load();
  }

  /** Reads the configuration again: it may be another one after a pull. */
  reloadConfiguration(): Promise<Configuration> {
    this.forgetWorld();
    return this.#configuration = this.#load();
  }

  async #load(): Promise<Configuration> {
    const { findDotdir, loadConfiguration } = await import("../lib/orchestra/config/mod.ts");
    const { orchestraDotdir, configCache, ytt } = this.options;
    const env = (name: string) => Deno.env.get(name);
    const start = orchestraDotdir ?? Deno.cwd();
    const dotdir = await findDotdir({ start, env });
    const { log, signal } = this;
    return await loadConfiguration({ dotdir, useCache: configCache, ytt, env, log, signal });
  }

  /** Looks at what is installed, cloned and archived, once. Call {@linkcode forgetWorld} after changes. */
  async world(): Promise<World> {
    const configuration = await this.configuration();
    const { readWorld } = await import("../lib/orchestra/world.ts");
    return await (this.#world ??= readWorld(configuration, { log: this.log, signal: this.signal }));
  }

  /** Makes the next {@linkcode world} and {@linkcode hashes} look again. */
  forgetWorld(): void {
    this.#world = undefined;
    this.#hashes = undefined;
  }

  /** The hashes of the components, for the commits that their repositories are at. */
  async hashes(): Promise<Hashes> {
    const configuration = await this.configuration();
    const { commits } = await this.world();
    const { createHashes } = await import("../lib/orchestra/hashes/mod.ts");
    return await (this.#hashes ??= createHashes(configuration, commits));
  }

  /**
   * Finds a build that was named on the command line.
   *
   * @param spec `component`, which means its default build, or `component@build`.
   * @returns The component, and the names of both.
   * @throws {OrcFailure} when there is no such component: the exit code is 1.
   * @throws {UnknownNameError} when the component has no such build: the exit code is 100.
   */
  async build(spec: string): Promise<{ component: Component; target: BuildTarget }> {
    const { findBuild } = await import("../lib/orchestra/config/mod.ts");
    return findBuild(await this.configuration(), spec);
  }
}
