import { LABEL } from "../../containers/labels.ts";
import {
  cacheDirectory,
  type EngineClient,
  ImageNotFoundError,
  type ReadEnv,
} from "../../engine/mod.ts";
import type { PlanNode, RunPlan } from "../plan/model.ts";
import { shortHash } from "./cache_store.ts";
import { BUILDR_LABEL } from "./labels.ts";

/** How many snapshots of a project are kept. */
const KEPT = 3;

/** What is of the checkout, and so another one each time. */
const FACT = /\$\{(?:branch|tag|commit)\}/;

/** Word of the name of all snapshots. */
const REPOSITORY = "buildr-snapshot";

/** What a snapshot is of. */
export interface SnapshotKey {
  /** Project, 16 hexadecimal digits. */
  readonly project: string;
  /** Hash of everything that it depends on. */
  readonly key: string;
}

/**
 * Computes what a snapshot of `prepare` depends on: its base image, its lines and how they are run,
 * the variables of the manifest and of the command line, and the files that it names.
 *
 * @param plan The plan.
 * @param prepare Its `prepare`.
 * @param imageId Id of the base image.
 * @param inputs Hash of the files.
 */
export async function snapshotKey(
  plan: RunPlan,
  prepare: PlanNode,
  imageId: string,
  inputs: string,
): Promise<string> {
  // The variables that change from run to run (commit, branch, what is inherited) are not in it: a
  // snapshot would never be found again. What somebody chose for this run is.
  const { environment } = plan.manifest;
  const own = [...environment.vars, ...prepare.stage.environment];
  const variables = [
    ...own.map(({ name, value }) => [name, FACT.test(value) ? value : prepare.env[name] ?? value]),
    ...Object.entries(plan.variables).toSorted(),
  ];
  const commands = prepare.commands.map(({ argv }) => argv);
  const { user } = prepare.stage;
  return await shortHash(JSON.stringify([1, imageId, commands, user, variables, inputs]));
}

/** Images of what `prepare` left, by what they depend on. */
export class SnapshotStore {
  readonly #engine: EngineClient;
  readonly #directory: string;
  readonly #project: string;

  /**
   * Touches nothing yet.
   *
   * @param engine Where the images are.
   * @param project What tells projects apart: 16 hexadecimal digits.
   * @param env Reads `XDG_CACHE_HOME` and `HOME`.
   */
  constructor(engine: EngineClient, project: string, env: ReadEnv) {
    this.#engine = engine;
    this.#project = project;
    this.#directory = `${cacheDirectory(env)}/buildr/snapshots/${project}`;
  }

  /**
   * Looks for a snapshot; one that is found counts as used now.
   *
   * @returns Its id and what `prepare` had left in the project; `undefined` when there is none.
   */
  async find(key: string, signal: AbortSignal): Promise<Found | undefined> {
    try {
      const { Id } = await this.#engine.images.inspect(this.#name(key), { signal });
      const text = await readIfThere(`${this.#directory}/${key}.json`);
      const left = text === undefined ? [] : (JSON.parse(text) as { left: string[] }).left;
      await this.#touch(key, left);
      return { id: Id, left };
    } catch (error) {
      if (error instanceof ImageNotFoundError) return undefined;
      throw error;
    }
  }

  /**
   * Makes a snapshot of a container, and removes those that were used longest ago.
   *
   * @param left What `prepare` made in the project itself, which is not in the image.
   * @returns Its id.
   */
  async make(
    key: string,
    containerId: string,
    options: {
      readonly labels: Readonly<Record<string, string>>;
      readonly left: readonly string[];
      readonly signal: AbortSignal;
    },
  ): Promise<string> {
    const { signal } = options;
    const before = await this.#engine.images.list({
      filters: { reference: [this.#name(key)] },
      signal,
    });
    const id = await commitContainer(this.#engine, containerId, {
      name: this.#name(key),
      labels: {
        ...options.labels,
        [LABEL.lifetime]: "kept",
        [BUILDR_LABEL.kind]: "snapshot",
        [BUILDR_LABEL.snapshot]: key,
      },
      signal,
    });
    for (const { Id } of before) {
      // It has lost its name; another run may use it still, and then `clean` finds it.
      if (Id !== id) await this.#engine.images.remove(Id, { signal }).catch(() => {});
    }
    await this.#touch(key, options.left);
    await this.#prune(signal);
    return id;
  }

  #name(key: string): string {
    return `${REPOSITORY}/${this.#project}:${key}`;
  }

  async #touch(key: string, left: readonly string[]): Promise<void> {
    await Deno.mkdir(this.#directory, { recursive: true });
    await Deno.writeTextFile(`${this.#directory}/${key}.json`, `${JSON.stringify({ left })}\n`);
  }

  async #prune(signal: AbortSignal): Promise<void> {
    const images = await this.#engine.images.list({
      filters: { reference: [`${REPOSITORY}/${this.#project}`] },
      signal,
    });
    const used = await Promise.all(images.map(async ({ Id, Created, Labels }) => {
      const key = Labels?.[BUILDR_LABEL.snapshot] ?? "";
      const record = `${this.#directory}/${key}.json`;
      const info = await Deno.stat(record).catch(() => undefined); // never used on this machine
      return { id: Id, key, record, usedAtMs: info?.mtime?.getTime() ?? Created * 1000 };
    }));
    for (const { key, record } of used.toSorted((a, b) => b.usedAtMs - a.usedAtMs).slice(KEPT)) {
      // Another run may just use it; then the next one removes it.
      await this.#engine.images.remove(this.#name(key), { signal }).catch(() => {});
      await Deno.remove(record).catch(() => {}); // there may be none
    }
  }
}

/** A snapshot that was found. */
export interface Found {
  /** Id of the image. */
  readonly id: string;
  /** Paths below the project that must be there still: they are not in the image. */
  readonly left: readonly string[];
}

/**
 * Makes an image of the file system of a container.
 *
 * @param engine The engine.
 * @param containerId The container; it may run.
 * @param options `name` for the image, else it has none; `labels` in addition to the container's.
 * @returns Its id.
 */
export async function commitContainer(
  engine: EngineClient,
  containerId: string,
  options: {
    readonly name?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const [repo, tag] = options.name?.split(":") ?? [];
  const { Id } = await engine.json<{ Id: string }>({
    method: "POST",
    path: "/commit",
    query: { container: containerId, repo, tag, comment: "superorch buildr prepare" },
    json: { Labels: options.labels },
    signal: options.signal,
  });
  return Id;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
