import type { RunPlan } from "../lib/buildr/plan/model.ts";
import { githubAnnotations } from "../lib/buildr/report/github.ts";
import { junitXml } from "../lib/buildr/report/junit.ts";
import type { RunEvent } from "../lib/buildr/run/events.ts";
import type { RunPlanOptions, StageSession } from "../lib/buildr/run/options.ts";
import type { NodeResult, RunResult } from "../lib/buildr/run/result.ts";
import { runPlan } from "../lib/buildr/run/run_plan.ts";
import { BuildrConsole } from "./_buildr_console.ts";
import type { RunFlags } from "./_buildr_flags.ts";
import { type Interrupt, listenToInterrupts } from "./_interrupt.ts";
import { secretsFrom } from "./_buildr_plan.ts";
import { RunLog } from "./_buildr_run_log.ts";
import { formatJsonLine, type Output } from "./output.ts";
import { shellQuote } from "./own_command.ts";
import { UsageError } from "./usage_error.ts";

/** What is different from a plain run. */
export interface ExecuteOptions {
  /** Done in place of the lines of a stage. */
  readonly insteadOfScript?: RunPlanOptions["insteadOfScript"];
  /** Ends the run beside the signals of this process. */
  readonly signal?: AbortSignal;
  /** Signals of this process, where somebody listens already. */
  readonly interrupt?: Interrupt;
}

/**
 * Runs a plan and shows it.
 *
 * @param plan What to run.
 * @param flags How.
 * @param output Where it is shown.
 * @param options What is different from a plain run.
 * @returns The exit code.
 */
export async function executeRun(
  plan: RunPlan,
  flags: RunFlags,
  output: Output,
  options: ExecuteOptions = {},
): Promise<number> {
  requireTerminal(flags);
  const secrets = await secretsFrom(flags.secretFile, plan);
  const shown = flags.color === false ? withoutColour(output) : output;
  using own = options.interrupt === undefined
    ? listenToInterrupts(() => say(shown, flags, "stopping; a second Ctrl-C does not wait for it"))
    : undefined;
  const interrupt = options.interrupt ?? own;
  const jobs = flags.jobs ?? Math.max(4, navigator.hardwareConcurrency);
  const console = new BuildrConsole(shown, plan, {
    jobs,
    quiet: flags.quiet === true,
    verbose: flags.verbose === true,
    debug: flags.debug === true,
    timestamps: flags.timestamps === true,
    again: (node) => rerunWords(node, flags),
  });
  // Before the run: nobody wants to learn at its end that there is no place for its report.
  if (flags.junit !== undefined) {
    await makeDirectory(flags.junit.slice(0, Math.max(0, flags.junit.lastIndexOf("/"))), "report");
  }
  if (flags.logDir !== undefined) await makeDirectory(flags.logDir, "logs");
  using log = await RunLog.open(plan.manifest.path, flags.logDir, (message) => {
    shown.err.write(`Warning: ${message}\n`);
  });
  const closed = new AbortController();
  // Nobody reads any more: the run is ended, and the reason told at the end.
  const guarded = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      closed.abort(error);
      return undefined;
    }
  };
  const signals = [interrupt?.signal, options.signal, closed.signal].filter((one) =>
    one !== undefined
  );
  const json = flags.json === true;
  const running = runPlan(plan, {
    secrets,
    jobs,
    signal: anyOf(signals),
    // Not where a file has changed, and the next run begins.
    afterAbort: () => interrupt?.signal.aborted === true && !closed.signal.aborted,
    ...(options.insteadOfScript === undefined ? {} : { insteadOfScript: options.insteadOfScript }),
    ...(flags.pull === undefined ? {} : { pull: flags.pull }),
    ...(flags.keep === undefined ? {} : { keep: flags.keep }),
    ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout }),
    ...socketOptions(flags.dockerSock),
    onEvent: (event: RunEvent) => {
      if (json) return guarded(() => shown.out.write(formatJsonLine(event)));
      if (event.type !== "output") return guarded(() => console.take(event));
    },
    onOutput: (node, stream, bytes) => {
      log.write(node, bytes);
      if (!json) return guarded(() => console.write(node, stream, bytes));
    },
    ...(flags.shellOnFailure !== true
      ? {}
      : { onFailure: (session) => console.hold(() => openShell(session, shown)) }),
  });
  const result = await running.catch((error) => {
    if (interrupt?.exitCode !== undefined) return undefined; // before anything began
    throw error;
  });
  if (result === undefined) return interrupt?.exitCode ?? 130;
  log.finish({ manifest: plan.manifest.path, result });
  await writeReports(result, plan, flags, shown);
  if (closed.signal.aborted) throw closed.signal.reason;
  return interrupt?.exitCode ?? result.exitCode;
}

/**
 * Opens a shell in the container of a stage.
 *
 * @param session Where.
 * @param output Is told what it is.
 * @returns The exit code of the shell.
 */
export async function openShell(session: StageSession, output: Output): Promise<number> {
  const { execInteractively } = await import("../lib/containers/interactive_exec.ts");
  const { engine, containerId, node, env, workdir, user, signal } = session;
  output.err.write(`A shell in the container of "${node}"; leave it with exit\n`);
  const { execInContainer } = await import("../lib/containers/exec.ts");
  const { exitCode } = await execInContainer(engine, containerId, ["sh", "-c", "command -v bash"], {
    signal,
  });
  return await execInteractively(engine, containerId, [exitCode === 0 ? "bash" : "sh"], {
    env,
    workdir,
    user,
    signal,
  });
}

function requireTerminal(flags: RunFlags): void {
  if (flags.shellOnFailure !== true) return;
  if (Deno.stdin.isTerminal() && Deno.stdout.isTerminal()) return;
  throw new UsageError("Cannot open a shell with --shell-on-failure: this is no terminal");
}

function say(output: Output, { quiet, json }: RunFlags, text: string): void {
  if (quiet !== true && json !== true) output.err.write(`${text}\n`);
}

function socketOptions(socket: string | false | undefined): RunPlanOptions {
  if (socket === undefined) return {};
  if (socket === false) return { dockerSocket: false };
  const path = /^unix:\/\/(\/.*)$/.exec(socket)?.[1];
  return { connect: { host: socket }, ...(path === undefined ? {} : { dockerSocket: path }) };
}

async function writeReports(
  result: RunResult,
  plan: RunPlan,
  flags: RunFlags,
  output: Output,
): Promise<void> {
  const name = plan.manifest.directory.split("/").at(-1) ?? "buildr";
  if (flags.junit !== undefined) {
    await Deno.writeTextFile(flags.junit, junitXml(result, name));
  }
  // GitHub reads workflow commands on either stream; the events stay alone on theirs.
  if (flags.github === true) {
    (flags.json === true ? output.err : output.out).write(githubAnnotations(result));
  }
}

/** The words that run one node again, and nothing else. */
function rerunWords(node: NodeResult, flags: RunFlags): string {
  const words = ["superorch", "buildr", "run"];
  const add = (flag: string, values: string | readonly string[] | undefined) => {
    for (const value of values === undefined ? [] : [values].flat()) words.push(flag, value);
  };
  add("--path", flags.path);
  add("--file", flags.file);
  add("--env", flags.env);
  add("--env-file", flags.envFile);
  add("--secret-file", flags.secretFile);
  if (typeof flags.dockerSock === "string") add("--docker-sock", flags.dockerSock);
  if (flags.dockerSock === false) words.push("--no-docker-sock");
  add("--pull", flags.pull);
  add("--tags", flags.tags);
  add("--only", node.stage);
  add("--matrix", Object.entries(node.row ?? {}).map(([name, value]) => `${name}=${value}`));
  return words.map(shellQuote).join(" ");
}

function withoutColour({ out, err }: Output): Output {
  return { out: { ...out, colour: false }, err: { ...err, colour: false } };
}

// Not AbortSignal.any(): Deno 2.9 holds it weakly.
function anyOf(signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    const onAbort = () => controller.abort(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  }
  return controller.signal;
}

async function makeDirectory(path: string, what: string): Promise<void> {
  if (path === "") return;
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    const why = error instanceof Deno.errors.AlreadyExists
      ? "it is no directory"
      : (error as Error).message;
    throw new UsageError(`Cannot write the ${what} into ${JSON.stringify(path)}: ${why}`);
  }
}
