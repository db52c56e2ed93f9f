import { Command, type CommandResult, type CommandRunner } from "../commands/mod.ts";
import type { GraphNode } from "./node.ts";
import type { NodeOutput } from "./node_output.ts";
import { NodeStatus } from "./node_status.ts";
import type { HostCommandSpec } from "./spec.ts";

/** A program of the host that takes part in a network. */
export class CommandNode implements GraphNode {
  /** What it was made from. */
  readonly spec: HostCommandSpec;
  /** How far it has come. */
  readonly status: NodeStatus = new NodeStatus();
  /** What it wrote. */
  readonly output: NodeOutput;
  readonly #environment: () => Promise<Readonly<Record<string, string>>>;
  #runner: CommandRunner | undefined;
  #terminating = false;
  #watching: Promise<void> = Promise.resolve();

  /**
   * Makes a node; nothing runs yet.
   *
   * @param environment Finds the variables that tell where containers can be reached.
   */
  constructor(
    spec: HostCommandSpec,
    output: NodeOutput,
    environment: () => Promise<Readonly<Record<string, string>>>,
  ) {
    this.spec = spec;
    this.output = output;
    this.#environment = environment;
  }

  /** Its command line, without the directory of the program. */
  get origin(): string {
    const text = String(this.spec.command);
    const { program } = this.spec.command.spec;
    const name = program.slice(program.lastIndexOf("/") + 1);
    return text.startsWith(program) ? name + text.slice(program.length) : text;
  }

  /** There is nothing to prepare for a process. */
  create(): Promise<void> {
    if (!this.#terminating) this.status.advance("created");
    return Promise.resolve();
  }

  /** Starts it in a process group of its own. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#terminating) return;
    this.status.advance("starting");
    const { spec } = this.spec.command;
    // Recording, files and the live view are the network's; what the command itself says about
    // files and forwarding still holds.
    const command = new Command({
      ...spec,
      env: { ...await this.#environment(), ...spec.env },
      record: false,
      dieWithParent: spec.dieWithParent ?? Deno.build.os === "linux",
    });
    try {
      this.#runner = await command.run({
        sinks: { stdout: [this.output.stdout], stderr: [this.output.stderr] },
      });
    } catch (error) {
      this.status.setFailure(error);
      throw error;
    }
    this.status.advance("running");
    this.#watching = this.#watch(this.#runner);
    if (this.#terminating) await this.terminate(0); // it was told so while it started
  }

  /** Ends it and everything that it has started. */
  async terminate(graceMs: number): Promise<void> {
    this.#terminating = true;
    const runner = this.#runner;
    if (runner !== undefined) {
      if (runner.status === "running") {
        // It has finished meanwhile: what it left behind is ended by the disposal.
        await (graceMs > 0 ? runner.terminate({ graceMs }) : runner.kill()).catch(() => {});
      }
      await runner[Symbol.asyncDispose]();
    }
    await this.#watching;
    if (!this.status.isOver) {
      this.status.setExit({ ...exitOf(undefined), terminated: true });
    }
    await this.output.end();
  }

  /** Ends it: a process of this program does not outlive it. */
  letGo(): Promise<void> {
    return this.terminate(1_000);
  }

  async #watch(runner: CommandRunner): Promise<void> {
    try {
      const result = await runner.wait();
      await this.output.end();
      // One that ends in its own way when it is asked to has the last word.
      const terminated = this.#terminating && result.signal !== null;
      this.status.setExit({ ...exitOf(terminated ? undefined : result), terminated });
    } catch (error) {
      await this.output.end();
      this.status.setFailure(error);
    }
  }
}

function exitOf(result: CommandResult | undefined) {
  return { exitCode: result?.code, oomKilled: false, terminated: false, atMs: Date.now() };
}
