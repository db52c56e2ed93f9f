import { EngineApiError } from "../engine/mod.ts";
import { TimeoutError } from "../errors/mod.ts";
import { noteQuotesCause } from "../errors/quotes_cause.ts";
import { bystanderLines, describeExit, renderContext } from "./error_text.ts";
import type { TimelineEntry } from "./node_status.ts";

/** A container could not be created or started. */
export class ContainerStartError extends Error {
  /** The name of the class. */
  override readonly name: string = "ContainerStartError";
  /** Its name in the network. */
  readonly containerName: string;
  /** What failed. */
  readonly action: "create" | "start";
  /** Reference of its image. */
  readonly image: string;

  /** Makes the message from the fields; the engine's own error is the `cause`. */
  constructor(name: string, action: "create" | "start", image: string, options?: ErrorOptions) {
    // The engine's own words belong into the one line that most people read.
    const cause = options?.cause;
    const reason = cause instanceof Error ? `: ${cause.message}` : "";
    super(`Cannot ${action} container "${name}" from image "${image}"${reason}`, options);
    this.containerName = name;
    this.action = action;
    this.image = image;
    if (cause instanceof EngineApiError) noteQuotesCause(this);
  }
}

/** Something that a node was made to wait for did not come. */
export class DependencyError extends Error {
  /** The name of the class. */
  override readonly name: string = "DependencyError";
  /** The node that waited. */
  readonly nodeName: string;
  /** The node that was waited for. */
  readonly dependency: string;

  /** Makes the message from the fields; why it did not come is the `cause`. */
  constructor(nodeName: string, dependency: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot start "${nodeName}": it waits for "${dependency}" to ${wanted}`, options);
    this.nodeName = nodeName;
    this.dependency = dependency;
  }
}

/** What an error of a wait knows about the node besides its end. */
export interface WaitContextFields {
  /** The last part of its output, escaped, at most 10,000 bytes. */
  readonly stdoutTail: string;
  /** The last part of its error output, escaped, at most 10,000 bytes. */
  readonly stderrTail: string;
  /** What happened to it. */
  readonly timeline: readonly TimelineEntry[];
  /** The others of its network that wrote something. */
  readonly others: readonly NodeBystander[];
}

const NOTHING_KNOWN: WaitContextFields = {
  stdoutTail: "",
  stderrTail: "",
  timeline: [],
  others: [],
};

/** A node ended while something else was expected of it. */
export class NodeEndedError extends Error {
  /** The name of the class. */
  override readonly name: string = "NodeEndedError";
  /** The node. */
  readonly nodeName: string;
  /** Its exit code; `undefined` when it was ended by us. */
  readonly exitCode: number | undefined;
  /** Whether the kernel killed it for memory. */
  readonly oomKilled: boolean;
  /** Its last words, its time line, and the others. */
  readonly context: WaitContextFields;

  /** Makes the message from the fields. */
  constructor(
    nodeName: string,
    exitCode: number | undefined,
    oomKilled: boolean,
    context: WaitContextFields = NOTHING_KNOWN,
  ) {
    super(`"${nodeName}" ended ${describeExit(exitCode, oomKilled)}${renderContext(context)}`);
    this.nodeName = nodeName;
    this.exitCode = exitCode;
    this.oomKilled = oomKilled;
    this.context = context;
  }
}

/** A health check failed too often. */
export class UnhealthyError extends Error {
  /** The name of the class. */
  override readonly name: string = "UnhealthyError";
  /** The node. */
  readonly nodeName: string;
  /** What the last checks wrote, oldest first. */
  readonly checks: readonly { readonly exitCode: number; readonly output: string }[];
  /** Its last words, its time line, and the others. */
  readonly context: WaitContextFields;

  /** Makes the message from the fields. */
  constructor(
    nodeName: string,
    checks: readonly { readonly exitCode: number; readonly output: string }[],
    context: WaitContextFields = NOTHING_KNOWN,
  ) {
    const last = checks.at(-1);
    const said = last === undefined
      ? ""
      : `: the last check ended with exit code ${last.exitCode}, ${
        last.output.trim() === "" ? "without output" : JSON.stringify(last.output.trim())
      }`;
    super(`"${nodeName}" is unhealthy${said}${renderContext(context)}`);
    this.nodeName = nodeName;
    this.checks = checks;
    this.context = context;
  }
}

/** Nodes of a network took longer than they were given. */
export class NetworkTimeoutError extends TimeoutError {
  /** The network. */
  readonly network: string;
  /** Those that were waited for. */
  readonly late: readonly NodeBystander[];
  /** The others that wrote something. */
  readonly others: readonly NodeBystander[];

  /** Makes the message from what was wanted and the fields. */
  constructor(
    wanted: string,
    fields: {
      readonly network: string;
      readonly late: readonly NodeBystander[];
      readonly others: readonly NodeBystander[];
    },
    options?: ErrorOptions,
  ) {
    const names = fields.late.map(({ name }) => `"${name}"`).join(", ");
    const waiting = names === "" ? "" : `: still waiting for ${names}`;
    const lines = [`${wanted}${waiting}`, ...bystanderLines("What they did", fields.late)];
    lines.push(...bystanderLines("Last lines of the others", fields.others));
    super(lines.join("\n"), options);
    this.network = fields.network;
    this.late = fields.late;
    this.others = fields.others;
  }
}

/** How one node failed. */
export interface NodeFailure {
  /** Its name. */
  readonly name: string;
  /** What it is. */
  readonly kind: "container" | "command";
  /** Reference of its image, or its command line. */
  readonly origin: string;
  /** Exit code; `undefined` when it did not get to run. */
  readonly exitCode: number | undefined;
  /** Whether the kernel killed it for memory. */
  readonly oomKilled: boolean;
  /** What kept it from running. */
  readonly error?: unknown;
  /** The last part of its output, escaped, at most 10,000 bytes. */
  readonly stdoutTail: string;
  /** The last part of its error output, escaped, at most 10,000 bytes. */
  readonly stderrTail: string;
  /** Whether it says itself that the cause is elsewhere. */
  readonly probablyNotRootCause: boolean;
  /** What happened to it. */
  readonly timeline: readonly TimelineEntry[];
}

/** What another node was doing when one failed. */
export interface NodeBystander {
  /** Its name. */
  readonly name: string;
  /** Its state in a few words. */
  readonly state: string;
  /** The last lines that it wrote. */
  readonly lastLines: readonly string[];
  /** What happened to it. */
  readonly timeline: readonly TimelineEntry[];
}

/** One or more nodes of a network failed. The first one is the likely cause. */
export class NetworkFailedError extends Error {
  /** The name of the class. */
  override readonly name: string = "NetworkFailedError";
  /** The network. */
  readonly network: string;
  /** Those that failed, the likely cause first. */
  readonly failures: readonly NodeFailure[];
  /** Those that did not. */
  readonly others: readonly NodeBystander[];
  /** Directory of the complete logs. */
  readonly logDir: string | undefined;

  /** Use `failureReport`, which puts the guilty one first. */
  constructor(
    message: string,
    fields: {
      readonly network: string;
      readonly failures: readonly NodeFailure[];
      readonly others: readonly NodeBystander[];
      readonly logDir: string | undefined;
    },
    options?: ErrorOptions,
  ) {
    super(message, options);
    noteQuotesCause(this);
    this.network = fields.network;
    this.failures = fields.failures;
    this.others = fields.others;
    this.logDir = fields.logDir;
  }
}
