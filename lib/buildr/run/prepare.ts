import type { PlanNode } from "../plan/model.ts";
import { PROJECT_DIR } from "./labels.ts";
import type { Place, Places } from "./places.ts";
import { describe } from "./node_runner.ts";
import type { RunContext } from "./run_context.ts";
import { commitContainer, snapshotKey } from "./snapshots.ts";

/** What `prepare` means for everything after it: done once, and everybody starts from there. */
export class Prepare {
  readonly #context: RunContext;
  readonly #places: Places;
  readonly #nodes: readonly PlanNode[];
  #key: string | undefined;
  /** An image of this run alone. */
  #image: string | undefined;
  #copy: string | undefined;

  /**
   * Makes nothing yet.
   *
   * @param context The run.
   * @param places Its containers.
   * @param nodes All that may run in it.
   */
  constructor(context: RunContext, places: Places, nodes: readonly PlanNode[]) {
    this.#context = context;
    this.#places = places;
    this.#nodes = nodes;
  }

  /**
   * Looks for a snapshot of an earlier run that can stand for this `prepare`.
   *
   * @param node The `prepare` of the plan.
   * @returns Why it need not run; `undefined` when it must.
   */
  async skip(node: PlanNode): Promise<string | undefined> {
    const { snapshot } = node.stage;
    if (snapshot === undefined) return undefined;
    const { plan, images, snapshots, prepared, reporter, signal } = this.#context;
    if (node.secrets.length > 0) {
      reporter.note("prepare has secrets: no snapshot is made of it", node.id, "warning");
      return undefined;
    }
    if (!this.#places.isBound(node)) {
      reporter.note("prepare works on a copy of the project: no snapshot is made", node.id);
      return undefined;
    }
    const { hashFiles } = await import("../plan/hash_files.ts");
    const inputs = await hashFiles(plan.manifest.directory, snapshot.inputs, { signal });
    const imageId = await images.ensure(node.placement.image, signal);
    this.#key = await snapshotKey(plan, node, imageId, inputs);
    const found = await snapshots.find(this.#key, signal);
    if (found === undefined) return undefined;
    const gone = await prepared.missing(found.left);
    if (gone !== undefined) {
      reporter.note(`prepare runs again: "${gone}", which it had made, is gone`, node.id);
      return undefined;
    }
    this.#places.startFrom(found.id);
    return `snapshot ${this.#key}: its image, its lines and its inputs are unchanged`;
  }

  /**
   * Keeps what `prepare` made, for other containers of this run and for the next one.
   *
   * @param node The `prepare` of the plan.
   * @param place Where it ran.
   * @param beganAtMs When it began.
   */
  async keep(node: PlanNode, place: Place, beganAtMs: number): Promise<void> {
    const { engine, labels, snapshots, prepared, reporter, signal } = this.#context;
    const left = place.boundDirectory === undefined ? [] : await prepared.note(beganAtMs, signal);
    const others = this.#nodes.filter(({ placement }) => placement.kind === "fresh");
    if (place.boundDirectory === undefined && others.length > 0) await this.#keepCopy(place);
    const { id: containerId } = place.container;
    if (this.#key !== undefined) {
      try {
        const options = { labels: labels("snapshot", "prepare"), left, signal };
        this.#places.fanOutFrom(await snapshots.make(this.#key, containerId, options));
        return;
      } catch (error) {
        signal.throwIfAborted();
        reporter.note(`no snapshot is kept: ${describe(error)}`, node.id, "warning");
      }
    }
    const wanted = others.some(({ placement }) => placement.kind === "fresh" && placement.prepared);
    if (!wanted || node.secrets.length > 0) return;
    this.#image = await commitContainer(engine, containerId, {
      labels: labels("prepared", "prepare"),
      signal,
    });
    this.#places.fanOutFrom(this.#image);
  }

  /** Removes what was only for this run; all containers must be gone. */
  async forget(signal: AbortSignal): Promise<void> {
    if (this.#copy !== undefined) await Deno.remove(this.#copy);
    if (this.#image === undefined) return;
    await this.#context.engine.images.remove(this.#image, { force: true, signal });
  }

  async #keepCopy(place: Place): Promise<void> {
    const { engine, signal } = this.#context;
    this.#copy = await Deno.makeTempFile({ prefix: "buildr-", suffix: ".tar" });
    const archive = await engine.containers.getArchive(place.container.id, PROJECT_DIR, { signal });
    await Deno.writeFile(this.#copy, archive, { signal });
    this.#places.copyFrom(this.#copy);
  }
}
