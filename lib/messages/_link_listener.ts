import { StackedError, TimeoutError } from "../errors/mod.ts";
import { Deadline, parseHostPort } from "../retry/mod.ts";
import { importSecret, type Link, sendWelcome, shakeHands } from "./_handshake.ts";
import { type ListenOptions, type WaitOptions, withDefaults } from "./messenger_options.ts";

/** More connections than this that have not introduced themselves yet are turned away. */
const MAX_STRANGERS = 64;

/** Listens, introduces itself to everybody, and hands out connections one by one. */
export class LinkListener {
  readonly address: Deno.NetAddr;
  readonly #listener: Deno.TcpListener | Deno.TlsListener;
  readonly #options: ListenOptions;
  readonly #secret: Promise<CryptoKey | undefined>;
  readonly #strangers = new Set<Deno.Conn>();
  readonly #ready: Link[] = [];
  readonly #running: Promise<void>;
  #changed = Promise.withResolvers<void>();
  #failure: unknown;
  #refused = 0;
  #lastRefusal: unknown;
  #closed = false;

  constructor(address: string, options: ListenOptions) {
    const { hostname, port } = parseHostPort(address);
    withDefaults(options);
    this.#options = options;
    this.#secret = importSecret(options.secret);
    this.#secret.catch(() => {}); // each handshake reports it
    try {
      this.#listener = options.tls === undefined
        ? Deno.listen({ hostname, port })
        : Deno.listenTls({ hostname, port, cert: options.tls.cert, key: options.tls.key });
    } catch (cause) {
      throw new StackedError(`Cannot listen on ${address}`, { cause, location: false });
    }
    this.address = this.#listener.addr as Deno.NetAddr;
    this.#running = this.#run();
  }

  /** Takes the next connection; its other side waits until now. */
  async accept({ timeoutMs, signal }: WaitOptions): Promise<Link> {
    const { hostname, port } = this.address;
    const what = `connection to ${hostname}:${port}`;
    using deadline = Deadline.after(timeoutMs, { signal, what });
    await deadline.race(this.#secret);
    try {
      while (true) {
        deadline.signal.throwIfAborted();
        if (this.#closed) {
          throw new StackedError(`Cannot accept: the ${what} is closed`, { location: false });
        }
        if (this.#failure !== undefined) throw this.#failure;
        const link = this.#ready.shift();
        if (link === undefined) {
          await deadline.race(this.#changed.promise);
          continue;
        }
        try {
          await deadline.race(sendWelcome(link));
          return link;
        } catch {
          link.connection.close(); // it gave up while it waited; the next one may not have
        }
      }
    } catch (error) {
      if (!(error instanceof TimeoutError) || this.#refused === 0) throw error;
      throw new StackedError(
        `Timed out after ${Math.round(deadline.timeoutMs)} ms: ${what}; ` +
          `${this.#refused} refused, the last one because:`,
        { cause: new TimeoutError("", { cause: this.#lastRefusal }), location: false },
      );
    }
  }

  /** Ends all connections that nobody has taken. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#listener.close();
      for (const connection of this.#strangers) connection.close();
      for (const link of this.#ready.splice(0)) link.connection.close();
      this.#wake();
    }
    await this.#running;
  }

  async #run(): Promise<void> {
    const greetings = new Set<Promise<void>>();
    while (!this.#closed) {
      try {
        const connection = await this.#listener.accept();
        const greeting = this.#greet(connection);
        greetings.add(greeting);
        void greeting.then(() => greetings.delete(greeting));
      } catch (error) {
        if (this.#closed) break;
        this.#failure = error;
        this.#wake();
        break;
      }
    }
    await Promise.all(greetings);
  }

  // Never rejects: a stranger's fault is only told if nobody better comes.
  async #greet(connection: Deno.TcpConn | Deno.TlsConn): Promise<void> {
    if (this.#closed || this.#strangers.size >= MAX_STRANGERS) return connection.close();
    this.#strangers.add(connection);
    const { maxMessageBytes, handshakeTimeoutMs } = withDefaults(this.#options);
    using deadline = Deadline.after(handshakeTimeoutMs, { what: "introduction" });
    try {
      const secret = await this.#secret;
      const link = await deadline.race(
        shakeHands(connection, "listener", { secret, maxMessageBytes }),
      );
      if (this.#closed) return;
      this.#strangers.delete(connection);
      this.#ready.push(link);
      this.#wake();
    } catch (error) {
      this.#refused++;
      this.#lastRefusal = error;
      if (!this.#closed) connection.close();
    } finally {
      this.#strangers.delete(connection);
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
