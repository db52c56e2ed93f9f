import assert from "node:assert/strict";
import { encodeFrame, FLAG, FRAME } from "../../../lib/engine/build/session/_frames.ts";
import { callGrpc } from "../../../lib/engine/build/session/_grpc_client.ts";
import { encodeHeaders } from "../../../lib/engine/build/session/_hpack.ts";
import { Http2Client } from "../../../lib/engine/build/session/_http2_client.ts";
import { Http2Server } from "../../../lib/engine/build/session/_http2_server.ts";
import type { Wire } from "../../../lib/engine/build/session/_wire.ts";
import { grpcHandler } from "../../../lib/engine/build/session/grpc.ts";
import { GrpcError, type GrpcMethods, Http2Error } from "../../../lib/engine/build/mod.ts";

const text = (message: Uint8Array) => new TextDecoder().decode(message);
const bytes = (message: string) => new TextEncoder().encode(message);

/** Two ends of a connection in memory; what one writes the other reads, in pieces. */
function wires(pieceBytes = 1000): [Wire, Wire] {
  const queues: Uint8Array[][] = [[], []];
  const wake: (() => void)[] = [() => {}, () => {}];
  let closed = false;
  const side = (own: 0 | 1, other: 0 | 1): Wire => ({
    async read() {
      while (queues[own]!.length === 0) {
        if (closed) return null;
        await new Promise<void>((resolve) => wake[own] = resolve);
      }
      return queues[own]!.shift()!;
    },
    write(data) {
      if (closed) return Promise.reject(new Error("closed"));
      for (let at = 0; at < data.length; at += pieceBytes) {
        queues[other]!.push(data.slice(at, at + pieceBytes));
      }
      wake[other]!();
      return Promise.resolve();
    },
    [Symbol.dispose]() {
      closed = true;
      wake.forEach((end) => end());
    },
  });
  return [side(0, 1), side(1, 0)];
}

async function withServer(
  methods: GrpcMethods,
  work: (client: Http2Client) => Promise<void>,
): Promise<void> {
  const [ours, theirs] = wires();
  await using _server = new Http2Server(theirs, grpcHandler(methods));
  await using client = new Http2Client(ours);
  await work(client);
}

Deno.test("callGrpc() gives each message of the answer, of many calls at a time", () =>
  withServer({
    "/s/Count": async (call) => {
      for await (const message of call.messages) {
        for (let number = 0; number < Number(text(message)); number++) {
          await call.send(bytes(`${number}`));
        }
      }
    },
  }, async (client) => {
    const counts = [0, 1, 5, 100];
    const answers = await Promise.all(
      counts.map((count) => Array.fromAsync(callGrpc(client, "/s/Count", bytes(`${count}`)), text)),
    );
    assert.deepEqual(
      answers,
      counts.map((count) => Array.from({ length: count }, (_, at) => `${at}`)),
    );
  }));

Deno.test("callGrpc() sends and takes more than any window", () =>
  withServer({
    "/s/Echo": async (call) => {
      for await (const message of call.messages) await call.send(message);
    },
  }, async (client) => {
    const large = new Uint8Array(9 * 1024 * 1024).map((_, at) => at % 251);
    const [answer] = await Array.fromAsync(callGrpc(client, "/s/Echo", large));
    assert.deepEqual(answer?.length, large.length);
    assert.ok(answer.every((byte, at) => byte === at % 251));
  }));

Deno.test("callGrpc() fails with the status and the words of the other side", () =>
  withServer({
    "/s/Fail": () => Promise.reject(new GrpcError("NOT_FOUND", "nö 100%41 % \n")),
  }, async (client) => {
    for (
      const [path, status, message] of [
        ["/s/Fail", "NOT_FOUND", "nö 100%41 % \n"],
        ["/s/None", "UNIMPLEMENTED", 'no method "/s/None"'],
      ] as const
    ) {
      await assert.rejects(Array.fromAsync(callGrpc(client, path, bytes(""))), (error: unknown) => {
        assert.ok(error instanceof GrpcError);
        assert.deepEqual([error.status, error.message], [status, message]);
        return true;
      });
    }
  }));

Deno.test("callGrpc() that nobody listens to any more ends the call on the other side", async () => {
  const ended = Promise.withResolvers<void>();
  await withServer({
    "/s/Forever": async (call) => {
      call.signal.addEventListener("abort", () => ended.resolve());
      while (!call.signal.aborted) await call.send(bytes("x"));
    },
  }, async (client) => {
    for await (const message of callGrpc(client, "/s/Forever", bytes(""))) {
      assert.equal(text(message), "x");
      break;
    }
    await ended.promise;
  });
});

Deno.test("callGrpc() fails when the connection ends, before the call and within it", async () => {
  const [ours, theirs] = wires();
  const called = Promise.withResolvers<void>();
  const server = new Http2Server(theirs, async (stream) => {
    called.resolve();
    await new Promise((resolve) => stream.signal.addEventListener("abort", resolve));
  });
  await using client = new Http2Client(ours);
  const waiting = Array.fromAsync(callGrpc(client, "/s/X", bytes("")));
  waiting.catch(() => {}); // awaited below
  await called.promise;
  await server[Symbol.asyncDispose]();
  // What the connection itself says, where it says something.
  await assert.rejects(
    waiting,
    (error: unknown) => error instanceof Http2Error || String(error) === "Error: closed",
  );
  await assert.rejects(Array.fromAsync(callGrpc(client, "/s/X", bytes(""))), Http2Error);
});

Deno.test("Http2Client ends with a typed error for what breaks the protocol, or is no gRPC", async () => {
  const settings = encodeFrame(FRAME.SETTINGS, 0, 0);
  const headers = (id: number, flags = FLAG.END_HEADERS as number) =>
    encodeFrame(FRAME.HEADERS, flags, id, encodeHeaders([[":status", "200"]]));
  const bad: Readonly<Record<string, readonly Uint8Array[]>> = {
    "HTTP/1": [bytes("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")],
    "an answer to nothing": [settings, headers(3)],
    "data of no stream": [settings, encodeFrame(FRAME.DATA, 0, 0)],
    "a push": [settings, encodeFrame(FRAME.PUSH_PROMISE, 0, 1, new Uint8Array(8))],
    "a reset": [settings, encodeFrame(FRAME.RST_STREAM, 0, 1, new Uint8Array(4))],
    "an answer without a status": [
      settings,
      headers(1, FLAG.END_HEADERS | FLAG.END_STREAM),
    ],
    "a compressed message": [
      settings,
      headers(1),
      encodeFrame(FRAME.DATA, 0, 1, Uint8Array.of(1, 0, 0, 0, 1, 0)),
    ],
    "half a message": [
      settings,
      headers(1),
      encodeFrame(FRAME.DATA, FLAG.END_STREAM, 1, Uint8Array.of(0, 0, 0, 0, 9, 0)),
    ],
    "nothing": [],
  };
  for (const [name, chunks] of Object.entries(bad)) {
    const [ours, theirs] = wires();
    await using client = new Http2Client(ours);
    const calling = Array.fromAsync(callGrpc(client, "/s/X", bytes("")));
    calling.catch(() => {}); // awaited below
    for (const chunk of chunks) await theirs.write(chunk);
    if (chunks.length === 0) theirs[Symbol.dispose]();
    await assert.rejects(
      calling,
      (error: unknown) => error instanceof Http2Error || error instanceof GrpcError,
      name,
    );
  }
});
