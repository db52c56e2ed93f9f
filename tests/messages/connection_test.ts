import assert from "node:assert/strict";
import { findCause, isTimeout, renderError } from "../../lib/errors/mod.ts";
import {
  AuthenticationError,
  MessageListener,
  messageType,
  NetMessenger,
} from "../../lib/messages/mod.ts";
import { freePort, pair, portOf, wait } from "./_support.ts";

const text = messageType<string>("text");
const secret = "5b1f0d7c9a3e4f62";

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(() => assert.fail("it did not fail"), (error) => error);
}

async function greet(one: NetMessenger, other: NetMessenger): Promise<void> {
  await one.send(text, "hello", wait);
  assert.equal(await other.recv(text, wait), "hello");
}

Deno.test("both sides that know the secret talk; as text and as bytes it is the same", async () => {
  await using both = await pair({ secret }, { secret: new TextEncoder().encode(secret) });
  await greet(both.client, both.server);
  await greet(both.server, both.client);
});

Deno.test("another secret, or none, is told at once and does not take the listener's place", async () => {
  await using listener = MessageListener.bind("127.0.0.1:0", { secret });
  const accepting = listener.accept(wait);
  for (const wrong of ["another secret!!", undefined]) {
    const options = { secret: wrong, retries: 100, delayMs: 60_000, ...wait };
    const error = await failureOf(NetMessenger.connect(listener.address, options));
    assert.ok(findCause(error, AuthenticationError), renderError(error));
    assert.equal(isTimeout(error), false);
  }
  await using client = await NetMessenger.connect(listener.address, { secret, ...wait });
  await using server = await accepting;
  await greet(client, server);
});

Deno.test("accept() that times out tells why it refused somebody", async () => {
  await using listener = MessageListener.bind("127.0.0.1:0", { secret });
  await failureOf(NetMessenger.connect(listener.address, { secret: "wrong", ...wait }));
  const error = await failureOf(listener.accept({ timeoutMs: 100 }));
  assert.ok(isTimeout(error));
  assert.match(renderError(error), /1 refused, the last one because:/);
  assert.ok(findCause(error, AuthenticationError));
});

Deno.test("an empty secret is refused on both sides", async () => {
  await assert.rejects(NetMessenger.listen("127.0.0.1:0", { secret: "", ...wait }), TypeError);
  await assert.rejects(NetMessenger.connect("127.0.0.1:1", { secret: "" }), TypeError);
});

Deno.test("strangers neither count as a peer nor hold one up", async () => {
  await using listener = MessageListener.bind("127.0.0.1:0");
  const port = portOf(listener.address);
  using _silent = await Deno.connect({ port });
  using impolite = await Deno.connect({ port });
  await impolite.write(
    new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n" + "x".repeat(99)),
  );
  (await Deno.connect({ port })).close(); // such as a check whether the port is open
  const accepting = listener.accept(wait);
  await using client = await NetMessenger.connect(listener.address, wait);
  await using server = await accepting;
  await greet(client, server);
});

Deno.test("a listener that does not speak the protocol is tried again until the time is over", async () => {
  using web = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of web) {
      await connection.write(new TextEncoder().encode("220 mail.example ESMTP ready".repeat(3)));
      connection.close();
    }
  })();
  const address = `127.0.0.1:${web.addr.port}`;
  const error = await failureOf(NetMessenger.connect(address, { retries: 2, delayMs: 1, ...wait }));
  assert.match(renderError(error), /does not speak this protocol|reset|closed the connection/);
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const quiet = await failureOf(
    NetMessenger.connect(`127.0.0.1:${silent.addr.port}`, { handshakeTimeoutMs: 20 }),
  );
  assert.ok(isTimeout(quiet));
  assert.match(renderError(quiet), /Timed out after 20 ms: introduction/);
  web.close();
  await serving.catch(() => {}); // the loop ends with the listener
});

Deno.test("listenForPeers() takes as many as it is told, and no more", async () => {
  const address = `127.0.0.1:${freePort()}`;
  const listening = NetMessenger.listenForPeers(address, 3, wait);
  const options = { retries: 1_000, delayMs: 5, ...wait };
  const clients = await Promise.all(
    Array.from({ length: 3 }, () => NetMessenger.connect(address, options)),
  );
  const servers = await listening;
  assert.deepEqual(servers.map(({ peer }) => peer.split(":")[0]), Array(3).fill("127.0.0.1"));
  await Promise.all(clients.map((client, index) => client.send(text, `client ${index}`, wait)));
  const received = await Promise.all(servers.map((server) => server.recv(text, wait)));
  assert.deepEqual(received.toSorted(), ["client 0", "client 1", "client 2"]);
  const late = await failureOf(NetMessenger.connect(address, { retries: 1, delayMs: 1 }));
  assert.match(renderError(late), /refused/);
  await Promise.all([...clients, ...servers].map((messenger) => messenger.close()));
});

Deno.test("listenForPeers() that times out closes those that came", async () => {
  const address = `127.0.0.1:${freePort()}`;
  const listening = failureOf(NetMessenger.listenForPeers(address, 2, { timeoutMs: 500 }));
  const options = { retries: 1_000, delayMs: 5, ...wait };
  await using client = await NetMessenger.connect(address, options);
  assert.ok(isTimeout(await listening));
  await assert.rejects(client.recv(text, wait), /the connection is gone/);
});

Deno.test("a connection waits until it is accepted, and is tried again if it never is", async () => {
  const listener = MessageListener.bind("127.0.0.1:0");
  const waiting = await failureOf(NetMessenger.connect(listener.address, { timeoutMs: 200 }));
  assert.ok(isTimeout(waiting), "nobody accepts");
  const connecting = NetMessenger.connect(listener.address, { retries: 1, delayMs: 1 });
  const failed = failureOf(connecting);
  await listener.close();
  await listener.close();
  assert.ok(isTimeout(await failed));
  await assert.rejects(listener.accept(wait), /is closed/);
});

Deno.test("an abort ends listen(), accept() and connect() with its own reason", async () => {
  const reason = new Error("stop");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(NetMessenger.listen("127.0.0.1:0", { signal }), reason);
  await assert.rejects(NetMessenger.connect("127.0.0.1:1", { signal }), reason);
  await using listener = MessageListener.bind("127.0.0.1:0");
  const controller = new AbortController();
  const works = [
    listener.accept({ signal: controller.signal }),
    NetMessenger.listen("127.0.0.1:0", { signal: controller.signal }),
    NetMessenger.connect(`127.0.0.1:${freePort()}`, {
      signal: controller.signal,
      retries: Infinity,
      delayMs: 60_000,
    }),
  ].map(failureOf);
  controller.abort(reason);
  for (const error of await Promise.all(works)) assert.equal(error, reason);
});

Deno.test("wrong addresses and limits are refused before anything is opened", async () => {
  for (const address of ["", "localhost", "::1:1", "a:65536"]) {
    assert.throws(() => MessageListener.bind(address), TypeError);
    await assert.rejects(NetMessenger.listen(address, wait), TypeError);
    await assert.rejects(NetMessenger.connect(address, wait), TypeError);
  }
  for (const maxMessageBytes of [0, -1, 1.5, NaN, 2 ** 32]) {
    assert.throws(() => MessageListener.bind("127.0.0.1:0", { maxMessageBytes }), RangeError);
    await assert.rejects(NetMessenger.connect("127.0.0.1:1", { maxMessageBytes }), RangeError);
  }
  await using taken = MessageListener.bind("127.0.0.1:0");
  assert.throws(() => MessageListener.bind(taken.address), /Cannot listen on 127\.0\.0\.1:\d+/);
});

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

Deno.test(
  "IPv6 works, and a name is tried at all its addresses",
  { ignore: !hasIpv6() },
  async () => {
    await using six = MessageListener.bind("[::1]:0");
    assert.match(six.address, /^\[::1\]:\d+$/);
    const acceptingSix = six.accept(wait);
    await using client = await NetMessenger.connect(six.address, wait);
    await using server = await acceptingSix;
    assert.match(server.peer, /^\[::1\]:\d+$/);
    await greet(client, server);
    await using both = MessageListener.bind("[::]:0"); // takes IPv4 as well
    const acceptingBoth = both.accept(wait);
    await using named = await NetMessenger.connect(`localhost:${portOf(both.address)}`, wait);
    await using other = await acceptingBoth;
    await greet(named, other);
  },
);

/** A throw-away authority and a certificate for localhost. */
async function makeCertificates(dir: string): Promise<{ cert: string; key: string; ca: string }> {
  const run = async (...args: string[]) => {
    const options = { args, cwd: dir, stdout: "null", stderr: "null" } as const;
    assert.ok((await new Deno.Command("openssl", options).output()).success, args.join(" "));
  };
  const newKey = ["req", "-newkey", "rsa:2048", "-nodes"];
  await run(...newKey, "-x509", "-subj", "/CN=test", "-keyout", "ca.key", "-out", "ca.pem");
  await run(...newKey, "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "request.pem");
  const extensions = "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n";
  await Deno.writeTextFile(`${dir}/extensions`, extensions);
  const files = ["-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "cert.pem"];
  await run("x509", "-req", ...files, "-set_serial", "1", "-extfile", "extensions");
  const read = (name: string) => Deno.readTextFile(`${dir}/${name}`);
  return { cert: await read("cert.pem"), key: await read("key.pem"), ca: await read("ca.pem") };
}

function hasOpenssl(): boolean {
  try {
    return new Deno.Command("openssl", { args: ["version"] }).outputSync().success;
  } catch {
    return false;
  }
}

Deno.test(
  "TLS encrypts, and an unknown authority is told at once",
  { ignore: !hasOpenssl() },
  async () => {
    const dir = await Deno.makeTempDir({ prefix: "superorch-messages-" });
    try {
      const { cert, key, ca } = await makeCertificates(dir);
      await using listener = MessageListener.bind("127.0.0.1:0", { tls: { cert, key }, secret });
      const accepting = listener.accept(wait);
      const options = { secret, retries: 100, delayMs: 60_000, ...wait };
      const stranger = NetMessenger.connect(listener.address, { ...options, tls: {} });
      assert.match(renderError(await failureOf(stranger)), /UnknownIssuer/);
      await using client = await NetMessenger.connect(listener.address, {
        ...options,
        tls: { caCerts: [ca] },
      });
      await using server = await accepting;
      await greet(client, server);
      const block = messageType<Uint8Array>("block");
      const large = new Uint8Array(5 << 20).map((_, index) => index % 251);
      const sending = server.send(block, large, wait);
      assert.deepEqual(await client.recv(block, wait), large);
      await sending;
      const plain = NetMessenger.connect(listener.address, { secret, handshakeTimeoutMs: 2_000 });
      const reason = renderError(await failureOf(plain));
      assert.match(reason, /reset|closed the connection|does not speak this protocol|introduction/);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);
