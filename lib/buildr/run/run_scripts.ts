import { execInContainer } from "../../containers/exec.ts";
import { type EngineClient, ProgramNotFoundError } from "../../engine/mod.ts";
import type { PlannedCommand } from "../plan/model.ts";
import type { NodeOutput } from "./node_output.ts";
import type { RunReporter } from "./reporter.ts";
import type { NodeFailure } from "./result.ts";
import type { StageContainer } from "./stage_container.ts";

/**
 * What a program ends with when its container does: 137 where it was killed with it, 126 where it
 * could not be started any more (20.10 says so as its output), nothing where the engine forgot it.
 */
const SUSPICIOUS: ReadonlySet<number> = new Set([126, 137, -1]);

/** The container has ended below its program. */
export class ContainerGoneError extends Error {
  /** The name of the class. */
  override readonly name: string = "ContainerGoneError";
}

/** What the scripts of one attempt are run with. */
export interface ScriptContext {
  /** The engine. */
  readonly engine: EngineClient;
  /** The container. */
  readonly container: StageContainer;
  /** Id of the node. */
  readonly node: string;
  /** From 1. */
  readonly attempt: number;
  /** All variables, secrets too: given to each exec, so that no inspect shows them. */
  readonly env: Readonly<Record<string, string>>;
  /** Directory. */
  readonly workdir: string;
  /** User; `undefined` for the image's. */
  readonly user: string | undefined;
  /** Takes the output. */
  readonly output: NodeOutput;
  /** Is told. */
  readonly reporter: RunReporter;
  /** Ends the wait; whoever gives it ends the program too. */
  readonly signal: AbortSignal;
}

/**
 * Runs lines one after the other until one fails.
 *
 * @param commands The lines.
 * @param context Where.
 * @returns Why it stopped; `undefined` when all ended with 0.
 */
export async function runScripts(
  commands: readonly PlannedCommand[],
  context: ScriptContext,
): Promise<NodeFailure | undefined> {
  const { node, attempt, output, reporter } = context;
  for (const [index, command] of commands.entries()) {
    const about = { node, attempt, index };
    const { text, where } = command;
    reporter.emit({ type: "script_started", ...about, command: text, where });
    const begin = performance.now();
    let exitCode: number;
    try {
      exitCode = await runScript(command, context);
    } finally {
      await output.flush();
    }
    const wallMs = Math.round(performance.now() - begin);
    reporter.emit({ type: "script_finished", ...about, exitCode, wallMs });
    if (exitCode === 0) continue;
    return {
      cause: "script",
      message: `exit code ${exitCode}`,
      command: text,
      where,
      exitCode,
      lastLines: output.lastLines(),
    };
  }
  return undefined;
}

async function runScript(command: PlannedCommand, context: ScriptContext): Promise<number> {
  const { engine, container, env, workdir, user, output, signal } = context;
  try {
    const { exitCode } = await execInContainer(engine, container.id, command.argv, {
      env,
      workdir,
      user,
      signal,
      recordLimitBytes: 4096, // enough for the engine to say why it could not run it
      onOutput: (stream, piece) => output.write(stream, piece),
    });
    if (SUSPICIOUS.has(exitCode) && await container.isGone()) throw new ContainerGoneError();
    return exitCode;
  } catch (error) {
    if (!(error instanceof ProgramNotFoundError)) throw error;
    // As a shell has it: 127 for what is not there, 126 for what cannot be executed.
    return /permission denied|exec format error|is a directory/i.test(error.reason) ? 126 : 127;
  }
}
