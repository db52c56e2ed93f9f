import { connectEngine } from "../engine/mod.ts";
import { planNetwork } from "../containers/mod.ts";
import { servicesToBuild } from "./_services_to_build.ts";
import { upAttached } from "./_up_attached.ts";
import { upKept } from "./_up_kept.ts";
import { ComposeInputError } from "./errors.ts";
import type { UpOptions, UpResult } from "./up_options.ts";
import { select, type Selection, serviceOf, type UpTarget } from "./up_target.ts";

/**
 * Brings a project up.
 *
 * Attached, which is the default, it is a run of its own: it settles when everything has ended, and
 * removes what it made on every way out, the death of this process included. With `detach` it
 * settles when everything runs, and leaves it running under the project's name: whoever does the
 * same again changes only what has changed.
 *
 * Permissions: those of `containers`.
 *
 * @param target What `loadComposeProject` or `loadNetworkModule` gave.
 * @param options How.
 * @returns How it went; a failure of a service is a result, not an exception.
 * @throws {ComposeInputError} for options that the project cannot fulfil; nothing is made then.
 * @throws {EngineUnreachableError} when there is no engine.
 * @throws {unknown} the reason of `signal`, when everything has been cleaned up.
 * @example
 * ```ts no-eval
 * import { loadComposeProject, upProject } from "@superorch/superorch/compose";
 *
 * const { exitCode, failure } = await upProject(await loadComposeProject(), {
 *   exitCodeFrom: "tests",
 *   onEvent: (event) => event.kind === "node" && console.log(event.name, event.state),
 * });
 * if (failure !== undefined) console.error(failure.message);
 * Deno.exit(exitCode);
 * ```
 */
export async function upProject(target: UpTarget, options: UpOptions = {}): Promise<UpResult> {
  const { only, noDeps, scale, pull, signal, detach = false } = options;
  const form = { only, noDeps, scale, pull, names: detach ? "project" : "run" } as const;
  const first = select(target, { ...form, build: false });
  check(first, options);
  await using stack = new AsyncDisposableStack();
  const engine = options.engine ??
    stack.use(await connectEngine({ ...options.connect, signal }));
  const chosen = new Set(first.specs.map(({ name }) => serviceOf(first.services, name)));
  const build = await servicesToBuild(engine, target, [...chosen], options.build === true, signal);
  const selection = build.length === 0 ? first : select(target, { ...form, build });
  options.onEvent?.({
    kind: "project",
    name: selection.name,
    nodes: planNetwork(selection.name, selection.specs).map(({ spec, after }) => ({
      name: spec.name,
      service: serviceOf(selection.services, spec.name),
      after: after.map(({ name }) => name),
    })),
  });
  return detach
    ? await upKept(engine, selection, options)
    : await upAttached(engine, selection, options);
}

function check({ name, specs, services }: Selection, options: UpOptions): void {
  const { exitCodeFrom, detach, abortOnFailure, logDir } = options;
  const refuse = (what: string): never => {
    throw new ComposeInputError(`Cannot bring up "${name}" ${what}`);
  };
  if (specs.length === 0) refuse("without a service: none is chosen or has a container");
  if (exitCodeFrom !== undefined) {
    const nodes = services.get(exitCodeFrom);
    if (nodes === undefined || !specs.some((spec) => nodes.includes(spec.name))) {
      refuse(`with the exit code of "${exitCodeFrom}": it is none of the services that are chosen`);
    }
  }
  if (detach !== true) return;
  if (exitCodeFrom !== undefined) refuse("detached with the exit code of a service: nobody waits");
  if (abortOnFailure === true) refuse("detached and end it on a failure: nobody watches");
  if (logDir !== undefined) refuse("detached with a log directory: nobody is there to write to it");
  for (const spec of specs) {
    if (spec.kind === "container") continue;
    refuse(`detached: host command "${spec.name}" ends with this process`);
  }
}
