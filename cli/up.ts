import {
  planProject,
  type UpOptions,
  upProject,
  type UpResult,
  type UpTarget,
} from "../lib/compose/mod.ts";
import { formatSummary, NetworkFailedError } from "../lib/containers/mod.ts";
import { renderDiagnostics } from "../lib/diagnostics/mod.ts";
import { connectEngine } from "../lib/engine/mod.ts";
import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { durationMs } from "./_duration.ts";
import { type Interrupt, listenToInterrupts } from "./_interrupt.ts";
import { planText } from "./_plan_text.ts";
import { digestInputs, writeReceipt } from "./_write_receipt.ts";
import { addComposeFlags, asUsageErrors, type ComposeFlags } from "./compose.ts";
import { ExitCode } from "./exit_code.ts";
import { EXIT } from "./failure.ts";
import { JsonReporter } from "./live/json_reporter.ts";
import { LiveReporter } from "./live/live_reporter.ts";
import { PlainReporter } from "./live/plain_reporter.ts";
import type { Reporter } from "./live/reporter.ts";
import { ClosedOutputError, formatJson, type Output, type Sink } from "./output.ts";
import { loadTarget } from "./up_target.ts";
import { UsageError } from "./usage_error.ts";

interface UpFlags extends ComposeFlags {
  readonly detach?: boolean;
  readonly wait?: boolean;
  readonly timeout?: number;
  readonly only?: readonly string[];
  readonly deps: boolean;
  readonly scale?: Readonly<Record<string, number>>;
  readonly build?: boolean;
  readonly pull?: true | string;
  readonly abortOnFailure?: boolean;
  readonly exitCodeFrom?: string;
  readonly removeOrphans?: boolean;
  readonly plan?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly logDir?: string;
}

/**
 * Makes `superorch up`.
 *
 * @param output Where it prints: the services' outputs, or events with `--json`, on standard output;
 * everything else on standard error.
 * @returns The command.
 */
export function upCommand(output: Output): CommandUnknownOpts {
  const command = new Command("up")
    .description(
      "Start what a compose file, or a TypeScript module, describes, and stay with it; Ctrl-C ends " +
        "and removes everything. With --detach it is left running, and doing the same again " +
        "changes only what has changed.",
    )
    .argument(
      "[file]",
      "a compose file, or a module whose default export is a network; default: compose.yaml " +
        "here or above",
    );
  return (addComposeFlags(command) as unknown as typeof command)
    .option("-d, --detach", "leave it running")
    .option("--wait", "come back when it is healthy too; implies --detach")
    .option("--timeout <time>", "it must be up within this: seconds, or like 1m30s", durationMs)
    .option("--only <name...>", "only these services, and what they depend on")
    .option("--no-deps", "with --only: not what they depend on")
    .option("--scale <service=count>", "how many containers a service has", readScale)
    .option("--build", "build images although they are there")
    .option("--pull [when]", "pull images: always, missing or never; default always")
    .option("--abort-on-failure", "end everything with the first failure")
    .option(
      "--exit-code-from <service>",
      "end everything with this service, and with its exit code; implies --abort-on-failure",
    )
    .option("--remove-orphans", "remove containers that the project does not have any more")
    .option("--plan", "only show what would be done")
    .option("--json", "print events, or the plan, as JSON")
    .option("-q, --quiet", "show only what services write, warnings and failures")
    .option("--log-dir <directory>", "write the complete output of each service to a file there")
    .action(async (file, ...words) => {
      const flags = words[0] as unknown as UpFlags;
      const options = optionsOf(flags);
      const target = await loadTarget(file, flags, output, {
        services: [...options.only ?? [], ...given(flags.exitCodeFrom)],
      });
      if (flags.plan === true) return await plan(target, options, flags, output);
      const digests = isNotable(flags, options, target) ? await digestInputs(target) : undefined;
      await up(target, options, flags, output);
      const args = (command.parent as unknown as { readonly rawArgs?: readonly string[] } | null)
        ?.rawArgs;
      if (digests === undefined || args === undefined) return;
      await note({ ...digests, args, target, healthy: flags.wait === true }, flags);
    }) as unknown as CommandUnknownOpts;
}

// What is told to be built or pulled is so each time, and events are for programs that want all.
function isNotable(flags: UpFlags, { detach }: UpOptions, target: UpTarget): boolean {
  const { build, pull, json, removeOrphans } = flags;
  if (detach !== true || build || pull !== undefined || json || removeOrphans) return false;
  return "model" in target && Object.values(target.model.services)
    .every(({ pull_policy }) => pull_policy !== "always" && pull_policy !== "build");
}

async function note(
  noted: Omit<Parameters<typeof writeReceipt>[1], "text">,
  { quiet }: UpFlags,
): Promise<void> {
  const { target } = noted;
  if (!("model" in target)) return;
  const warnings = (colour: boolean) =>
    target.warnings.length === 0 ? "" : `${renderDiagnostics(target.warnings, { colour })}\n`;
  const line = quiet === true ? "" : `${target.name} is up, nothing to do\n`;
  const text = { plain: warnings(false) + line, coloured: warnings(true) + line };
  try {
    await using engine = await connectEngine();
    await writeReceipt(engine, { ...noted, text });
  } catch {
    // a cache that cannot be written costs time the next time, and nothing else
  }
}

async function plan(
  target: UpTarget,
  options: UpOptions,
  flags: UpFlags,
  output: Output,
): Promise<void> {
  const found = await asUsageErrors(output, () => planProject(target, options));
  output.out.write(flags.json === true ? formatJson(found) : planText(found, output.out));
}

async function up(
  target: UpTarget,
  options: UpOptions,
  flags: UpFlags,
  given: Output,
): Promise<void> {
  // Services whose output nobody reads any more (`up | head`) are asked to end, as by a Ctrl-C.
  const closed = new AbortController();
  const output = {
    out: untilClosed(given.out, () => closed.abort()),
    err: untilClosed(given.err),
  };
  using reporter = reporterFor(flags, output);
  using interrupt = listenToInterrupts(() =>
    reporter.stopping("stopping; a second Ctrl-C does not wait for it")
  );
  let result: UpResult | undefined;
  try {
    result = await asUsageErrors(output, () =>
      upProject(target, {
        ...options,
        forward: flags.json !== true,
        stdout: reporter.stdout,
        stderr: reporter.stderr,
        onEvent: (event) => reporter.take(event),
        signal: AbortSignal.any([interrupt.signal, closed.signal]),
      }));
  } catch (error) {
    if (interrupt.exitCode === undefined && !closed.signal.aborted) throw error;
  }
  if (closed.signal.aborted) throw new ExitCode(EXIT.closedOutput);
  finish(result, reporter, interrupt, flags, output);
}

// Progress that nobody reads any more (`2>&1 >log | head`) is no reason to end services.
function untilClosed(sink: Sink, onClosed?: () => void): Sink {
  return {
    ...sink,
    write: (text) => {
      try {
        sink.write(text);
      } catch (error) {
        if (!(error instanceof ClosedOutputError)) throw error;
        onClosed?.();
      }
    },
  };
}

function finish(
  result: UpResult | undefined,
  reporter: Reporter,
  interrupt: Interrupt,
  flags: UpFlags,
  output: Output,
): void {
  const exitCode = interrupt.exitCode ?? result?.exitCode ?? 1;
  reporter[Symbol.dispose]();
  if (reporter instanceof JsonReporter) {
    if (result?.failure !== undefined) reporter.write(failureEvent(result.failure));
    reporter.write({ kind: "end", exitCode });
  } else if (flags.detach !== true && flags.wait !== true && flags.quiet !== true && result) {
    output.err.write(formatSummary(result.summary));
  }
  if (interrupt.exitCode !== undefined) throw new ExitCode(exitCode);
  if (result?.failure !== undefined) {
    const label = output.err.colour ? "\x1b[1;31mError:\x1b[0m" : "Error:";
    output.err.write(`${label} ${result.failure.message}\n`);
  }
  if (exitCode !== 0) throw new ExitCode(exitCode);
}

function failureEvent(failure: Error) {
  const failures = failure instanceof NetworkFailedError
    ? failure.failures.map(({ error, timeline: _timeline, ...rest }) => ({
      ...rest,
      ...(error === undefined
        ? {}
        : { error: error instanceof Error ? error.message : `${error}` }),
    }))
    : [];
  return { kind: "failure", message: failure.message, failures };
}

function reporterFor({ json, quiet }: UpFlags, output: Output): Reporter {
  if (json === true) return new JsonReporter(output);
  const isDumb = Deno.env.get("TERM") === "dumb";
  if (quiet === true || !output.err.terminal || isDumb) {
    return new PlainReporter(output, quiet === true);
  }
  return new LiveReporter(output);
}

function optionsOf(flags: UpFlags): UpOptions {
  const { only, wait, timeout, scale, build, exitCodeFrom, abortOnFailure, logDir } = flags;
  const detach = flags.detach === true || wait === true;
  if (!flags.deps && only === undefined) {
    throw new UsageError("Cannot leave out dependencies with --no-deps: --only chooses no service");
  }
  return compact({
    only: only?.flatMap((names) => names.split(",")).filter((name) => name !== ""),
    noDeps: flags.deps ? undefined : true,
    detach: detach ? true : undefined,
    wait,
    timeoutMs: timeout,
    scale,
    build,
    pull: flags.pull === undefined ? undefined : pullOf(flags.pull),
    abortOnFailure,
    exitCodeFrom,
    removeOrphans: flags.removeOrphans,
    logDir,
  });
}

function pullOf(value: true | string): NonNullable<UpOptions["pull"]> {
  if (value === true) return "always";
  if (value === "always" || value === "missing" || value === "never") return value;
  throw new UsageError(`Cannot pull "${value}": it must be "always", "missing" or "never"`);
}

function readScale(
  text: string,
  before: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const [, name, count] = /^([^=]+)=(\d+)$/.exec(text) ?? [];
  if (name === undefined) {
    throw new UsageError(`Cannot scale "${text}": give a service and a number, like worker=3`);
  }
  return { ...before, [name]: Number(count) };
}

function given(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}

function compact<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
