import type { ContainerInspect, EngineClient } from "../engine/mod.ts";
import type { ContainerNode } from "./container_node.ts";
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
  /** Its name on the engine. */
  readonly engineName: string;
  readonly #engine: EngineClient;
  readonly #node: ContainerNode;
  readonly #network: string;

  /** Use `network.container(name)`. */
  constructor(engine: EngineClient, node: ContainerNode, id: string, network: string) {
    this.name = node.spec.name;
    this.id = id;
    this.engineName = node.engineName;
    this.#engine = engine;
    this.#node = node;
    this.#network = network;
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
    const { NetworkSettings } = await this.inspect(options);
    const address = NetworkSettings.Networks[this.#network]?.IPAddress;
    if (address) return address;
    throw new TypeError(`Cannot get the address of container "${this.name}": it does not run`);
  }

  /**
   * Gets its IPv6 address in the network.
   *
   * @throws {TypeError} when it does not run, or the network has no IPv6.
   */
  async ipv6Address(options: { readonly signal?: AbortSignal } = {}): Promise<string> {
    const { NetworkSettings } = await this.inspect(options);
    const address = NetworkSettings.Networks[this.#network]?.GlobalIPv6Address;
    if (address) return address;
    throw new TypeError(
      `Cannot get the IPv6 address of container "${this.name}": it does not run, or its network ` +
        `has none`,
    );
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
}
