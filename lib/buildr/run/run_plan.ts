import { LABEL } from "../../containers/labels.ts";
import { cleanupSignal } from "../../containers/patience.ts";
import { watchWaysOut } from "../../containers/lifeline.ts";
import { NetworkIdentity, newRunId } from "../../containers/network_identity.ts";
import { formatOwner, identifyProcess } from "../../containers/owner.ts";
import { sweepDeadOwners } from "../../containers/sweep.ts";
import {
  connectEngine,
  type EngineClient,
  type ReadEnv,
  stateDirectory,
} from "../../engine/mod.ts";
import { isTimeout } from "../../errors/mod.ts";
import { FileLock } from "../../files/mod.ts";
import { Deadline } from "../../retry/mod.ts";
import type { Secret } from "../manifest/model.ts";
import type { PlanNode, RunPlan } from "../plan/model.ts";
import { ArtifactStore, outDirectoryOf } from "./artifacts.ts";
import { CacheStore, shortHash } from "./cache_store.ts";
import { Images } from "./images.ts";
import { BUILDR_LABEL, engineWord } from "./labels.ts";
import { describe, NodeRunner } from "./node_runner.ts";
import type { RunPlanOptions } from "./options.ts";
import { Places } from "./places.ts";
import { Prepare } from "./prepare.ts";
import { PreparedFiles } from "./prepared_files.ts";
import { ProjectGuests } from "./project_guests.ts";
import { projectMount } from "./project_mount.ts";
import { type MaskerFactory, RunReporter } from "./reporter.ts";
import type { NodeResult, RunResult, RunStatus } from "./result.ts";
import type { RunContext } from "./run_context.ts";
import { schedule } from "./schedule.ts";
import { SnapshotStore } from "./snapshots.ts";

/** What `after` may take once the run itself is out of time. */
const AFTER_MS = 60_000;
/** What it may take when somebody waits for the run to end: less than a person's patience. */
const AFTER_ABORT_MS = 5_000;

/**
 * Runs a plan: containers are made, scripts are run in them, and nothing is left but what the plan
 * asks for.
 *
 * Whatever ends this process, kill -9 included, ends its containers too. What other dead runs left
 * is swept meanwhile.
 *
 * Permissions: those of the engine; `--allow-read` and `--allow-write` of the project, the cache and
 * the state directory; `--allow-run=git`, and of Deno for services; `--allow-env`; `--allow-sys`.
 * With `--allow-all` what dead runs left is swept.
 *
 * @param plan What to run, from `planRun`.
 * @param options How.
 * @returns How every stage ended; a stage that fails is no error.
 * @throws {EngineUnreachableError} when there is no engine; nothing was made.
 * @throws {SecretError} when a secret cannot be opened; nothing was made.
 * @throws {unknown} what a listener threw, once everything is cleaned up.
 * @example
 * ```ts no-eval
 * import { loadManifest, planRun, runPlan } from "@superorch/superorch/buildr";
 *
 * const manifest = await loadManifest({ path: "." });
 * const result = await runPlan(planRun(manifest), {
 *   onOutput: (_stage, _stream, bytes) => Deno.stdout.write(bytes),
 * });
 * console.log(result.status, result.nodes.map(({ id, status }) => `${id} ${status}`));
 * ```
 */
export async function runPlan(plan: RunPlan, options: RunPlanOptions = {}): Promise<RunResult> {
  const startedAtMs = Date.now();
  const begin = performance.now();
  const broken = new AbortController();
  using outer = Deadline.after(undefined, { signal: options.signal });
  using deadline = outer.child(options.timeoutMs, { signal: broken.signal, what: "the run" });
  const { signal } = deadline;
  const active = [...plan.nodes, ...plan.after === undefined ? [] : [plan.after]]
    .filter(({ skip }) => skip === undefined);
  const secrets = await secretsOf(active, plan, options, signal);
  const newMasker = await maskerFactory([...secrets.values()]);
  const run = newRunId();
  const reporter = new RunReporter(options, newMasker, (error) => broken.abort(error));
  reporter.emit({
    type: "run_started",
    run,
    manifest: plan.manifest.source.file,
    directory: plan.manifest.directory,
    nodes: plan.nodes.map(({ id }) => id),
  });
  for (const { message } of plan.warnings) reporter.note(message, undefined, "warning");
  await using stack = new AsyncDisposableStack();
  let nodes: readonly NodeResult[];
  try {
    const needsEngine = plan.nodes.some(({ skip }) => skip === undefined);
    const engine = !needsEngine
      ? undefined
      : options.engine ?? stack.use(await connectEngine({ ...options.connect, signal }));
    const parts = { plan, options, run, reporter, secrets, startedAtMs, active };
    nodes = engine === undefined
      ? plan.nodes.map((node) => skipped(reporter, node, node.skip?.message ?? ""))
      : await runOnEngine({ ...parts, engine }, signal);
  } catch (error) {
    // Ended before anything began: while an engine was looked for.
    if (!signal.aborted) throw error;
    nodes = plan.nodes.map((node) => skipped(reporter, node, "the run was ended"));
  }
  const { status, exitCode } = outcomeOf(plan, nodes, signal);
  const result: RunResult = {
    run,
    status,
    exitCode,
    startedAt: new Date(startedAtMs).toISOString(),
    wallMs: Math.round(performance.now() - begin),
    nodes,
  };
  await reporter.emit({ type: "run_finished", result });
  // The caller's own listener failed: everything is cleaned up, and it gets its error back.
  broken.signal.throwIfAborted();
  return result;
}

interface Parts {
  readonly plan: RunPlan;
  readonly options: RunPlanOptions;
  readonly engine: EngineClient;
  readonly run: string;
  readonly reporter: RunReporter;
  readonly secrets: ReadonlyMap<string, string>;
  readonly startedAtMs: number;
  readonly active: readonly PlanNode[];
}

async function runOnEngine(parts: Parts, signal: AbortSignal): Promise<readonly NodeResult[]> {
  const { plan, options, engine, run, reporter, active } = parts;
  const context = await makeContext(parts, signal);
  const { artifacts } = context;
  const places = new Places(context, active);
  const prepare = new Prepare(context, places, active);
  const guests = new ProjectGuests(plan.manifest.directory, artifacts);
  const ending: Promise<unknown>[] = [];
  const later = (work: PromiseLike<unknown>) => {
    const warn = (error: unknown) => reporter.note(describe(error), undefined, "warning");
    ending.push(Promise.resolve(work).catch(warn));
  };
  later(sweep(engine, reporter, signal));
  // The containers end with this process by themselves; an image does not.
  const makesImage = active.some(({ placement }) =>
    placement.kind === "fresh" && placement.prepared
  );
  const lifeline = makesImage ? await watchWaysOut(engine, run, undefined) : undefined;
  await artifacts.expire();
  const results: NodeResult[] = [];
  let after: NodeResult | undefined;
  const statusNow = () => outcomeOf(plan, results, signal).status;
  const jobs = options.jobs ?? defaultJobs();
  const begun = new Set<string>();
  // What only waits for stages that run already has its container started meanwhile.
  const warmNext = () => {
    const ended = new Set(results.map(({ id }) => id));
    const soon = plan.nodes.filter(({ id, skip, needs, stage }) =>
      skip === undefined && !begun.has(id) && !["failure", "always"].includes(stage.when.status) &&
      needs.some((need) => begun.has(need.id) && !ended.has(need.id)) &&
      needs.every((need) => begun.has(need.id) || ended.has(need.id) || isPassedOver(need.id))
    );
    for (const node of soon.slice(0, jobs)) places.warm(node);
  };
  const isPassedOver = (id: string) =>
    plan.nodes.some((node) => node.id === id && node.skip !== undefined);
  const runner = new NodeRunner({
    context,
    places,
    guests,
    status: statusNow,
    later,
    onBegun: (node) => {
      begun.add(node.id);
      warmNext();
    },
    onPassed: async (node, place, beganAtMs) => {
      if (node.stage.kind === "prepare") await prepare.keep(node, place, beganAtMs);
    },
  });
  const skip = (node: PlanNode, reason: string) => {
    later(places.forget(node));
    return skipped(reporter, node, reason);
  };
  try {
    const ended = await schedule(plan.nodes, {
      jobs,
      skip,
      signal,
      enter: (node) => enterGroup(node, context),
      fail: (node, error) => {
        const result = runner.fail(node, error);
        results.push(result);
        return result;
      },
      run: async (node, queuedMs) => {
        const result = await runNode(node, queuedMs);
        results.push(result);
        return result;
      },
    });
    const inOrder = plan.nodes.flatMap(({ id }) => ended.get(id) ?? []);
    const wasRun = inOrder.some(({ status }) => status !== "skipped");
    const isWanted = !wasInterrupted(signal) || options.afterAbort?.(signal.reason) === true;
    if (plan.after !== undefined && wasRun && isWanted) {
      // What was cut off goes on in the container that it may share with them.
      if (signal.aborted) await places.killPrograms();
      after = await runAfter(plan.after);
    }
    return after === undefined ? inOrder : [...inOrder, after];
  } finally {
    later(places.close());
    while (ending.length > 0) await Promise.all(ending.splice(0));
    later(guests.leave());
    later(prepare.forget(cleanupSignal()));
    while (ending.length > 0) await Promise.all(ending.splice(0));
    await lifeline?.release();
  }

  async function runNode(node: PlanNode, queuedMs: number): Promise<NodeResult> {
    if (node.stage.kind === "prepare") {
      try {
        const reason = await prepare.skip(node);
        if (reason !== undefined) return skip(node, reason);
      } catch (error) {
        // The run of the stage itself meets the same, and tells it.
        if (!signal.aborted) reporter.note(describe(error), node.id, "warning");
      }
    }
    return await runner.run(node, queuedMs, signal);
  }

  async function runAfter(node: PlanNode): Promise<NodeResult> {
    if (node.skip !== undefined) return skip(node, node.skip.message);
    // It also tells of a run that has used up its time, or that nobody wants any more.
    const limitMs = wasInterrupted(signal) ? AFTER_ABORT_MS : AFTER_MS;
    using own = Deadline.after(signal.aborted ? limitMs : undefined, {
      signal: signal.aborted ? undefined : signal,
      what: "after",
    });
    return await runner.run(node, 0, own.signal);
  }
}

async function makeContext(parts: Parts, signal: AbortSignal): Promise<RunContext> {
  const { plan, options, engine, run, reporter, secrets, startedAtMs } = parts;
  const env = options.env ?? Deno.env.get;
  const { directory } = plan.manifest;
  const project = await shortHash(options.project ?? directory);
  const word = engineWord(directory.split("/").at(-1) ?? "");
  const identity = new NetworkIdentity(`buildr-${word}`, {
    runId: run,
    owner: formatOwner(await identifyProcess()),
    unique: true,
    lifetime: "owner",
  });
  const mount = projectMount(engine, directory, env, options.dockerSocket);
  if (mount.reason !== undefined) {
    reporter.note(`${mount.reason}: stages work on a copy of the project`);
  }
  return {
    run,
    plan,
    options,
    env,
    engine,
    mount,
    secrets,
    reporter,
    startedAtMs,
    signal,
    images: new Images(engine, options.pull ?? "missing", (message) => reporter.note(message)),
    artifacts: new ArtifactStore(options.outDirectory ?? outDirectoryOf(directory)),
    caches: new CacheStore(project, env),
    snapshots: new SnapshotStore(engine, project, env),
    prepared: new PreparedFiles(directory, project, env),
    engineName: (name) => `${identity.name}-${engineWord(name)}-${run.slice(0, 8)}`,
    labels: (kind, name) => ({
      ...identity.labels(name),
      [BUILDR_LABEL.kind]: kind,
      [BUILDR_LABEL.directory]: directory,
      ...(options.buildId === undefined ? {} : { [BUILDR_LABEL.build]: options.buildId }),
      [LABEL.lifetime]: "owner",
    }),
  };
}

async function secretsOf(
  active: readonly PlanNode[],
  plan: RunPlan,
  options: RunPlanOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const wanted = new Map<string, Secret>();
  for (const { secrets } of active) for (const secret of secrets) wanted.set(secret.name, secret);
  const known = new Map([...options.secrets ?? []].filter(([name]) => wanted.has(name)));
  const closed = [...wanted.values()].filter(({ name }) => !known.has(name));
  if (closed.length === 0) return known;
  const { openSecrets } = await import("../secrets/open.ts");
  const { directory } = plan.manifest;
  const env = options.env === undefined ? {} : { env: readAll(options.env, closed) };
  return new Map([...known, ...await openSecrets(closed, { ...env, directory, signal })]);
}

/** What opening secrets may look at. */
function readAll(env: ReadEnv, secrets: readonly Secret[]): Readonly<Record<string, string>> {
  const names = [
    "HOME",
    "XDG_CONFIG_HOME",
    "BUILDR_AGE_KEY",
    "BUILDR_AGE_KEY_FILE",
    ...secrets.flatMap(({ from }) => from.kind === "env" ? [from.variable] : []),
  ];
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = env(name);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

async function maskerFactory(values: readonly string[]): Promise<MaskerFactory> {
  if (values.length === 0) return () => undefined;
  const { Masker } = await import("../secrets/masker.ts");
  return () => new Masker(values);
}

async function sweep(
  engine: EngineClient,
  reporter: RunReporter,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { removed } = await sweepDeadOwners(engine, { signal });
    if (removed.length === 0) return;
    const names = removed.map(({ name }) => name).join(", ");
    reporter.note(`removed what dead runs left: ${names}`);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function enterGroup(
  { id, concurrency = "" }: PlanNode,
  { env, reporter, signal }: RunContext,
): Promise<AsyncDisposable> {
  const name = await shortHash(concurrency);
  try {
    return await FileLock.acquire(`${stateDirectory(env)}/buildr/concurrency/${name}.lock`, {
      parents: true,
      purpose: `buildr concurrency ${concurrency}`,
      signal,
      onWait: () => reporter.note(`waits for another stage of "${concurrency}"`, id),
    });
  } catch (cause) {
    throw new Error(`Cannot take turns with the others of "${concurrency}"`, { cause });
  }
}

function skipped(reporter: RunReporter, node: PlanNode, reason: string): NodeResult {
  const { id, stage, row } = node;
  const result: NodeResult = {
    id,
    stage: stage.name,
    ...(row === undefined ? {} : { row }),
    status: "skipped",
    reason,
    attempts: 0,
    queuedMs: 0,
    wallMs: 0,
  };
  reporter.emit({ type: "stage_skipped", node: id, result });
  return result;
}

// A run that has used up its own time is no interruption.
function wasInterrupted(signal: AbortSignal): boolean {
  return signal.aborted && !isTimeout(signal.reason);
}

function outcomeOf(
  plan: RunPlan,
  results: readonly NodeResult[],
  signal: AbortSignal,
): { readonly status: RunStatus; readonly exitCode: number } {
  if (wasInterrupted(signal)) return { status: "canceled", exitCode: 130 };
  if (signal.aborted) return { status: "timeout", exitCode: 124 };
  const bad = results.filter(({ status, id }) =>
    status !== "passed" && status !== "allowed" && status !== "skipped" && id !== plan.after?.id
  );
  // The first that ended, as everything after it may be its consequence.
  const endOf = ({ startedAt, wallMs }: NodeResult) => Date.parse(startedAt ?? "") + wallMs;
  const first = bad.toSorted((a, b) => endOf(a) - endOf(b))[0];
  if (first === undefined) return { status: "passed", exitCode: 0 };
  const isPrepare = plan.nodes.find(({ id }) => id === first.id)?.stage.kind === "prepare";
  if (first.status === "error" || isPrepare) return { status: "error", exitCode: 255 };
  if (first.status === "timeout") return { status: "timeout", exitCode: 124 };
  return { status: "failed", exitCode: 1 };
}

/** Two processors run four containers that wait as fast as two. */
function defaultJobs(): number {
  return Math.max(4, navigator.hardwareConcurrency);
}
