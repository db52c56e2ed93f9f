import assert from "node:assert/strict";
import { isProbablyNotRootCause, isTimeout, renderError } from "../../lib/errors/mod.ts";
import {
  MessageListener,
  MessageTooLargeError,
  messageType,
  MessageTypeError,
  NetMessenger,
  typeHash,
} from "../../lib/messages/mod.ts";
import { freePort, pair, rawClient, startPeer, wait } from "./_support.ts";

const text = messageType<string>("text");
const unit = messageType<null>("unit");
const block = messageType<Uint8Array>("block");
const number = messageType("number", (value): value is number => typeof value === "number");
const MEBIBYTE = 1 << 20;

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(() => assert.fail("it did not fail"), (error) => error);
}

function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count);
  for (let offset = 0; offset < count; offset += 65_536) {
    crypto.getRandomValues(bytes.subarray(offset, offset + 65_536));
  }
  return bytes;
}

async function converse(messenger: NetMessenger): Promise<void> {
  await messenger.send(text, "hello world", wait);
  assert.equal(await messenger.recv(text, wait), "hello world");
  await messenger.send(unit, null, wait);
  assert.equal(await messenger.recv(unit, wait), null);
  const large = randomBytes(5 * MEBIBYTE);
  await messenger.send(block, large, wait);
  assert.deepEqual(await messenger.recv(block, wait), large);
}

Deno.test("two processes exchange text, null and 5 MiB, whichever side is there first", async () => {
  const address = `127.0.0.1:${freePort()}`;
  const early = startPeer("connect", address); // it retries until this side listens
  {
    await using messenger = await NetMessenger.listen(address, wait);
    await converse(messenger);
  }
  const late = startPeer("listen", address);
  {
    const options = { retries: 1_000, delayMs: 20, ...wait };
    await using messenger = await NetMessenger.connect(address, options);
    await converse(messenger);
  }
  for (const peer of [early, late]) {
    const { code, stderr } = await peer.output();
    assert.equal(new TextDecoder().decode(stderr), "");
    assert.equal(code, 0);
  }
});

Deno.test("recv() of another type names both, and leaves the message where it is", async () => {
  await using both = await pair();
  await both.client.send(number, 7);
  for (let time = 0; time < 2; time++) {
    const error = await failureOf(both.server.recv(text, wait));
    assert.ok(error instanceof MessageTypeError);
    assert.deepEqual([error.expected, error.received], ["text", "number"]);
    assert.match(error.message, /of type "text": the next one is of type "number"/);
  }
  assert.equal(await both.server.recv(number, wait), 7);
  await both.client.send(number, 8);
  assert.ok(await failureOf(both.server.recv(text, wait)) instanceof MessageTypeError);
  assert.equal(await both.server.recv(number, wait), 8, "known by its hash alone now");
});

Deno.test("a value that does not pass its check is neither sent nor given", async () => {
  await using both = await pair();
  await assert.rejects(both.client.send(number, "7" as never), /does not pass the check/);
  const unchecked = messageType<string>("number");
  await both.client.send(unchecked, "not a number");
  await both.client.send(number, 2);
  await assert.rejects(both.server.recv(number, wait), /"number": it does not pass the check/);
  assert.equal(await both.server.recv(number, wait), 2);
});

Deno.test("listen() with nobody there is a time-out", async () => {
  const start = performance.now();
  const error = await failureOf(NetMessenger.listen("127.0.0.1:0", { timeoutMs: 300 }));
  assert.ok(isTimeout(error));
  assert.match(renderError(error), /Timed out after 300 ms: connection to 127\.0\.0\.1:\d+/);
  assert.ok(performance.now() - start < 10_000);
});

Deno.test("connect() with nobody there is a time-out that tells the last reason", async () => {
  const address = `127.0.0.1:${freePort()}`;
  const error = await failureOf(NetMessenger.connect(address, { retries: 2, delayMs: 1 }));
  assert.ok(isTimeout(error));
  assert.match(renderError(error), new RegExp(`NetMessenger.connect\\(address: "${address}"\\)`));
  assert.match(renderError(error), /refused/);
});

Deno.test("recv() times out, and the message that comes later is not lost", async () => {
  await using both = await pair();
  const error = await failureOf(both.server.recv(text, { timeoutMs: 20 }));
  assert.ok(isTimeout(error));
  assert.match(renderError(error), /after 20 ms: receiving "text" from 127\.0\.0\.1:\d+/);
  const reason = new Error("stop");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(both.server.recv(text, { signal }), reason);
  await both.client.send(text, "late");
  await both.client.send(text, "later");
  assert.equal(await both.server.recv(text, wait), "late");
  assert.equal(await both.server.recv(text, wait), "later");
});

Deno.test("several calls of one direction take turns, and one that gives up loses nothing", async () => {
  await using both = await pair();
  const receiving = Array.from({ length: 20 }, (_, index) =>
    both.server.recv(
      number,
      index === 3 ? { signal: AbortSignal.abort("never mind") } : wait,
    ).catch((error) => error));
  await Promise.all(Array.from({ length: 19 }, (_, index) => both.client.send(number, index)));
  const received = await Promise.all(receiving);
  assert.equal(received[3], "never mind");
  received.splice(3, 1);
  assert.deepEqual(received, Array.from({ length: 19 }, (_, index) => index));
});

Deno.test("both directions are independent, and back-pressure holds the sender", async () => {
  await using both = await pair();
  const large = randomBytes(8 * MEBIBYTE); // more than the system buffers
  const sending = Promise.all([both.client.send(block, large), both.server.send(block, large)]);
  assert.deepEqual(await both.server.recv(block, wait), large);
  assert.deepEqual(await both.client.recv(block, wait), large);
  await sending;
});

Deno.test("a peer that is killed in the middle of a wait is probably not the root cause", async () => {
  await using listener = MessageListener.bind("127.0.0.1:0");
  const peer = startPeer("hang", listener.address);
  await using messenger = await listener.accept(wait);
  const waiting = failureOf(messenger.recv(text, wait));
  peer.kill("SIGKILL");
  const error = await waiting;
  assert.ok(isProbablyNotRootCause(error));
  assert.equal(isTimeout(error), false);
  assert.match(renderError(error), /Cannot receive "text".*perhaps because the other side was/);
  assert.match(renderError(error), /\n\s*ProbablyNotRootCauseError\n/);
  assert.ok(isProbablyNotRootCause(await failureOf(messenger.recv(text, wait))), "and stays so");
  assert.ok(isProbablyNotRootCause(await failureOf(messenger.send(text, "x", wait))));
  await peer.output();
});

Deno.test("a peer that is gone in the middle of a message is one too", async () => {
  await using listener = MessageListener.bind("127.0.0.1:0");
  const connecting = rawClient(listener.address);
  await using messenger = await listener.accept(wait);
  const raw = await connecting;
  const header = new Uint8Array(26 + 4);
  header.set(await typeHash("text"));
  new DataView(header.buffer).setUint16(16, 4);
  new DataView(header.buffer).setUint32(18, 1_000);
  header.set(new TextEncoder().encode("text"), 26);
  await raw.write(header);
  raw.close();
  assert.ok(isProbablyNotRootCause(await failureOf(messenger.recv(text, wait))));
});

Deno.test("close() of the other side ends a wait; close() of this side says so", async () => {
  await using both = await pair();
  const last = both.server.recv(text, wait);
  const waiting = failureOf(both.server.recv(text, wait));
  await both.client.send(text, "last words", wait);
  const local = failureOf(both.client.recv(text, wait));
  await both.client.close();
  await both.client.close();
  assert.equal(await last, "last words");
  assert.ok(isProbablyNotRootCause(await waiting));
  for (const error of [await local, await failureOf(both.client.recv(text))]) {
    assert.match(renderError(error), /cannot be used any more\n.*closed by this side/);
    assert.equal(isProbablyNotRootCause(error), false);
  }
});

Deno.test("what was sent before close() arrives", async () => {
  await using both = await pair();
  const large = randomBytes(8 * MEBIBYTE);
  const sending = both.client.send(block, large);
  const receiving = both.server.recv(block, wait);
  await sending;
  await both.client.close();
  assert.deepEqual(await receiving, large);
  assert.ok(isProbablyNotRootCause(await failureOf(both.server.recv(text, wait))));
});

Deno.test("a message over the limit is refused by the sender, which goes on", async () => {
  await using both = await pair({ maxMessageBytes: 1_000 }, { maxMessageBytes: 500 });
  for (const sender of [both.client, both.server]) {
    const error = await failureOf(sender.send(block, new Uint8Array(501)));
    assert.ok(error instanceof MessageTooLargeError);
    assert.equal(error.limitBytes, 500, "the smaller limit of the two sides");
    assert.ok(error.sizeBytes > 500);
  }
  await both.client.send(text, "small", wait);
  assert.equal(await both.server.recv(text, wait), "small");
});

Deno.test("a message that claims to be over the limit is refused before it is read", async () => {
  await using listener = MessageListener.bind("127.0.0.1:0", { maxMessageBytes: 1_000 });
  const connecting = rawClient(listener.address);
  await using messenger = await listener.accept(wait);
  using raw = await connecting;
  const header = new Uint8Array(26);
  new DataView(header.buffer).setUint32(18, 2 ** 32 - 1);
  new DataView(header.buffer).setUint32(22, 2 ** 32 - 1);
  await raw.write(header);
  const error = await failureOf(messenger.recv(text, wait));
  assert.ok(error instanceof MessageTooLargeError);
  assert.equal(error.sizeBytes, 2 * (2 ** 32 - 1));
  assert.ok(await failureOf(messenger.recv(text, wait)) instanceof MessageTooLargeError);
});

Deno.test("something that is not a message ends the connection", async () => {
  const hash = await typeHash("text");
  const withName = (name: string, body: string) => {
    const bytes = new TextEncoder();
    const frame = new Uint8Array(26 + name.length + body.length);
    frame.set(hash);
    new DataView(frame.buffer).setUint16(16, name.length);
    new DataView(frame.buffer).setUint32(18, body.length);
    frame.set(bytes.encode(name + body), 26);
    return frame;
  };
  const frames = [
    withName("another name than the hash says", "null"),
    withName("", "null"), // a hash that was never introduced
    withName("text", "{not json"),
    withName("text", '{"$bytes":[0,1]}'),
    withName("text", "[".repeat(100_000)),
  ];
  for (const frame of frames) {
    await using listener = MessageListener.bind("127.0.0.1:0");
    const connecting = rawClient(listener.address);
    await using messenger = await listener.accept(wait);
    using raw = await connecting;
    await raw.write(frame);
    const error = await failureOf(messenger.recv(text, wait));
    assert.match(renderError(error), /cannot be used any more\n\s*SyntaxError/);
    assert.equal(isProbablyNotRootCause(error), false);
  }
});

Deno.test("send() that gives up in the middle closes the connection", async () => {
  await using both = await pair();
  const huge = new Uint8Array(48 * MEBIBYTE); // nobody reads it
  const error = await failureOf(both.client.send(block, huge, { timeoutMs: 200 }));
  assert.ok(isTimeout(error));
  assert.match(renderError(error), /after 200 ms: sending "block" to /);
  assert.match(
    renderError(await failureOf(both.client.send(text, "x"))),
    /cannot be used any more/,
  );
  assert.ok(isProbablyNotRootCause(await failureOf(both.server.recv(block, wait))));
});

Deno.test("send() refuses what would arrive as something else", async () => {
  await using both = await pair();
  const any = messageType<unknown>("any");
  await assert.rejects(both.client.send(any, undefined), TypeError);
  await assert.rejects(both.client.send(any, { when: new Date() }), /value\["when"\].*is a Date/);
  await both.client.send(any, { fine: [1, null, "x"] });
  assert.deepEqual(await both.server.recv(any, wait), { fine: [1, null, "x"] });
});
