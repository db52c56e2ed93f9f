import assert from "node:assert/strict";
import { HpackDecoder } from "../../../lib/engine/build/session/_hpack.ts";
import { Http2Server } from "../../../lib/engine/build/session/_http2_server.ts";
import type { Http2Stream } from "../../../lib/engine/build/session/_http2_stream.ts";
import type { Wire } from "../../../lib/engine/build/session/_wire.ts";
import { encodeFrame, FLAG, FRAME } from "../../../lib/engine/build/session/_frames.ts";
import { encodeHeaders } from "../../../lib/engine/build/session/_hpack.ts";
import { grpcHandler } from "../../../lib/engine/build/session/grpc.ts";
import { GrpcError, Http2Error } from "../../../lib/engine/build/mod.ts";
import { inDirectory } from "./_support.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

Deno.test("HpackDecoder decodes the requests of RFC 7541, appendix C.4, with one table", () => {
  const decoder = new HpackDecoder();
  const common = [[":method", "GET"], [":scheme", "http"], [":path", "/"]];
  const authority = [":authority", "www.example.com"];
  assert.deepEqual(
    decoder.decode(bytes("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff")),
    [...common, authority],
  );
  assert.deepEqual(
    decoder.decode(bytes("8286 84be 5886 a8eb 1064 9cbf")),
    [...common, authority, ["cache-control", "no-cache"]],
  );
  assert.deepEqual(
    decoder.decode(bytes("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf")),
    [
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/index.html"],
      authority,
      ["custom-key", "custom-value"],
    ],
  );
});

Deno.test("HpackDecoder evicts as in RFC 7541, appendix C.6", () => {
  const decoder = new HpackDecoder();
  const first = bytes(
    "3fe101 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b" +
      "ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
  );
  const rest = [
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["location", "https://www.example.com"],
  ];
  assert.deepEqual(decoder.decode(first), [[":status", "302"], ...rest]);
  assert.deepEqual(decoder.decode(bytes("4883 640e ffc1 c0bf")), [[":status", "307"], ...rest]);
  const third = bytes(
    "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7" +
      "821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed" +
      "4ee5 b106 3d50 07",
  );
  assert.deepEqual(decoder.decode(third), [
    [":status", "200"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
    ["location", "https://www.example.com"],
    ["content-encoding", "gzip"],
    ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
  ]);
});

Deno.test("HpackDecoder refuses damaged blocks and gives nothing but Http2Error for garbage", () => {
  const bad: Readonly<Record<string, string>> = {
    "index 0": "80",
    "index past the table": "be",
    "number without end": "ffffffffffffffffff",
    "string past the end": "000561",
    "end of string in Huffman": "0001618484ffffffff",
    "padding with zeros": "00016181 00",
    "padding of a byte": "00016182 07ff",
    "table size past the limit": "3fe2ff01",
    "table size after a header": "8220",
  };
  for (const [name, hex] of Object.entries(bad)) {
    assert.throws(() => new HpackDecoder().decode(bytes(hex)), Http2Error, name);
  }
  const random = generator(7);
  for (let round = 0; round < 3000; round++) {
    const block = Uint8Array.from({ length: 40 }, () => Math.floor(random() * 256));
    try {
      new HpackDecoder().decode(block);
    } catch (error) {
      assert.ok(error instanceof Http2Error, String(error));
    }
  }
});

Deno.test("encodeHeaders() writes what HpackDecoder reads, long values too", () => {
  const fields = [[":status", "200"], ["grpc-message", "x".repeat(5000)], ["a", ""]] as const;
  assert.deepEqual(new HpackDecoder().decode(encodeHeaders(fields)), fields);
});

/** A peer in memory: what we "receive" is given in chunks, what we send is kept. */
class MemoryWire implements Wire {
  readonly sent: Uint8Array[] = [];
  readonly #chunks: Uint8Array[];
  readonly #end: Promise<void>;
  #closed = false;

  /** The end comes after the last chunk, and not before `end` has settled. */
  constructor(chunks: readonly Uint8Array[], end: Promise<void> = Promise.resolve()) {
    this.#chunks = [...chunks];
    this.#end = end;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#closed) return null;
    const chunk = this.#chunks.shift();
    if (chunk === undefined) await this.#end;
    return chunk ?? null;
  }

  write(data: Uint8Array): Promise<void> {
    this.sent.push(data.slice());
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
  }

  frameTypes(): number[] {
    const all = join(this.sent);
    const types: number[] = [];
    for (let at = 0; at < all.length;) {
      const length = (all[at] ?? 0) * 65536 + (all[at + 1] ?? 0) * 256 + (all[at + 2] ?? 0);
      types.push(all[at + 3] ?? -1);
      at += 9 + length;
    }
    return types;
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function generator(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function cut(data: Uint8Array, random: () => number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < data.length;) {
    const size = 1 + Math.floor(random() ** 3 * 3000);
    chunks.push(data.slice(at, at + size));
    at += size;
  }
  return chunks;
}

const PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const frame = encodeFrame;
const REQUEST = encodeHeaders([[":method", "POST"], [":path", "/s/Echo"]]);
const message = (text: string) => {
  const body = new TextEncoder().encode(text);
  return Uint8Array.of(0, 0, 0, body.length >> 8, body.length, ...body);
};

/** A whole conversation with everything in it that a daemon may send. */
function conversation(): Uint8Array<ArrayBuffer> {
  const half = REQUEST.length >> 1;
  return join([
    PREFACE,
    frame(FRAME.SETTINGS, 0, 0, Uint8Array.of(0, 4, 0, 1, 0, 0, 0, 5, 0, 0, 0x80, 0)),
    frame(FRAME.SETTINGS, FLAG.ACK, 0),
    frame(FRAME.HEADERS, 0, 1, REQUEST.subarray(0, half)),
    frame(FRAME.CONTINUATION, FLAG.END_HEADERS, 1, REQUEST.subarray(half)),
    frame(FRAME.PING, 0, 0, new Uint8Array(8)),
    frame(FRAME.DATA, 0, 1, message("hello").subarray(0, 7)),
    frame(FRAME.PRIORITY, 0, 1, new Uint8Array(5)),
    frame(
      FRAME.HEADERS,
      FLAG.END_HEADERS | FLAG.PRIORITY | FLAG.PADDED,
      3,
      join([Uint8Array.of(2), new Uint8Array(5), REQUEST, new Uint8Array(2)]),
    ),
    frame(FRAME.DATA, FLAG.END_STREAM, 1, message("hello").subarray(7)),
    frame(FRAME.DATA, FLAG.PADDED, 3, join([Uint8Array.of(3), message("x"), new Uint8Array(3)])),
    frame(0x2a, 0, 0, new Uint8Array(9)),
    frame(FRAME.WINDOW_UPDATE, 0, 0, Uint8Array.of(0, 0, 1, 0)),
    frame(FRAME.RST_STREAM, 0, 3, Uint8Array.of(0, 0, 0, 8)),
    frame(FRAME.GOAWAY, 0, 0, new Uint8Array(8)),
  ]);
}

const echo = grpcHandler({
  "/s/Echo": async (call) => {
    for await (const part of call.messages) await call.send(part);
  },
});

Deno.test("Http2Server answers the same however its input is cut", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const answered = Promise.withResolvers<void>();
    const wire = new MemoryWire(cut(conversation(), generator(seed)), answered.promise);
    await using server = new Http2Server(wire, async (stream) => {
      await echo(stream);
      if (stream.id === 1) answered.resolve();
    });
    await server.finished;
    const text = new TextDecoder().decode(join(wire.sent));
    assert.ok(text.includes("hello"), `seed ${seed}`);
    assert.ok(wire.frameTypes().includes(FRAME.PING));
    assert.ok(!wire.frameTypes().includes(FRAME.GOAWAY));
  }
});

Deno.test("Http2Server ends with a typed error and GOAWAY for what breaks the protocol", async () => {
  const settings = frame(FRAME.SETTINGS, 0, 0);
  const headers = frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, REQUEST);
  const bad: Readonly<Record<string, readonly Uint8Array[]>> = {
    "no preface": [new TextEncoder().encode("GET / HTTP/1.1\r\nHost: d\r\n\r\n")],
    "a frame too large": [PREFACE, Uint8Array.of(0, 64, 1, 0, 0, 0, 0, 0, 1)],
    "data of no stream": [PREFACE, settings, frame(FRAME.DATA, 0, 0)],
    "data of an idle stream": [PREFACE, settings, frame(FRAME.DATA, 0, 5)],
    "an even request": [PREFACE, frame(FRAME.HEADERS, FLAG.END_HEADERS, 2, REQUEST)],
    "continuation alone": [PREFACE, frame(FRAME.CONTINUATION, 0, 1)],
    "interrupted headers": [PREFACE, frame(FRAME.HEADERS, 0, 1, REQUEST), settings],
    "settings of 5 bytes": [PREFACE, frame(FRAME.SETTINGS, 0, 0, new Uint8Array(5))],
    "settings of a stream": [PREFACE, frame(FRAME.SETTINGS, 0, 1)],
    "a window too large": [
      PREFACE,
      frame(FRAME.SETTINGS, 0, 0, Uint8Array.of(0, 4, 255, 255, 255, 255)),
    ],
    "a window past its end": [
      PREFACE,
      frame(FRAME.WINDOW_UPDATE, 0, 0, Uint8Array.of(127, 255, 255, 255)),
    ],
    "a window by nothing": [PREFACE, frame(FRAME.WINDOW_UPDATE, 0, 0, new Uint8Array(4))],
    "a short ping": [PREFACE, frame(FRAME.PING, 0, 0, new Uint8Array(7))],
    "a push": [PREFACE, frame(FRAME.PUSH_PROMISE, 0, 1, new Uint8Array(8))],
    "padding past the frame": [
      PREFACE,
      headers,
      frame(FRAME.DATA, FLAG.PADDED, 1, Uint8Array.of(9)),
    ],
    "data after the end": [
      PREFACE,
      headers,
      frame(FRAME.DATA, FLAG.END_STREAM, 1),
      frame(FRAME.DATA, 0, 1, new Uint8Array(1)),
    ],
    "broken headers": [PREFACE, frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, Uint8Array.of(0x80))],
    "a cut frame": [PREFACE, settings.subarray(0, 5)],
    "nothing": [],
  };
  for (const [name, chunks] of Object.entries(bad)) {
    const wire = new MemoryWire(chunks);
    // Takes its time, so that the stream is still there when the next frame comes.
    const waiting = async (stream: Http2Stream) => {
      while (await stream.read() !== null);
      await new Promise((resolve) => stream.signal.addEventListener("abort", resolve));
    };
    await using server = new Http2Server(wire, waiting);
    await assert.rejects(server.finished, Http2Error, name);
    assert.ok(wire.frameTypes().includes(FRAME.GOAWAY), name);
  }
});

Deno.test("Http2Server survives a header block without end and a flood of continuations", async () => {
  const many = Array.from(
    { length: 40 },
    () => frame(FRAME.CONTINUATION, 0, 1, new Uint8Array(16000)),
  );
  const wire = new MemoryWire([PREFACE, frame(FRAME.HEADERS, 0, 1), ...many]);
  await using server = new Http2Server(wire, echo);
  await assert.rejects(
    server.finished,
    (error: unknown) => error instanceof Http2Error && error.code === "ENHANCE_YOUR_CALM",
  );
});

Deno.test("Http2Server ends, with a typed error or none, whatever garbage comes", async () => {
  const random = generator(99);
  const whole = conversation();
  for (let round = 0; round < 500; round++) {
    const damaged = whole.slice(0, Math.floor(random() * whole.length) + 1);
    const start = round % 2 === 0 ? PREFACE.length : 0;
    for (let hit = 0; hit < 5; hit++) {
      const at = start + Math.floor(random() * Math.max(1, damaged.length - start));
      if (at < damaged.length) damaged[at] = Math.floor(random() * 256);
    }
    await using server = new Http2Server(new MemoryWire(cut(damaged, random)), echo);
    await server.finished.catch((error) => assert.ok(error instanceof Http2Error, String(error)));
  }
});

/** Serves HTTP/2 on a socket and hands out a client of Deno's own (the Rust crate `h2`). */
async function withPeer(
  handler: (stream: Http2Stream) => Promise<void>,
  work: (request: (path: string, body?: BodyInit) => Promise<Response>) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    const path = `${directory}/s.sock`;
    using listener = Deno.listen({ transport: "unix", path });
    using client = Deno.createHttpClient({
      http1: false,
      http2: true,
      proxy: { transport: "unix", path },
    });
    const servers: Http2Server[] = [];
    const accepting = (async () => {
      for await (const connection of listener) {
        const buffer = new Uint8Array(65536);
        let closed = false;
        servers.push(
          new Http2Server({
            async read() {
              const count = await connection.read(buffer);
              return count === null ? null : buffer.subarray(0, count);
            },
            async write(data) {
              for (let at = 0; at < data.length;) at += await connection.write(data.subarray(at));
            },
            [Symbol.dispose]() {
              if (!closed) connection.close();
              closed = true;
            },
          }, handler),
        );
      }
    })();
    try {
      await work((target, body) => fetch(`http://h2${target}`, { client, method: "POST", body }));
    } finally {
      listener.close();
      await accepting.catch(() => {}); // the listener was closed under it
      for (const server of servers) await server[Symbol.asyncDispose]();
    }
  });
}

Deno.test("Http2Server moves 30 MB each way through both windows, many streams at once", async () => {
  const handler = async (stream: Http2Stream) => {
    stream.respond([[":status", "200"]]);
    for (let part = await stream.read(); part !== null; part = await stream.read()) {
      await stream.write(part);
    }
    stream.end([["done", "1"]]);
  };
  await withPeer(handler, async (request) => {
    const body = new Uint8Array(6_000_000);
    for (let at = 0; at < body.length; at += 4093) body[at] = at;
    await Promise.all(Array.from({ length: 5 }, async () => {
      const response = await request("/echo", body);
      const back = await response.bytes();
      assert.equal(back.length, body.length);
      assert.ok(back.every((byte, index) => byte === body[index]));
    }));
  });
});

Deno.test("grpcHandler() sends statuses, UNIMPLEMENTED for others, and messages percent-encoded", async () => {
  const handler = grpcHandler({
    "/s/Fail": () => Promise.reject(new GrpcError("NOT_FOUND", "no „x“ 100%")),
    "/s/Throw": () => Promise.reject(new Error("plain")),
    "/s/Echo": async (call) => {
      for await (const part of call.messages) await call.send(part);
    },
  });
  await withPeer(handler, async (request) => {
    const statusOf = async (path: string, body?: BodyInit) => {
      const response = await request(path, body);
      await response.body?.cancel();
      return [response.headers.get("grpc-status"), response.headers.get("grpc-message")];
    };
    assert.deepEqual(await statusOf("/s/Fail"), ["5", "no %E2%80%9Ex%E2%80%9C 100%25"]);
    assert.deepEqual(await statusOf("/s/Throw"), ["2", "plain"]);
    assert.deepEqual(await statusOf("/s/None"), ["12", 'no method "/s/None"']);
    assert.deepEqual(await statusOf("/s/Echo", Uint8Array.of(1, 0, 0, 0, 0)), [
      "12",
      "messages must not be compressed",
    ]);
    assert.deepEqual(await statusOf("/s/Echo", Uint8Array.of(0, 255, 0, 0, 0)), [
      "8",
      `a message of ${255 * 2 ** 24 + 5} bytes`,
    ]);
    assert.deepEqual(await statusOf("/s/Echo", Uint8Array.of(0, 0)), [
      "13",
      "the call ends within a message",
    ]);
    const echoed = await (await request("/s/Echo", message("hello"))).bytes();
    assert.deepEqual(echoed, message("hello"));
  });
});

Deno.test("Http2Server tells a handler when the peer gives up, and when it is disposed of", async () => {
  const aborted = Promise.withResolvers<void>();
  const handler = async (stream: Http2Stream) => {
    stream.respond([[":status", "200"]]);
    stream.signal.addEventListener("abort", () => aborted.resolve());
    while (await stream.read() !== null);
  };
  await withPeer(handler, async (request) => {
    const controller = new AbortController();
    let feed: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (feed = given) });
    const response = await request("/wait", body);
    feed?.enqueue(Uint8Array.of(1));
    controller.abort();
    await response.body?.cancel();
    feed?.error(new Error("gone"));
    await aborted.promise;
  });
});
