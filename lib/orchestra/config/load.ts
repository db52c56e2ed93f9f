import { OrchestraError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Configuration } from "../model.ts";
import { expandConfiguration, type Expanded } from "./expand_configuration.ts";
import { locator, type TemplateLine } from "./locate.ts";
import { pathMistakes, resolvePaths, unknownPaths } from "./paths.ts";
import { type RawConfiguration, readConfiguration } from "./read_configuration.ts";
import { CONFIGURATION_SCHEMA } from "./schema.ts";
import { createUserOptions } from "./user_options.ts";
import { type Mistake, showPath, validate } from "./validate.ts";
import { compareVersions, ORCHESTRA_VERSION } from "./version.ts";

/** What {@linkcode loadConfiguration} takes. */
export interface LoadConfigurationOptions {
  /** Absolute path of the directory `.orchestra`; see {@linkcode findDotdir}. */
  readonly dotdir: string;
  /** Whether what was expanded before is used, and kept for the next time. Default `true`. */
  readonly useCache?: boolean;
  /** A program that is run as `ytt`. Default: the built-in engine. */
  readonly ytt?: string;
  /** Reads environment variables, for `paths`. Default: none is set. */
  readonly env?: (name: string) => string | undefined;
  /** Gets what is going on. Default: it is dropped. */
  readonly log?: Log;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** A configuration is wrong: all mistakes at once, each with its place. */
export class ConfigurationError extends OrchestraError {
  /** The name of the class. */
  override readonly name: string = "ConfigurationError";
  /** All mistakes. */
  readonly mistakes: readonly (Mistake & { readonly line?: TemplateLine })[];

  /**
   * Makes the error.
   *
   * @param message All mistakes, for the user.
   * @param mistakes All mistakes, for a program.
   */
  constructor(message: string, mistakes: ConfigurationError["mistakes"]) {
    super(message);
    this.mistakes = mistakes;
  }
}

/**
 * Reads a configuration: makes `user_options.yml` in the first run, expands the templates or takes
 * what was expanded before, checks it and reads it into the model.
 *
 * Permissions: `--allow-read` of `.orchestra`; `--allow-write` of `.orchestra/cache`, and of
 * `.orchestra/config` in the first run; `--allow-run=git` in the first run.
 *
 * @throws {ConfigurationError} when it is wrong.
 * @throws {NoRemotesError} when it is the first run, and there are no remotes.
 * @throws {OrchestraError} when it is made for a newer version, or a template fails.
 */
export async function loadConfiguration(
  options: LoadConfigurationOptions,
): Promise<Configuration> {
  const { dotdir, log = () => {}, env = () => undefined, signal } = options;
  await createUserOptions({ dotdir, log, signal });
  const expanded = await expandConfiguration(options);
  checkVersion(expanded.config);
  const raw = await checked(expanded);
  const { result, mistakes } = readConfiguration(raw, log);
  const pathOptions = { dotdir, paths: raw.paths ?? {}, env };
  const all = [...mistakes, ...pathMistakes(pathOptions)];
  if (all.length > 0) throw await configurationError(expanded, all, ({ message }) => message);
  for (const { key, meant } of unknownPaths(raw.paths ?? {})) {
    const hint = meant === undefined ? "" : `, did you mean ${meant}?`;
    log("WARNING", `paths.${key} has no meaning${hint}`);
  }
  const paths = resolvePaths(pathOptions);
  return { ...result, paths, hash: expanded.hash };
}

function checkVersion(config: unknown): void {
  if (typeof config !== "object" || config === null || !("min_orchestra_version" in config)) return;
  const wanted = config.min_orchestra_version;
  // Another type is a mistake that the schema tells about.
  if (typeof wanted !== "string") return;
  const difference = compareVersions(ORCHESTRA_VERSION, wanted);
  if (difference === undefined) {
    throw new OrchestraError(`min_orchestra_version must be a version, and is "${wanted}"`);
  }
  if (difference >= 0) return;
  throw new OrchestraError(
    `This configuration requires orchestra version >= ${wanted}, you have ${ORCHESTRA_VERSION}`,
  );
}

async function checked(expanded: Expanded): Promise<RawConfiguration> {
  const mistakes = validate(expanded.config, CONFIGURATION_SCHEMA);
  if (mistakes.length > 0) {
    throw await configurationError(
      expanded,
      mistakes,
      ({ path, message }) =>
        `Invalid configuration. Got the following error at path ${showPath(path)}:\n${message}`,
    );
  }
  return expanded.config as RawConfiguration;
}

async function configurationError(
  expanded: Expanded,
  mistakes: readonly Mistake[],
  show: (mistake: Mistake) => string,
): Promise<ConfigurationError> {
  // Only for the message: without the lines it is still right.
  const positions = await expanded.positions().catch(() => undefined);
  const find = positions === undefined ? () => undefined : locator(positions);
  const located = mistakes.map((mistake) => {
    const { path, key } = mistake;
    const line = find(key === undefined ? path : [...path, key]);
    return line === undefined ? mistake : { ...mistake, line };
  });
  const message = located.map((mistake) => {
    const line = "line" in mistake ? mistake.line : undefined;
    const text = show(mistake);
    if (line === undefined) return text;
    const place = `config/${line.file}:${line.line}`;
    // A path that cannot be expanded is told in one line.
    return mistake.path[0] === "paths" && !text.includes("\n")
      ? `${text} (${place})`
      : `${text}\n    in ${place}`;
  }).join("\n");
  return new ConfigurationError(message, located);
}
