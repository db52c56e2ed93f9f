import assert from "node:assert/strict";
import { httpAnswers, portAccepts } from "../../lib/containers/probes.ts";

const signal = new AbortController().signal;

function find(port: number, proxied = false) {
  return () => Promise.resolve({ hostname: "127.0.0.1", port, proxied });
}

Deno.test("a proxy that accepts and closes again is not ready, a program that keeps quiet is", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  let keep = false;
  const open: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      if (keep) open.push(connection);
      else connection.close();
    }
  })();
  assert.equal(await portAccepts(find(port, true), signal), false);
  assert.equal(await portAccepts(find(port), signal), true);
  keep = true;
  assert.equal(await portAccepts(find(port, true), signal), true);
  listener.close();
  await serving.catch(() => {});
  for (const connection of open) connection.close();
  assert.equal(await portAccepts(find(port, true), signal), false, "refused");
  assert.equal(await portAccepts(() => Promise.resolve(undefined), signal), false);
});

Deno.test("an answer counts by status and body", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      const status = Number(new URL(request.url).pathname.slice(1)) || 200;
      return new Response(status === 302 ? null : "ready\n", { status });
    },
  );
  const { port } = server.addr;
  const answers = (http: object) => httpAnswers(find(port), { port, ...http }, signal);
  try {
    assert.equal(await answers({}), true);
    assert.equal(await answers({ path: "/302" }), true);
    assert.equal(await answers({ path: "/404" }), false);
    assert.equal(await answers({ path: "/404", status: 404 }), true);
    assert.equal(await answers({ path: "/503", status: [404, 503] }), true);
    assert.equal(await answers({ body: "^ready$" }), false, "without m, $ is the very end");
    assert.equal(await answers({ body: /^ready$/m }), true);
    assert.equal(await answers({ tls: true }), false);
  } finally {
    await server.shutdown();
  }
  assert.equal(await answers({}), false, "refused");
});
