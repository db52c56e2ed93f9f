import assert from "node:assert/strict";
import { isTimeout, renderError } from "../../lib/errors/mod.ts";
import { parseHostPort, waitForLookupHost, waitForTcpConnect } from "../../lib/retry/mod.ts";

const once = { retries: 0, delayMs: 0 };

function listen(port = 0, hostname = "127.0.0.1") {
  const listener = Deno.listen({ hostname, port });
  return { listener, port: (listener.addr as Deno.NetAddr).port };
}

Deno.test("parseHostPort() takes names, IPv4 and bracketed IPv6", () => {
  assert.deepEqual(parseHostPort("a-b.example:80"), { hostname: "a-b.example", port: 80 });
  assert.deepEqual(parseHostPort("127.0.0.1:0"), { hostname: "127.0.0.1", port: 0 });
  assert.deepEqual(parseHostPort("[::1]:65535"), { hostname: "::1", port: 65535 });
  assert.deepEqual(parseHostPort("[fe80::1%eth0]:1"), { hostname: "fe80::1%eth0", port: 1 });
  const wrong = ["", "a", "a:", ":1", "a:b", "a:65536", "a:-1", "::1:80", "a b:1", "http://a:1"];
  for (const text of [...wrong, "[]:1", "[a:1", `${"x".repeat(9_999)}`]) {
    assert.throws(() => parseHostPort(text), (error: Error) => {
      return error instanceof TypeError && error.message.length < 400;
    }, text);
  }
});

Deno.test("waitForLookupHost() gives every address with the port", async () => {
  const found = await waitForLookupHost("localhost:26000", once);
  assert.ok(found.length > 0);
  for (const { hostname, port, transport } of found) {
    assert.ok(["127.0.0.1", "::1"].includes(hostname));
    assert.equal(port, 26000);
    assert.equal(transport, "tcp");
  }
  const [literal] = await waitForLookupHost("[::1]:1", once);
  assert.equal(literal?.hostname, "::1");
});

Deno.test("waitForLookupHost() names the address in a time-out", async () => {
  const error = await waitForLookupHost("no-such-host.invalid:1", {
    retries: 1,
    delayMs: 1,
    timeoutMs: 60_000,
  }).catch((error) => error);
  assert.ok(isTimeout(error));
  assert.match(renderError(error), /waitForLookupHost\(address: "no-such-host.invalid:1"\)/);
  assert.match(renderError(error), /ENOTFOUND|EAI_AGAIN/);
});

Deno.test("waitForTcpConnect() connects as soon as somebody listens", async () => {
  const { listener, port } = listen();
  listener.close();
  let later: Deno.TcpListener | undefined;
  const connection = await waitForTcpConnect(`localhost:${port}`, {
    retries: 1_000,
    delayMs: 5,
    timeoutMs: 60_000,
    onRetry: (_error, retry) => {
      if (retry === 3) later = listen(port).listener;
    },
  });
  assert.equal(connection.remoteAddr.port, port);
  connection.close();
  later?.close();
});

Deno.test("waitForTcpConnect() tells why nobody answers", async () => {
  const { listener, port } = listen();
  listener.close();
  const options = { retries: 2, delayMs: 1 };
  const error = await waitForTcpConnect(`127.0.0.1:${port}`, options).catch((error) => error);
  assert.ok(isTimeout(error));
  assert.match(renderError(error), new RegExp(`waitForTcpConnect\\(address: "127.0.0.1:${port}"`));
  assert.match(renderError(error), /refused/);
  await assert.rejects(waitForTcpConnect("localhost", options), TypeError);
});

Deno.test("waitForTcpConnect() is stopped by an abort", async () => {
  const { listener, port } = listen();
  listener.close();
  const controller = new AbortController();
  const reason = new Error("stop");
  const waiting = waitForTcpConnect(`127.0.0.1:${port}`, {
    retries: Infinity,
    delayMs: 60_000,
    signal: controller.signal,
    onRetry: () => controller.abort(reason),
  });
  await assert.rejects(waiting, reason);
});

Deno.test({
  name: "waitForTcpConnect() does not retry what is not permitted",
  permissions: { net: ["localhost"] },
  async fn() {
    let retries = 0;
    const options = { retries: 9, delayMs: 60_000, onRetry: () => void retries++ };
    await assert.rejects(waitForTcpConnect("127.0.0.1:1", options), /no retry can help/);
    await assert.rejects(waitForLookupHost("example.invalid:1", options), /no retry can help/);
    assert.equal(retries, 0);
  },
});
