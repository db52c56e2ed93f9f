import { tarStream } from "../../engine/tar/mod.ts";
import type { Mount } from "../../engine/mod.ts";
import type { PlanNode } from "../plan/model.ts";
import { PROJECT_DIR, SOCKET_PATH } from "./labels.ts";
import { projectEntries, projectFiles } from "./project_files.ts";
import type { RunContext } from "./run_context.ts";
import { type RunningServices, startServices } from "./services.ts";
import { StageContainer } from "./stage_container.ts";

/** Where one attempt of a node runs. */
export interface Place extends AsyncDisposable {
  /** Its container. */
  readonly container: StageContainer;
  /** Whether other stages run in it too. */
  readonly isMain: boolean;
  /** The project on this machine, where the container has that itself and not a copy. */
  readonly boundDirectory: string | undefined;
  /** Where the engine's machine has what is at `/app`, the project or its copy. */
  readonly hostDirectory: string | undefined;
  /** Whether the lines of `prepare` must be run first: nothing of them is in the image. */
  readonly needsPrepare: boolean;
  /** Has the container stay. */
  keep(): void;
}

/** The containers of a run. */
export class Places {
  readonly #context: RunContext;
  readonly #nodes: readonly PlanNode[];
  #main: Promise<StageContainer> | undefined;
  #mainImage: string | undefined;
  /** What fresh containers start from in place of the image, once `prepare` is through. */
  #preparedImage: string | undefined;
  /** What prepare made of a copy of the project, as an archive. */
  #preparedCopy: string | undefined;
  #attempts = 0;
  #mainStarts = 0;
  #mainKept = false;
  /** Containers that were started before their turn. */
  readonly #warm = new Map<string, Promise<StageContainer>>();

  /**
   * Makes nothing yet.
   *
   * @param context The run.
   * @param nodes All that may run in it.
   */
  constructor(context: RunContext, nodes: readonly PlanNode[]) {
    this.#context = context;
    this.#nodes = nodes;
  }

  /** Has the main container, and fresh ones that want it, start from an image. */
  startFrom(imageId: string): void {
    this.#mainImage = imageId;
    this.#preparedImage = imageId;
  }

  /** Has fresh containers that want it start from an image. */
  fanOutFrom(imageId: string): void {
    this.#preparedImage = imageId;
  }

  /** Has copies of the project be made from an archive of `/app`. */
  copyFrom(archive: string): void {
    this.#preparedCopy = archive;
  }

  /** Whether the project itself is in the container of a node, and not a copy. */
  isBound(node: PlanNode): boolean {
    const shared = node.placement.kind === "main" ? this.#mainNodes[0] ?? node : node;
    return this.#context.mount.directory !== undefined && shared.stage.workspace === "bind";
  }

  /**
   * Gets the container for an attempt, with its services, and waits until these are ready.
   *
   * @param node The node.
   * @param signal Ends the attempt.
   */
  async open(node: PlanNode, signal: AbortSignal): Promise<Place> {
    await using stack = new AsyncDisposableStack();
    const services = await this.#services(node, signal);
    if (services !== undefined) stack.use(services);
    const { kind } = node.placement;
    const container = kind === "main"
      ? await this.#openMain(signal)
      : stack.use(await this.#warmOrFresh(node, services?.network, signal));
    if (kind === "main" && services !== undefined) {
      const { networks } = this.#context.engine;
      await networks.connect(services.network, container.id, {}, { signal });
      stack.defer(() => networks.disconnect(services.network, container.id, { force: true }));
    }
    const isBound = this.isBound(node);
    const { mount, plan } = this.#context;
    const hostDirectory = isBound ? mount.directory : await container.sourceOf(PROJECT_DIR, signal);
    const moved = stack.move();
    const { placement, stage } = node;
    const startsOver = placement.kind === "main"
      ? stage.kind !== "prepare" && this.#mainStarts > 1
      : placement.prepared;
    const needsPrepare = startsOver && this.#preparedImage === undefined;
    return {
      container,
      isMain: kind === "main",
      boundDirectory: isBound ? plan.manifest.directory : undefined,
      hostDirectory,
      needsPrepare,
      keep: () => {
        container.keep();
        if (kind === "main") this.#mainKept = true;
      },
      [Symbol.asyncDispose]: () => moved[Symbol.asyncDispose](),
    };
  }

  /**
   * Starts the container of a node before its turn: starting one takes 0.2 s, which a stage whose
   * needs are about to end would wait for. Only where that cannot make a difference: nothing is
   * pulled, no services, and no copy of a project that others still change.
   *
   * @param node One that runs soon, unless what it needs fails.
   */
  warm(node: PlanNode): void {
    const { placement, services, id } = node;
    const { images, signal } = this.#context;
    if (placement.kind !== "fresh" || services.length > 0 || !this.isBound(node)) return;
    const isThere = placement.prepared
      ? this.#preparedImage !== undefined
      : images.isThere(placement.image);
    if (this.#warm.has(id) || !isThere) return;
    const starting = this.#openFresh(node, undefined, signal);
    this.#warm.set(id, starting);
    starting.catch(() => this.#warm.delete(id)); // its turn comes, and then it is told
  }

  /** Removes what was started for a node that does not run. */
  async forget(node: PlanNode): Promise<void> {
    const starting = this.#warm.get(node.id);
    this.#warm.delete(node.id);
    await (await starting?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  /** Kills what runs in the main container, which goes on without. */
  async killPrograms(): Promise<void> {
    const main = await this.#main?.catch(() => undefined);
    await main?.killPrograms().catch(() => this.dropMain()); // it is gone itself
  }

  /** Forgets a main container that does not run any more. */
  async dropMain(): Promise<void> {
    const main = this.#main;
    this.#main = undefined;
    if (!this.#mainKept) await (await main?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  /** Removes the main container, and what was started in vain. */
  async close(): Promise<void> {
    const waiting = this.#nodes.filter(({ id }) => this.#warm.has(id));
    await Promise.all([this.dropMain(), ...waiting.map((node) => this.forget(node))]);
  }

  get #mainNodes(): readonly PlanNode[] {
    return this.#nodes.filter(({ placement }) => placement.kind === "main");
  }

  async #services(node: PlanNode, signal: AbortSignal): Promise<RunningServices | undefined> {
    if (node.services.length === 0) return undefined;
    const { engine, reporter, options, engineName, labels } = this.#context;
    return await startServices(node.services, {
      engine,
      name: engineName(node.id).slice(0, 40),
      labels: labels("service", node.id),
      pull: options.pull ?? "missing",
      note: (message) => reporter.note(message, node.id),
      signal,
    });
  }

  #openMain(signal: AbortSignal): Promise<StageContainer> {
    if (this.#main === undefined) {
      this.#main = this.#startMain(signal);
      this.#main.catch(() => this.#main = undefined);
    }
    return this.#main;
  }

  async #startMain(signal: AbortSignal): Promise<StageContainer> {
    const nodes = this.#mainNodes;
    const [first] = nodes;
    if (first === undefined) throw new TypeError("No stage of the run has the main container");
    // One that takes the place of another one that died has to begin where `prepare` ended.
    const prepared = this.#mainStarts++ > 0 ? this.#preparedImage : undefined;
    const image = this.#mainImage ?? prepared ??
      await this.#context.images.ensure(first.placement.image, signal);
    return await this.#start({
      name: "main",
      image,
      isBound: this.isBound(first),
      hasSocket: nodes.some(({ stage }) => stage.docker),
      hasSecretFiles: nodes.some(hasSecretFiles),
      signal,
    });
  }

  async #warmOrFresh(
    node: PlanNode,
    network: string | undefined,
    signal: AbortSignal,
  ): Promise<StageContainer> {
    const starting = this.#warm.get(node.id);
    this.#warm.delete(node.id);
    return await starting?.catch(() => undefined) ?? await this.#openFresh(node, network, signal);
  }

  async #openFresh(
    node: PlanNode,
    network: string | undefined,
    signal: AbortSignal,
  ): Promise<StageContainer> {
    const { placement, stage } = node;
    const prepared = placement.kind === "fresh" && placement.prepared
      ? this.#preparedImage
      : undefined;
    return await this.#start({
      name: node.id,
      image: prepared ?? await this.#context.images.ensure(placement.image, signal),
      network,
      isBound: this.isBound(node),
      hasSocket: stage.docker,
      hasSecretFiles: hasSecretFiles(node),
      signal,
    });
  }

  async #start(wanted: {
    readonly name: string;
    readonly image: string;
    readonly network?: string;
    readonly isBound: boolean;
    readonly hasSocket: boolean;
    readonly hasSecretFiles: boolean;
    readonly signal: AbortSignal;
  }): Promise<StageContainer> {
    const { engine, mount, options, labels, engineName } = this.#context;
    const { directory, socket } = mount;
    const project: Mount = wanted.isBound && directory !== undefined
      ? { Type: "bind", Source: directory, Target: PROJECT_DIR }
      : { Type: "volume", Target: PROJECT_DIR, VolumeOptions: { NoCopy: true } };
    const mounts: Mount[] = [project];
    if (wanted.hasSocket && socket !== undefined) {
      mounts.push({ Type: "bind", Source: socket, Target: SOCKET_PATH });
    }
    // A second attempt begins while the first one's container is being removed.
    const name = `${engineName(wanted.name)}-${++this.#attempts}`;
    return await StageContainer.start(engine, {
      name,
      image: wanted.image,
      labels: labels("stage", wanted.name),
      mounts,
      hasSecretFiles: wanted.hasSecretFiles,
      keep: (options.keep ?? "never") !== "never",
      ...(wanted.network === undefined ? {} : { network: wanted.network }),
      ...(wanted.isBound ? {} : { fill: (id) => this.#copyProject(id, wanted.signal) }),
    }, wanted.signal);
  }

  async #copyProject(id: string, signal: AbortSignal): Promise<void> {
    const { engine, plan, prepared } = this.#context;
    const { directory } = plan.manifest;
    if (this.#preparedCopy !== undefined) {
      const file = await Deno.open(this.#preparedCopy);
      return await engine.containers.putArchive(id, "/", file.readable, { signal });
    }
    const left = plan.manifest.prepare === undefined ? [] : await prepared.known();
    const paths = new Set([...await projectFiles(directory, signal), ...left]);
    const entries = projectEntries(directory, paths, PROJECT_DIR.slice(1));
    await engine.containers.putArchive(id, "/", tarStream(entries, { signal }), { signal });
  }
}

function hasSecretFiles({ secrets }: PlanNode): boolean {
  return secrets.some((secret) => secret.as === "file");
}
