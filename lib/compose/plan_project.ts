import { connectEngine, type ConnectOptions, type EngineClient } from "../engine/mod.ts";
import {
  type ContainerSpec,
  describeCondition,
  findKept,
  hasDoneItsWork,
  type KeptProject,
  LABEL,
  type NodeSpec,
  planNetwork,
  specHash,
} from "../containers/mod.ts";
import { servicesToBuild } from "./_services_to_build.ts";
import { imageNameOf } from "./_service_image.ts";
import type { UpOptions } from "./up_options.ts";
import { select, type Selection, serviceOf, type UpTarget } from "./up_target.ts";

/** What would become of one container or command. */
export interface PlanNode {
  /** Its name. */
  readonly name: string;
  /** The service that it belongs to. */
  readonly service: string;
  /** What it is. */
  readonly kind: "container" | "command";
  /** Reference of its image, or its command line. */
  readonly origin: string;
  /** What has to be done for its image; `null` for a command, and where no engine tells. */
  readonly image: "there" | "pull" | "build" | "missing" | null;
  /** What would be done; `null` where no engine tells. */
  readonly action: "create" | "keep" | "recreate" | "run" | null;
  /** 0 for those that wait for nothing, else one more than the latest that it waits for. */
  readonly wave: number;
  /** What it waits for, and the condition in words. */
  readonly after: readonly { readonly name: string; readonly condition: string }[];
}

/** What bringing a project up would do. */
export interface ProjectPlan {
  /** Name of the project. */
  readonly name: string;
  /** Whether it would be left running. */
  readonly detach: boolean;
  /** The engine that was asked; `null` when none answers. */
  readonly engine: string | null;
  /** By wave. */
  readonly nodes: readonly PlanNode[];
  /** Containers of the project that it does not have any more. */
  readonly orphans: readonly string[];
}

/** How a plan is made: as the project would be brought up. */
export interface PlanOptions
  extends Pick<UpOptions, "only" | "noDeps" | "scale" | "pull" | "build" | "detach" | "signal"> {
  /** The engine; it is not closed. Default: found as `docker` finds it. */
  readonly engine?: EngineClient;
  /** Where to look for an engine. */
  readonly connect?: ConnectOptions;
}

/**
 * Finds out what bringing a project up would do. It asks the engine, and changes nothing there; where
 * none answers, the plan is made without.
 *
 * @param target What `loadComposeProject` or `loadNetworkModule` gave.
 * @param options As for `upProject`.
 * @returns The plan.
 * @throws {ComposeInputError} for options that the project cannot fulfil.
 * @example
 * ```ts no-eval
 * import { loadComposeProject, planProject } from "@superorch/superorch/compose";
 *
 * const { nodes } = await planProject(await loadComposeProject(), { detach: true });
 * console.log(nodes.map(({ name, action }) => `${action} ${name}`));
 * ```
 */
export async function planProject(
  target: UpTarget,
  options: PlanOptions = {},
): Promise<ProjectPlan> {
  const { detach = false, signal } = options;
  const names = detach ? "project" : "run";
  const selection = select(target, { ...options, names, build: false });
  await using stack = new AsyncDisposableStack();
  const engine = await reach(stack, options);
  const kept = engine && detach ? await findKept(engine, selection.name, { signal }) : undefined;
  const services = selection.specs.map(({ name }) => serviceOf(selection.services, name));
  const build = engine === undefined ? [] : await servicesToBuild(
    engine,
    target,
    [...new Set(services)],
    options.build === true,
    signal,
  );
  const context = { engine, kept, build, selection, detach, target, signal };
  const nodes = await Promise.all(
    planNetwork(selection.name, selection.specs).map(async ({ spec, wave, after }) => {
      const service = serviceOf(selection.services, spec.name);
      return {
        name: spec.name,
        service,
        kind: spec.kind,
        ...await fateOf(spec, service, context),
        wave,
        after: after.map(({ name, condition }) => ({
          name,
          condition: describeCondition(condition),
        })),
      };
    }),
  );
  const known = new Set([...selection.services.values()].flat());
  return {
    name: selection.name,
    detach,
    engine: engine?.host ?? null,
    nodes,
    orphans: [...kept?.containers.keys() ?? []].filter((name) => !known.has(name)),
  };
}

interface FateContext {
  readonly engine: EngineClient | undefined;
  readonly kept: KeptProject | undefined;
  readonly build: readonly string[];
  readonly selection: Selection;
  readonly target: UpTarget;
  readonly signal: AbortSignal | undefined;
}

async function fateOf(
  spec: NodeSpec,
  service: string,
  context: FateContext,
): Promise<Pick<PlanNode, "origin" | "image" | "action">> {
  if (spec.kind === "command") return { origin: String(spec.command), image: null, action: "run" };
  const { engine, kept, build, selection, target, signal } = context;
  const origin = spec.image.kind === "reference"
    ? spec.image.reference
    : "model" in target
    ? imageNameOf(target, service)
    : spec.image.path ?? "Dockerfile";
  if (engine === undefined) return { origin, image: null, action: null };
  const isBuilt = spec.image.kind === "dockerfile" || build.includes(service);
  const imageId = isBuilt ? undefined : (await engine.images.find(origin, { signal }))?.Id;
  const there = kept?.containers.get(spec.name);
  return {
    origin,
    image: isBuilt ? "build" : imageOf(spec, imageId),
    action: there === undefined ? "create" : imageId !== undefined && spec.pull !== "always" &&
        (there.State === "running" || hasDoneItsWork(spec.name, there, selection.specs)) &&
        there.Labels[LABEL.spec] === await specHash(spec, imageId)
      ? "keep"
      : "recreate",
  };
}

function imageOf({ pull }: ContainerSpec, imageId: string | undefined): PlanNode["image"] {
  if (pull === "always") return "pull";
  if (imageId !== undefined) return "there";
  return pull === "never" ? "missing" : "pull";
}

async function reach(
  stack: AsyncDisposableStack,
  { engine, connect, signal }: PlanOptions,
): Promise<EngineClient | undefined> {
  if (engine !== undefined) return engine;
  try {
    return stack.use(await connectEngine({ ...connect, signal }));
  } catch (error) {
    signal?.throwIfAborted();
    if ((error as Error).name === "EngineUnreachableError") return undefined;
    throw error;
  }
}
