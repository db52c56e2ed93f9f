import { errorMessage } from "../lib/errors/error_message.ts";
import {
  identifyProcess,
  LABEL,
  listOwned,
  type OwnedObject,
  type OwnerState,
  ownerState,
  parseOwner,
  removeOwned,
} from "../lib/containers/mod.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { connectEngine, type EngineClient } from "../lib/engine/mod.ts";
import { ExitCode } from "./exit_code.ts";
import { formatJson, formatTable, type Output } from "./output.ts";

/** One object that `superorch clean` looked at. */
export interface CleanEntry {
  /** `container`, `network`, `volume` or `image`. */
  readonly kind: OwnedObject["kind"];
  /** Its name. */
  readonly name: string;
  /** The network it belongs to. */
  readonly project: string;
  /** `owner` or `kept`. */
  readonly lifetime: string;
  /** Whether the process that made it still runs. */
  readonly owner: OwnerState;
  /** What became of it. */
  readonly outcome: "removed" | "would be removed" | "left" | "failed";
  /** Why it could not be removed. */
  readonly error?: string;
}

/**
 * Makes `superorch clean`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function cleanCommand(output: Output): CommandUnknownOpts {
  return new Command("clean")
    .description(
      "Remove what dead runs left on the engine: containers, networks, images. What belongs to a " +
        "process that lives stays, and what others made is never touched.",
    )
    .option("--kept [project...]", "also what `up --detach` keeps: all of it, or of these projects")
    .option("--unknown", "also what was made on other machines or in other PID namespaces")
    .option("--dry-run", "remove nothing, only show")
    .option("--json", "print JSON")
    .action(async ({ kept, unknown, dryRun, json }) => {
      await using engine = await connectEngine();
      const entries = await clean(engine, {
        kept: kept === undefined ? [] : kept === true ? "all" : kept,
        unknown: unknown === true,
        dryRun: dryRun === true,
      });
      const shown = json === true
        ? formatJson(entries)
        : entries.length === 0
        ? "Nothing to clean\n"
        : formatTable(
          ["KIND", "NAME", "PROJECT", "LIFETIME", "OWNER", "OUTCOME"],
          entries.map(({ kind, name, project, lifetime, owner, outcome, error }) => [
            kind,
            name,
            project,
            lifetime,
            owner,
            error === undefined ? outcome : `${outcome}: ${error}`,
          ]),
          output.out,
        );
      output.out.write(shown);
      if (entries.some(({ outcome }) => outcome === "failed")) throw new ExitCode(1);
    });
}

interface CleanOptions {
  readonly kept: "all" | readonly string[];
  readonly unknown: boolean;
  readonly dryRun: boolean;
}

async function clean(
  engine: EngineClient,
  options: CleanOptions,
): Promise<readonly CleanEntry[]> {
  const self = await identifyProcess();
  const judged = await Promise.all((await listOwned(engine)).map(async (object) => ({
    object,
    owner: await ownerState(parseOwner(object.labels[LABEL.owner] ?? ""), self),
  })));
  const condemned = judged.filter(({ object, owner }) => isCondemned(object, owner, options));
  const objects = condemned.map(({ object }) => object);
  const { failed } = options.dryRun ? { failed: [] } : await removeOwned(engine, objects);
  return judged.map(({ object, owner }) => {
    const failure = failed.find((one) => one.object === object);
    return {
      kind: object.kind,
      name: object.name,
      project: object.labels[LABEL.project] ?? "",
      lifetime: object.labels[LABEL.lifetime] ?? "",
      owner,
      outcome: failure !== undefined
        ? "failed"
        : !objects.includes(object)
        ? "left"
        : options.dryRun
        ? "would be removed"
        : "removed",
      ...(failure === undefined ? {} : { error: errorMessage(failure.error) }),
    };
  });
}

function isCondemned(object: OwnedObject, owner: OwnerState, options: CleanOptions): boolean {
  if (object.labels[LABEL.lifetime] === "kept") {
    const project = object.labels[LABEL.project] ?? "";
    return options.kept === "all" || options.kept.includes(project);
  }
  return owner === "dead" || owner === "unknown" && options.unknown;
}
