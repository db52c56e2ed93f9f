import { ProbablyNotRootCauseError, StackedError } from "../errors/mod.ts";
import { Deadline } from "../retry/mod.ts";
import { concatBytes, EndOfStreamError, writeBytes } from "./_byte_stream.ts";
import { connectLink } from "./_connect_link.ts";
import { MessageTooLargeError, MessageTypeError } from "./errors.ts";
import { type FrameHeader, HEADER_BYTES, packHeader, unpackHeader } from "./_frame.ts";
import type { Link } from "./_handshake.ts";
import { LinkListener } from "./_link_listener.ts";
import { type MessageType, typeHash } from "./message_type.ts";
import type { ConnectOptions, ListenOptions, WaitOptions } from "./messenger_options.ts";
import { Turns } from "./_turns.ts";
import { decodeValue, encodeValue } from "./_value_codec.ts";

/** Makes a messenger of a connection; for `MessageListener` only. */
export let messengerOn: (link: Link) => NetMessenger;

/** A peer that announces more types than this is not one of ours. */
const MAX_TYPES = 4096;
/** How long `close()` waits for what is still being sent. */
const CLOSE_MS = 1_000;

/** A header together with the name of its type. */
interface NextMessage extends FrameHeader {
  readonly typeName: string;
}

/**
 * A connection to one other program, over which typed messages travel both ways.
 *
 * Messages arrive whole and in order. Both directions are independent, and several calls of one
 * direction take turns.
 *
 * Permissions: `--allow-net` for the address.
 *
 * @example
 * ```ts
 * import { messageType, NetMessenger } from "@superorch/superorch/messages";
 *
 * const greeting = messageType<string>("greeting");
 * const listening = NetMessenger.listen("127.0.0.1:26000", { timeoutMs: 5_000 });
 * await using one = await NetMessenger.connect("127.0.0.1:26000", { retries: 10 });
 * await using other = await listening;
 * await one.send(greeting, "hello world");
 * console.log(await other.recv(greeting, { timeoutMs: 5_000 })); // "hello world"
 * ```
 */
export class NetMessenger implements AsyncDisposable {
  readonly #link: Link;
  readonly #sending: Turns = new Turns();
  readonly #receiving: Turns = new Turns();
  /** The hashes of the types that the other side knows by name. */
  readonly #announced = new Map<string, string>();
  readonly #typeNames = new Map<string, string>();
  // Reads cannot be taken back: one that a time-out gave up on goes on, for the next caller.
  #next: Promise<NextMessage> | undefined;
  #body: Promise<unknown> | undefined;
  #ended: { readonly reason: unknown } | undefined;

  static {
    messengerOn = (link) => new NetMessenger(link);
  }

  private constructor(link: Link) {
    this.#link = link;
    if ("setNoDelay" in link.connection) link.connection.setNoDelay(true);
  }

  /**
   * Waits for one other program, and stops listening when it is there.
   *
   * @param address `host:port`; `0.0.0.0:port` or `[::]:port` for all interfaces.
   * @param options How long, secret, limits and TLS.
   * @returns The messenger.
   * @throws {TimeoutError} when nobody comes in time; with the reason for the last refusal below a
   * StackedError if somebody was refused.
   * @throws {StackedError} when the address cannot be listened on.
   * @throws {unknown} the signal's reason when it is aborted.
   */
  static async listen(
    address: string,
    options: ListenOptions & WaitOptions = {},
  ): Promise<NetMessenger> {
    const [messenger] = await NetMessenger.listenForPeers(address, 1, options);
    return messenger!;
  }

  /**
   * Waits for several other programs, and stops listening when all are there.
   *
   * @param address `host:port`.
   * @param peers How many.
   * @param options How long for all together, secret, limits and TLS.
   * @returns The messengers, in the order in which they came.
   * @throws {TimeoutError} when not all come in time; those that came are closed.
   * @throws {StackedError} when the address cannot be listened on.
   * @throws {unknown} the signal's reason when it is aborted.
   */
  static async listenForPeers(
    address: string,
    peers: number,
    options: ListenOptions & WaitOptions = {},
  ): Promise<readonly NetMessenger[]> {
    const listener = new LinkListener(address, options);
    const messengers: NetMessenger[] = [];
    try {
      using deadline = Deadline.after(options.timeoutMs, { signal: options.signal });
      while (messengers.length < peers) {
        const { remainingMs } = deadline;
        const link = await listener.accept({ timeoutMs: remainingMs, signal: options.signal });
        messengers.push(new NetMessenger(link));
      }
      return messengers;
    } catch (error) {
      await Promise.all(messengers.map((messenger) => messenger.close()));
      throw error;
    } finally {
      await listener.close();
    }
  }

  /**
   * Connects to a program that listens, or is going to.
   *
   * Each try goes through all addresses of the host. It counts only once the other side has taken
   * the connection, so a port that is forwarded to nobody yet is tried again.
   *
   * @param address `host:port`.
   * @param options Retries, time, secret, limits and TLS.
   * @returns The messenger.
   * @throws {StackedError} when no try worked: a time-out with the last reason below it; or at
   * once, when secret or certificate are wrong.
   * @throws {unknown} the signal's reason when it is aborted.
   */
  static async connect(address: string, options: ConnectOptions = {}): Promise<NetMessenger> {
    try {
      return new NetMessenger(await connectLink(address, options));
    } catch (cause) {
      if (options.signal?.aborted && cause === options.signal.reason) throw cause;
      if (cause instanceof TypeError || cause instanceof RangeError) throw cause;
      throw new StackedError(`NetMessenger.connect(address: ${JSON.stringify(address)})`, {
        cause,
        location: false,
      });
    }
  }

  /** The address of the other side, as `host:port`. */
  get peer(): string {
    const { hostname, port } = this.#link.connection.remoteAddr as Deno.NetAddr;
    return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
  }

  /**
   * Sends one message. When this returns, the system has it; the other side may not.
   *
   * @param type The type of the message.
   * @param value JSON and `Uint8Array`, which travels as it is; do not change it meanwhile.
   * @param options How long. Giving up in the middle of a message closes the connection.
   * @throws {TypeError} when the value is not of the type, or cannot be sent unchanged.
   * @throws {MessageTooLargeError} when it is larger than either side allows.
   * @throws {TimeoutError} when the time is over.
   * @throws {StackedError} when the connection is gone, marked as probably not the root cause.
   * @throws {unknown} the signal's reason when it is aborted.
   */
  async send<T>(type: MessageType<T>, value: T, options: WaitOptions = {}): Promise<void> {
    if (type.check !== undefined && !type.check(value)) throw wrongValue("send", type);
    const body = encodeValue(value);
    const sizeBytes = body.json.length + body.binaryBytes;
    const limitBytes = this.#link.sendLimitBytes;
    if (sizeBytes > limitBytes) throw new MessageTooLargeError("send", sizeBytes, limitBytes);
    const what = `sending ${JSON.stringify(type.name)} to ${this.peer}`;
    using deadline = Deadline.after(options.timeoutMs, { signal: options.signal, what });
    // Nothing is awaited before the turn is taken: messages leave in the order of the calls.
    await this.#sending.take(deadline.signal, async () => {
      const announcedTag = this.#announced.get(type.name);
      const tag = announcedTag ?? (await typeHash(type.name)).toHex();
      deadline.signal.throwIfAborted();
      this.#requireOpen("send", type);
      const name = announcedTag !== undefined
        ? new Uint8Array()
        : new TextEncoder().encode(type.name);
      const head = packHeader({
        tag,
        nameBytes: name.length,
        jsonBytes: body.json.length,
        binaryBytes: body.binaryBytes,
      });
      const write = async () => {
        await writeBytes(this.#link.connection, concatBytes(head, name, body.json));
        for (const chunk of body.chunks) await writeBytes(this.#link.connection, chunk);
      };
      try {
        await deadline.race(write());
        this.#announced.set(type.name, tag);
      } catch (error) {
        // Part of it may be on its way, and nothing may come behind a part.
        this.#end(error);
        throw this.#explain("send", type, error, deadline.signal);
      }
    });
  }

  /**
   * Waits for the next message.
   *
   * @param type The type that it must have.
   * @param options How long. A message that arrives later is there for the next call.
   * @returns The message.
   * @throws {MessageTypeError} when the next message is of another type; it stays the next one.
   * @throws {TypeError} when the message does not pass the check of its type; it is dropped.
   * @throws {MessageTooLargeError} when it is larger than this side allows; nothing of it is read,
   * and the connection is closed.
   * @throws {TimeoutError} when the time is over.
   * @throws {StackedError} when the connection is gone, marked as probably not the root cause.
   * @throws {unknown} the signal's reason when it is aborted.
   */
  async recv<T>(type: MessageType<T>, options: WaitOptions = {}): Promise<T> {
    const what = `receiving ${JSON.stringify(type.name)} from ${this.peer}`;
    using deadline = Deadline.after(options.timeoutMs, { signal: options.signal, what });
    const value = await this.#receiving.take(deadline.signal, async () => {
      this.#requireOpen("receive", type);
      try {
        this.#next ??= this.#readNext();
        const next = await deadline.race(this.#next);
        if (next.typeName !== type.name) throw new MessageTypeError(type.name, next.typeName);
        this.#body ??= this.#readBody(next);
        const value = await deadline.race(this.#body);
        this.#next = undefined;
        this.#body = undefined;
        return value;
      } catch (error) {
        if (error instanceof MessageTypeError || deadline.signal.aborted) throw error;
        this.#end(error);
        throw this.#explain("receive", type, error, deadline.signal);
      }
    });
    if (type.check === undefined || type.check(value)) return value as T;
    throw wrongValue("receive", type);
  }

  /**
   * Closes the connection, after what is being sent has left, but within a second; calls that wait
   * fail. A second call does nothing.
   *
   * @returns A promise that settles when it is closed.
   */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    using deadline = Deadline.after(CLOSE_MS);
    // Whatever fails here: the connection is closed in any case.
    await deadline.race(this.#sending.idle()).catch(() => {});
    if (this.#ended !== undefined) return;
    await deadline.race(this.#link.connection.closeWrite()).catch(() => {});
    this.#end(new Error("It was closed by this side"));
  }

  /** Closes the connection at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #readNext(): Promise<NextMessage> {
    const { reader, receiveLimitBytes } = this.#link;
    const header = unpackHeader(await reader.read(HEADER_BYTES));
    const sizeBytes = header.jsonBytes + header.binaryBytes;
    if (sizeBytes > receiveLimitBytes) {
      throw new MessageTooLargeError("receive", sizeBytes, receiveLimitBytes);
    }
    let typeName = this.#typeNames.get(header.tag);
    if (header.nameBytes > 0) {
      typeName = new TextDecoder().decode(await reader.read(header.nameBytes));
      const matches = (await typeHash(typeName)).toHex() === header.tag;
      if (!matches || this.#typeNames.size >= MAX_TYPES) throw garbage();
      this.#typeNames.set(header.tag, typeName);
    }
    if (typeName === undefined) throw garbage();
    return { ...header, typeName };
  }

  async #readBody(next: NextMessage): Promise<unknown> {
    const json = await this.#link.reader.read(next.jsonBytes);
    return decodeValue(json, await this.#link.reader.read(next.binaryBytes));
  }

  #requireOpen(action: "send" | "receive", type: MessageType<unknown>): void {
    if (this.#ended === undefined) return;
    throw this.#explain(action, type, this.#ended.reason, undefined);
  }

  #end(reason: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { reason };
    this.#link.connection.close();
    // Reads that nobody waits for any more fail now.
    this.#next?.catch(() => {});
    this.#body?.catch(() => {});
  }

  #explain(
    action: "send" | "receive",
    type: MessageType<unknown>,
    error: unknown,
    signal: AbortSignal | undefined,
  ): unknown {
    if (signal?.aborted && error === signal.reason) return error;
    // A read that this side's own close() cut off says only that it was cancelled.
    const reason = this.#ended?.reason ?? error;
    if (reason instanceof MessageTooLargeError) return reason;
    const { text, cause } = isGone(reason)
      ? {
        text: "the connection is gone, perhaps because the other side was terminated",
        cause: new ProbablyNotRootCauseError("", { cause: reason }),
      }
      : { text: "the connection cannot be used any more", cause: reason };
    return new StackedError(
      `Cannot ${action} ${JSON.stringify(type.name)} (${this.#peerText()}): ${text}`,
      { cause, location: false },
    );
  }

  #peerText(): string {
    try {
      return `peer ${this.peer}`;
    } catch {
      return "peer gone"; // a closed connection may not know any more
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof EndOfStreamError || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.UnexpectedEof || error instanceof Deno.errors.TimedOut ||
    error instanceof Deno.errors.NotConnected;
}

function wrongValue(action: "send" | "receive", { name }: MessageType<unknown>): TypeError {
  return new TypeError(
    `Cannot ${action} a value as ${JSON.stringify(name)}: it does not pass the check of that type`,
  );
}

function garbage(): Error {
  return new SyntaxError("The other side sent something that is not a message");
}
