import type { PlanNode } from "../plan/model.ts";
import type { ArtifactStore } from "./artifacts.ts";
import { leadsInside } from "./leads_inside.ts";
import { lstatIfThere } from "./project_files.ts";

/**
 * Artifacts that are in the project only for as long as a run: a stage that works in the project
 * itself gets what a stage with a copy has made, and nothing of it stays. What is there already is
 * never touched.
 */
export class ProjectGuests {
  readonly #directory: string;
  readonly #artifacts: ArtifactStore;
  readonly #made: string[] = [];
  #working: Promise<void> = Promise.resolve();

  /**
   * Touches nothing yet.
   *
   * @param directory The project.
   * @param artifacts Where they are.
   */
  constructor(directory: string, artifacts: ArtifactStore) {
    this.#directory = directory;
    this.#artifacts = artifacts;
  }

  /** Puts what a node has handed on into the project. */
  async bring(node: PlanNode): Promise<void> {
    this.#working = this.#working.then(() => this.#bring(node));
    await this.#working;
  }

  /** Takes all of it out again. */
  async leave(): Promise<void> {
    for (const path of this.#made.reverse()) {
      try {
        await Deno.remove(`${this.#directory}/${path}`);
      } catch (error) {
        // A stage removed it, or put something of its own into the directory.
        if (!(error instanceof Deno.errors.NotFound) && !isNotEmpty(error)) throw error;
      }
    }
  }

  async #bring(node: PlanNode): Promise<void> {
    const source = this.#artifacts.directoryOf(node);
    for (const file of await this.#artifacts.filesOf(node)) {
      if (await lstatIfThere(`${this.#directory}/${file}`) !== undefined) continue;
      const info = await lstatIfThere(`${source}/${file}`);
      if (info === undefined) continue;
      const fail = (why: string): never => {
        throw new Error(
          `Cannot put the artifact "${file}" of "${node.id}" into the project: ${why}`,
        );
      };
      if (!await leadsInside(this.#directory, file)) fail("a link leads out of it");
      const parts = file.split("/").slice(0, -1);
      for (let depth = 1; depth <= parts.length; depth++) {
        const parent = parts.slice(0, depth).join("/");
        if (!await this.#makeDirectory(parent)) fail(`"${parent}" is no directory`);
      }
      const target = `${this.#directory}/${file}`;
      if (info.isSymlink) await Deno.symlink(await Deno.readLink(`${source}/${file}`), target);
      else await Deno.copyFile(`${source}/${file}`, target);
      this.#made.push(file);
    }
  }

  async #makeDirectory(path: string): Promise<boolean> {
    const full = `${this.#directory}/${path}`;
    if (await lstatIfThere(full) !== undefined) {
      return await Deno.stat(full).then(({ isDirectory }) => isDirectory, () => false);
    }
    await Deno.mkdir(full);
    this.#made.push(path);
    return true;
  }
}

function isNotEmpty(error: unknown): boolean {
  return error instanceof Error && /not empty/i.test(error.message);
}
