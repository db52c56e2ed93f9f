import type { ContainerInspect, EngineClient } from "../engine/mod.ts";
import type { ContainerNode } from "./container_node.ts";
import { Attachment, type AttachmentOptions } from "./attachment.ts";
import {
  copyIntoContainer,
  copyOutOfContainer,
  type CopySource,
  existsInContainer,
  readFileOfContainer,
} from "./copy.ts";
import { type LogLine, type LogReadOptions, readLog } from "./container_log.ts";
import { type ContainerUsage, usageOf } from "./container_usage.ts";
import { StackedError } from "../errors/mod.ts";
import { execInContainer, type ExecOptions, type ExecResult } from "./exec.ts";

/** Where a published port can be reached from this machine. */
export interface PublishedPort {
  /** Address of the host, for example `127.0.0.1`. */
  readonly host: string;
  /** Port of the host. */
  readonly port: number;
}

/** A container that was run: what can be done with it now. */
export class RunningContainer {
  /** Its name in the network. */
  readonly name: string;
  /** Its id on the engine. */
  readonly id: string;
  readonly #engine: EngineClient;
  readonly #node: ContainerNode;
  readonly #network: string;

  /** Use `network.container(name)`. */
  constructor(engine: EngineClient, node: ContainerNode, id: string, network: string) {
    this.name = node.spec.name;
    this.id = id;
    this.#engine = engine;
    this.#node = node;
    this.#network = network;
  }

  /** Its name on the engine. */
  get engineName(): string {
    return this.#node.engineName;
  }

  /** What is left of its output in memory. */
  stdout(): Uint8Array {
    return this.#node.output.stdout.tail.bytes();
  }

  /** What is left of its error output in memory. */
  stderr(): Uint8Array {
    return this.#node.output.stderr.tail.bytes();
  }

  /** Everything that the engine knows about it. */
  inspect(options: { readonly signal?: AbortSignal } = {}): Promise<ContainerInspect> {
    return this.#engine.containers.inspect(this.id, options);
  }

  /**
   * Runs a program in it.
   *
   * @param command Program and arguments.
   * @param options How it is run.
   * @returns Exit code and output; a code other than 0 is no error.
   * @throws {ProgramNotFoundError} when it has no such program.
   */
  exec(command: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return execInContainer(this.#engine, this.id, command, options);
  }

  /**
   * Gets its address in the network.
   *
   * @returns The IPv4 address; the engine gives it out at the start.
   * @throws {TypeError} when it does not run.
   */
  async ipAddress(options: { readonly signal?: AbortSignal } = {}): Promise<string> {
    const address = this.#endpoint(await this.inspect(options))?.IPAddress;
    if (address) return address;
    throw new TypeError(`Cannot get the address of container "${this.name}": it does not run`);
  }

  /**
   * Gets its IPv6 address in the network.
   *
   * @throws {TypeError} when it does not run, or the network has no IPv6.
   */
  async ipv6Address(options: { readonly signal?: AbortSignal } = {}): Promise<string> {
    const address = this.#endpoint(await this.inspect(options))?.GlobalIPv6Address;
    if (address) return address;
    throw new TypeError(
      `Cannot get the IPv6 address of container "${this.name}": it does not run, or its network ` +
        `has none`,
    );
  }

  // With networks of its own choice it has its address in the first of them.
  #endpoint({ NetworkSettings: { Networks }, HostConfig }: ContainerInspect) {
    return Networks[this.#network] ?? Networks[HostConfig.NetworkMode ?? ""];
  }

  /**
   * Gets where one of its ports can be reached.
   *
   * @param port The port inside.
   * @param protocol Default `tcp`.
   * @returns Address and port of the host, together: another address has another port.
   * @throws {TypeError} when the port is not published, or it does not run.
   */
  async publishedPort(
    port: number,
    protocol: "tcp" | "udp" | "sctp" = "tcp",
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<PublishedPort> {
    const { NetworkSettings } = await this.inspect(options);
    const binding = NetworkSettings.Ports?.[`${port}/${protocol}`]?.[0];
    if (binding === undefined) {
      throw new TypeError(
        `Cannot reach port ${port}/${protocol} of container "${this.name}": it is not published, ` +
          `or the container does not run`,
      );
    }
    const anywhere = binding.HostIp === "0.0.0.0" || binding.HostIp === "";
    return { host: anywhere ? "127.0.0.1" : binding.HostIp, port: Number(binding.HostPort) };
  }

  /**
   * Sends a signal to its first process.
   *
   * @param killSignal For example `SIGHUP`.
   */
  async kill(
    killSignal = "SIGKILL",
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    await this.#engine.containers.kill(this.id, { ...options, killSignal });
  }

  /**
   * Asks it to end, and kills it when it has not within the time. That it ends is no failure then.
   *
   * @param timeoutMs Until the kill. Default: what its specification says, else 10 s.
   */
  async stop(
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    await this.#node.stop(options);
  }

  /**
   * Stops it and starts it again; to its network it is still the same run.
   *
   * @param timeoutMs Until it is killed. Default as with `stop`.
   */
  async restart(
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    await this.#node.restart(options);
  }

  /**
   * Gives it another name on the engine; in its network it is still called the same.
   *
   * @param engineName The name.
   * @throws {NameInUseError} when another container has it.
   */
  async rename(
    engineName: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    await this.#node.rename(engineName, options);
  }

  /**
   * Reads the log that the engine keeps of it, also from before this program knew it. All that it
   * has written since this program started it is in `stdout()` and `stderr()`, without asking.
   *
   * @param options Which part; `follow` goes on until it ends.
   * @returns Lines as they come; stop iterating to close the log.
   */
  logs(options: LogReadOptions = {}): AsyncGenerator<LogLine, void, void> {
    return readLog(this.#engine, this.id, this.#node.spec.tty === true, options);
  }

  /** What it uses now. */
  async stats(options: { readonly signal?: AbortSignal } = {}): Promise<ContainerUsage> {
    return usageOf(await this.#engine.containers.stats(this.id, options));
  }

  /** What it uses, once a second, until it ends. Stop iterating to close the stream. */
  async *watchStats(
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ContainerUsage, void, void> {
    for await (const stats of await this.#engine.containers.statsStream(this.id, options)) {
      // The last one, when it has ended, says nothing.
      if (stats.pids_stats.current !== undefined) yield usageOf(stats);
    }
  }

  /** Freezes all its processes. */
  async pause(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#engine.containers.pause(this.id, options);
  }

  /** Thaws all its processes. */
  async unpause(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#engine.containers.unpause(this.id, options);
  }

  /**
   * Connects to its input and outputs.
   *
   * @returns The attachment; for input the container must have been made with `stdin: true`.
   */
  attach(options: AttachmentOptions = {}): Promise<Attachment> {
    return Attachment.open(this.#engine, this.id, options);
  }

  /**
   * Copies a file, a directory, bytes or a tar stream into it, whether it runs or not.
   *
   * @param target Absolute path inside; missing parents are made.
   * @param source What is copied.
   * @throws {StackedError} naming the container, with the engine's refusal or the missing file below.
   */
  async copyIn(
    target: string,
    source: CopySource,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const what = "source" in source ? `copy "${source.source}" to` : "copy to";
    await this.#named(
      `${what} "${target}" of`,
      options.signal,
      () => copyIntoContainer(this.#engine, this.id, target, source, options),
    );
  }

  /**
   * Copies a file or directory of it to this machine, whether it runs or not.
   *
   * @param path Absolute path inside.
   * @param directory Where it goes, under its own name.
   * @throws {StackedError} naming the container; below it `ContainerPathNotFoundError` when there is
   * nothing of that path.
   */
  async copyOut(
    path: string,
    directory: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    await this.#named(
      `copy "${path}" out of`,
      options.signal,
      () => copyOutOfContainer(this.#engine, this.id, path, directory, options),
    );
  }

  /**
   * Reads a file of it, whether it runs or not.
   *
   * @param path Absolute path inside.
   * @throws {StackedError} naming the container; below it `ContainerPathNotFoundError` when there is
   * nothing of that path.
   */
  async readFile(
    path: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#named(
      `read "${path}" of`,
      options.signal,
      () => readFileOfContainer(this.#engine, this.id, path, options),
    );
  }

  /**
   * Tells whether a file or directory exists in it, whether it runs or not.
   *
   * @param path Absolute path inside.
   */
  exists(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    return existsInContainer(this.#engine, this.id, path, options);
  }

  // The engine's own words have an id, which nobody knows by heart.
  async #named<T>(
    action: string,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      signal?.throwIfAborted();
      throw new StackedError(`Cannot ${action} container "${this.name}"`, {
        cause,
        location: false,
      });
    }
  }
}
