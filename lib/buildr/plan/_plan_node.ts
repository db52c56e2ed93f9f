import type { Diagnostics } from "../../diagnostics/mod.ts";
import { withTag } from "../manifest/image_name.ts";
import { replaceMatrix, replaceReferences } from "../manifest/interpolation.ts";
import { scriptLine } from "../manifest/script_line.ts";
import type {
  EnvironmentVariable,
  Located,
  Manifest,
  MatrixRow,
  Stage,
} from "../manifest/model.ts";
import type {
  Placement,
  PlannedCommand,
  PlanNeed,
  PlanNode,
  RunFacts,
  SkipReason,
} from "./model.ts";
import { placeText } from "../manifest/model.ts";
import { inherited, provided } from "./_environment.ts";

/** What a node is made from. */
export interface NodeParts {
  /** The manifest. */
  readonly manifest: Manifest;
  /** The stage. */
  readonly stage: Stage;
  /** The row. */
  readonly row: MatrixRow | undefined;
  /** Its id. */
  readonly id: string;
  /** What it needs. */
  readonly needs: readonly PlanNeed[];
  /** Why it does not run. */
  readonly skip: SkipReason | undefined;
  /** Whether `prepare` runs. */
  readonly prepares: boolean;
  /** What the plan depends on. */
  readonly facts: RunFacts;
  /** Takes mistakes; those of nodes that do not run are nobody's business. */
  readonly diagnostics: Diagnostics;
}

/** Puts the final values into a stage and row. */
export function planNode(parts: NodeParts): PlanNode {
  const { manifest, stage, row, id, needs, skip } = parts;
  const fill = new Filler(parts);
  const env = environmentOf(parts, fill);
  const secrets = stage.secrets.flatMap(({ value }) => manifest.secrets.get(value) ?? []);
  return {
    id,
    stage,
    row,
    needs,
    placement: placementOf(parts, fill),
    env,
    secrets,
    commands: stage.script.flatMap((line) => commandOf(line, stage, row)),
    services: stage.services.map((service) => ({
      name: service.name,
      image: fill.image(service.image),
      env: Object.fromEntries(service.environment.map((one) => [one.name, fill.text(one)])),
      command: service.command,
      entrypoint: service.entrypoint,
      ready: service.ready,
      at: service.at,
    })),
    caches: stage.caches.map(({ key, fallback, paths, policy }) => ({
      key: fill.text(key),
      fallback: fallback.map((one) => fill.text(one)),
      paths,
      policy,
    })),
    artifacts: stage.artifacts.map(({ paths, exclude, when, expireMs }) => ({
      paths: paths.map((one) => fill.text(one)),
      exclude,
      when,
      expireMs,
    })),
    concurrency: stage.concurrency === undefined ? undefined : fill.text(stage.concurrency),
    skip,
  };
}

function environmentOf(parts: NodeParts, fill: Filler): Readonly<Record<string, string>> {
  const { manifest, stage, row, facts } = parts;
  const { env } = fill;
  const set = (name: string, value: string): void => {
    // The last one of a name counts, and stands where it was set last.
    env.delete(name);
    env.set(name, value);
  };
  // What the value of a secret is taken from reaches only the stages that list the secret.
  const sources = new Set(
    [...manifest.secrets.values()].map(({ from }) => from.kind === "env" ? from.variable : ""),
  );
  for (const [name, value] of inherited(manifest.environment.inherit, facts.env ?? {})) {
    if (!sources.has(name)) set(name, value);
  }
  for (const [name, value] of provided(stage.name, row, manifest, facts)) set(name, value);
  for (const one of manifest.environment.vars) set(one.name, fill.text(one));
  for (const one of stage.environment) set(one.name, fill.text(one));
  for (const [name, value] of Object.entries(facts.variables ?? {})) set(name, value);
  return Object.fromEntries(env);
}

function placementOf(parts: NodeParts, fill: Filler): Placement {
  const { manifest, stage, prepares } = parts;
  const main = fill.image(manifest.image);
  const because = ownContainer(stage, manifest);
  if (because === undefined) return { kind: "main", image: main };
  const image = stage.image === undefined ? main : fill.image(stage.image);
  return { kind: "fresh", image, prepared: prepares && image === main, because };
}

/** Which key of a stage asks for a container of its own. */
function ownContainer(stage: Stage, manifest: Manifest): string | undefined {
  if (stage.image !== undefined) return "image";
  if (stage.kind !== "stage") return undefined;
  if (stage.needs !== undefined) return "needs";
  if (stage.matrix !== undefined) return "matrix";
  if (stage.isolated) return "isolated";
  if (stage.services.length > 0) return "services";
  if (stage.docker !== manifest.docker) return "docker";
  return stage.workspace === manifest.workspace ? undefined : "workspace";
}

function commandOf(
  line: Located<string>,
  stage: Stage,
  row: MatrixRow | undefined,
): readonly PlannedCommand[] {
  const text = replaceMatrix(line.value, row);
  const run = scriptLine(text, stage.shell);
  // A value of a matrix with a quote in it; the manifest itself was checked.
  const { argv, shell } = "problem" in run ? { argv: ["sh", "-ec", text], shell: true } : run;
  return [{ text, argv, shell, at: line.at, where: placeText(line.at) }];
}

class Filler {
  /** Variables so far. */
  readonly env = new Map<string, string>();
  readonly #parts: NodeParts;

  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  /** Replaces every `${…}`. */
  text(one: Located<string> | EnvironmentVariable): string {
    const { manifest, row, facts, stage } = this.#parts;
    if (manifest.version === 1) return one.value;
    return replaceReferences(one.value, (reference) => {
      switch (reference.kind) {
        case "matrix":
          return row !== undefined && Object.hasOwn(row, reference.name)
            ? row[reference.name]
            : undefined;
        case "hash":
          return facts.hashes?.[reference.glob];
        case "fact":
          return reference.name === "stage" ? stage.name : facts[reference.name] ?? "";
        case "env": {
          const { name, fallback } = reference;
          const value = this.#variable(name);
          if (fallback !== undefined) return value || fallback;
          if (value === undefined) this.#unset(name, one);
          return value;
        }
      }
    });
  }

  /** Replaces every `${…}` in the name of an image, which gets its tag. */
  image(one: Located<string>): string {
    const name = this.text(one);
    if (name === one.value || /\$\{/.test(name)) return name;
    try {
      return withTag(name);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#error(one, "bad-reference", error.message);
      return name;
    }
  }

  #variable(name: string): string | undefined {
    const { variables = {}, env = {} } = this.#parts.facts;
    if (Object.hasOwn(variables, name)) return variables[name];
    return this.env.get(name) ?? (Object.hasOwn(env, name) ? env[name] : undefined);
  }

  #unset(name: string, one: Located<string> | EnvironmentVariable): void {
    const hint = `set it, or write "\${env.${name}:-…}" for what it is then`;
    this.#error(one, "unset-variable", `Variable "${name}" is not set`, hint);
  }

  #error(one: Located<string> | EnvironmentVariable, code: string, message: string, hint?: string) {
    if (this.#parts.skip !== undefined) return;
    const more = hint === undefined ? { code } : { code, hint };
    this.#parts.diagnostics.error(one.at.source, one.at.range, message, more);
  }
}
