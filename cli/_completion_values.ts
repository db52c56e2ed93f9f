import type { Argument, Option } from "../lib/deps/commander.ts";
import { NAMES } from "./names.ts";

/** One word that fits. */
export interface Candidate {
  /** The word. */
  readonly value: string;
  /** What it is, for shells that show it. */
  readonly description: string;
}

/** What the shell itself may offer. */
export type Others = "files" | "directories" | "none";

/** What fits in a place. */
export interface Values {
  /** What the shell may offer beside. */
  readonly others: Others;
  /** Words of our own. */
  readonly candidates: readonly Candidate[];
}

/** What is known where a value is wanted. */
export interface ValueContext {
  /** The commands passed, for example `["compose", "config"]`. */
  readonly path: readonly string[];
  /** Values of options so far, by their long name without the dashes. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** The commands that the program has. */
  readonly commands: readonly string[];
}

type Provider = (context: ValueContext) => Values | Promise<Values>;

/** A person who has pressed the tab key does not wait longer. */
const LIMIT_MS = 1_500;

/**
 * Lists what fits as the value of an option or an argument: its declared choices, else what its
 * placeholder names.
 *
 * @param place The option or argument.
 * @param context What is known.
 * @returns Nothing where it cannot be found out.
 */
export async function completionValues(
  place: Option | Argument,
  context: ValueContext,
): Promise<Values> {
  if (place.argChoices !== undefined) return words(place.argChoices);
  const isOption = "flags" in place;
  const own = `${context.path.join(" ")} ${isOption ? place.long ?? place.short : place.name()}`;
  const placeholder = isOption ? placeholderOf(place) : place.name();
  const provider = BY_PLACE[own] ?? BY_PLACE[own.replace(/^.* /, "* ")] ??
    BY_PLACEHOLDER[placeholder];
  if (provider === undefined) return none;
  try {
    return await provider(context);
  } catch {
    return none; // no engine, no such file: a shell that completes has no place for a message
  }
}

function placeholderOf({ flags }: Option): string {
  return /[<[]([^>\]]+?)(?:\.\.\.)?[>\]]$/.exec(flags)?.[1] ?? "";
}

const none: Values = { others: "none", candidates: [] };
const files: Provider = () => ({ others: "files", candidates: [] });
const directories: Provider = () => ({ others: "directories", candidates: [] });

function words(values: Iterable<string>, description = ""): Values {
  return { others: "none", candidates: [...values].map((value) => ({ value, description })) };
}

/** By the name that a value has in the help text. */
const BY_PLACEHOLDER: Readonly<Record<string, Provider>> = {
  path: files,
  file: files,
  files: files,
  manifest: files,
  directory: directories,
  dir: directories,
  container: () => containers(false),
  project: () => projects(),
  component: (context) => components(context),
  components: (context) => components(context),
  service: (context) => services(context),
  services: (context) => services(context),
  profile: (context) => profiles(context),
};

/** For one option or argument of one command; `*` is any command. */
const BY_PLACE: Readonly<Record<string, Provider>> = {
  "logs name": () => containers(true),
  "exec name": () => containers(false),
  "* --project": () => projects(),
  "* --kept": () => projects(),
  "* --project-name": () => projects(),
  "* --project-directory": directories,
  "* --workdir": () => none, // a directory inside of a container
  "* --only": (context) => services(context),
  "* --exit-code-from": (context) => services(context),
  "* --scale": (context) => services(context),
  "* --profile": (context) => profiles(context),
  "* --log-dir": directories,
  "compose config --format": () => words(["yaml", "json"]),
  "install-links name": ({ commands }) => names(commands),
  "completions name": ({ commands }) => names(commands),
};

function names(commands: readonly string[]): Values {
  return words(
    Object.keys(NAMES).filter((name) => {
      const [command] = NAMES[name]!;
      return command === undefined || commands.includes(command);
    }),
  );
}

async function containers(all: boolean): Promise<Values> {
  return await withEngine(async (engine, signal) => {
    const { LABEL } = await import("../lib/containers/labels.ts");
    const found = await engine.containers.list({ all, labels: { [LABEL.run]: true }, signal });
    const candidates = found.map(({ Labels, Names, Id, State }) => ({
      value: Labels[LABEL.name] ?? (Names[0] ?? Id).replace(/^\//, ""),
      description: `${State} in ${Labels[LABEL.project] ?? "?"}`,
    }));
    return { others: "none", candidates };
  });
}

async function projects(): Promise<Values> {
  return await withEngine(async (engine, signal) => {
    const { LABEL } = await import("../lib/containers/labels.ts");
    const labels = { [LABEL.run]: true as const };
    const found = [
      ...await engine.containers.list({ all: true, labels, signal }),
      ...await engine.networks.list({ labels, signal }),
    ];
    return words(new Set(found.flatMap(({ Labels }) => Labels?.[LABEL.project] ?? [])), "network");
  });
}

async function withEngine(
  work: (
    engine: import("../lib/engine/mod.ts").EngineClient,
    signal: AbortSignal,
  ) => Promise<Values>,
): Promise<Values> {
  const { connectEngine } = await import("../lib/engine/mod.ts");
  const { withTimeout } = await import("../lib/retry/mod.ts");
  return await withTimeout(async (signal) => {
    await using engine = await connectEngine({ signal });
    return await work(engine, signal);
  }, LIMIT_MS);
}

async function services(context: ValueContext): Promise<Values> {
  const project = await composeProject(context);
  return words(Object.keys(project.model.services ?? {}), "service");
}

async function profiles(context: ValueContext): Promise<Values> {
  const project = await composeProject(context);
  return words(project.profiles, "profile");
}

async function composeProject({ given }: ValueContext) {
  const { loadComposeProject } = await import("../lib/compose/mod.ts");
  return await loadComposeProject({
    files: given.get("file"),
    projectDirectory: given.get("project-directory")?.at(-1),
    envFiles: given.get("env-file"),
    profiles: ["*"],
  });
}

/** Components of orchestra, and their builds where a component has several. */
async function components({ given }: ValueContext): Promise<Values> {
  const { findDotdir, loadConfiguration } = await import("../lib/orchestra/config/mod.ts");
  const { withTimeout } = await import("../lib/retry/mod.ts");
  const start = given.get("orchestra-dotdir")?.at(-1) ?? given.get("chdir")?.at(-1) ?? Deno.cwd();
  const env = (name: string) => Deno.env.get(name);
  const dotdir = await findDotdir({ start, env });
  // The first run of orchestra makes this file; a tab key makes nothing.
  await Deno.stat(`${dotdir}/config/user_options.yml`);
  const configuration = await withTimeout(
    (signal) => loadConfiguration({ dotdir, useCache: true, env, signal }),
    LIMIT_MS,
  );
  const candidates = [...configuration.components.values()].flatMap(({ name, builds }) => [
    { value: name, description: "component" },
    ...[...builds.size > 1 ? builds.keys() : []].map((build) => ({
      value: `${name}@${build}`,
      description: "build",
    })),
  ]);
  return { others: "none", candidates };
}
