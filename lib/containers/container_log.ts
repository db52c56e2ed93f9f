import { LineSplitter } from "../commands/output/mod.ts";
import { Demultiplexer, type EngineClient, type OutputStream } from "../engine/mod.ts";

/** A line of a container's log. */
export interface LogLine {
  /** Which output; `stdout` for all of a container with a terminal. */
  readonly stream: OutputStream;
  /** The line, without its end. */
  readonly text: string;
}

/** Which part of a log is read. */
export interface LogReadOptions {
  /** Go on with what is written from now on, until it ends. Default `false`. */
  readonly follow?: boolean;
  /** Only what was written from then on. */
  readonly since?: Date;
  /** Only what was written until then. */
  readonly until?: Date;
  /** Only so many of the last lines. Default: all. */
  readonly tail?: number;
  /** Begin each line with the time at which it was written, RFC 3339. Default `false`. */
  readonly timestamps?: boolean;
  /** Whether the output is read. Default `true`. */
  readonly stdout?: boolean;
  /** Whether the error output is read. Default `true`. */
  readonly stderr?: boolean;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/**
 * Reads the log that the engine keeps of a container, a line at a time: what was written before
 * this program looked, too. A followed log of engine 20.10 can end early under load; what must be
 * complete is in the output that a network attaches to.
 *
 * @param engine The engine.
 * @param id The container.
 * @param isTerminal Whether it has a terminal.
 * @param options Which part.
 * @returns Lines as they come; stop iterating to close the log.
 * @throws {ContainerNotFoundError} when there is no such container.
 */
export async function* readLog(
  engine: EngineClient,
  id: string,
  isTerminal: boolean,
  options: LogReadOptions = {},
): AsyncGenerator<LogLine, void, void> {
  const splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() };
  let lines: LogLine[] = [];
  const take = (stream: OutputStream, piece: Uint8Array) => {
    for (const text of splitters[stream].push(piece)) lines.push({ stream, text });
  };
  const frames = new Demultiplexer(take);
  for await (const chunk of await engine.containers.logs(id, options)) {
    if (isTerminal) take("stdout", chunk);
    else frames.write(chunk);
    const complete = lines;
    lines = [];
    yield* complete;
  }
  if (!isTerminal) frames.end();
  for (const stream of ["stdout", "stderr"] as const) {
    for (const text of splitters[stream].flush()) yield { stream, text };
  }
}
