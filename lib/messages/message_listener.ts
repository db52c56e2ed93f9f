import { LinkListener } from "./_link_listener.ts";
import type { ListenOptions, WaitOptions } from "./messenger_options.ts";
import { messengerOn, type NetMessenger } from "./net_messenger.ts";

/**
 * Listens for as long as it lives, for programs whose number is not known beforehand, and for
 * ports that the system chooses.
 *
 * A connection that nobody has accepted yet waits; one whose other side does not speak the
 * protocol, or does not know the secret, is turned away.
 *
 * Permissions: `--allow-net` for the address.
 *
 * @example
 * ```ts
 * import { MessageListener, messageType, NetMessenger } from "@superorch/superorch/messages";
 *
 * const ready = messageType<null>("ready");
 * await using listener = MessageListener.bind("127.0.0.1:0", { secret: "0123456789abcdef" });
 * const accepting = listener.accept({ timeoutMs: 5_000 });
 * const secret = "0123456789abcdef";
 * await using client = await NetMessenger.connect(listener.address, { secret });
 * await using server = await accepting;
 * await client.send(ready, null);
 * await server.recv(ready, { timeoutMs: 5_000 });
 * ```
 */
export class MessageListener implements AsyncDisposable {
  readonly #listener: LinkListener;

  private constructor(listener: LinkListener) {
    this.#listener = listener;
  }

  /**
   * Starts to listen.
   *
   * @param address `host:port`; port 0 lets the system choose.
   * @param options Secret, limits and TLS.
   * @returns The listener.
   * @throws {StackedError} when the address cannot be listened on.
   * @throws {TypeError} when the address is malformed.
   */
  static bind(address: string, options: ListenOptions = {}): MessageListener {
    return new MessageListener(new LinkListener(address, options));
  }

  /** Where it listens, as `host:port`, with the port that the system chose. */
  get address(): string {
    const { hostname, port } = this.#listener.address;
    return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
  }

  /**
   * Waits for the next program.
   *
   * @param options How long.
   * @returns The messenger.
   * @throws {TimeoutError} when nobody comes in time; with the reason for the last refusal below a
   * StackedError if somebody was refused.
   * @throws {StackedError} when the listener is closed.
   * @throws {unknown} the signal's reason when it is aborted.
   */
  async accept(options: WaitOptions = {}): Promise<NetMessenger> {
    return messengerOn(await this.#listener.accept(options));
  }

  /**
   * Stops listening; messengers that were accepted go on.
   *
   * @returns A promise that settles when it is closed.
   */
  close(): Promise<void> {
    return this.#listener.close();
  }

  /** Stops listening at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
