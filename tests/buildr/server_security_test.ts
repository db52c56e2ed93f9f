import assert from "node:assert/strict";
import { Coordinator } from "../../lib/buildr/coordinator/coordinator.ts";
import { Ledger } from "../../lib/buildr/coordinator/ledger.ts";
import { startServer, UnguardedError } from "../../lib/buildr/coordinator/server/mod.ts";
import { RateLimit } from "../../lib/buildr/coordinator/server/rate_limit.ts";
import { EmbeddedCoordinatorTransport } from "../../lib/buildr/queue/mod.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { HandAgent, type ServerScene, serveScene, Teller } from "./_server_scene.ts";
import { smallDisk, whyNoSmallDisk } from "../support/small_disk.ts";

const REPO = "https://example.org/team/shop.git";
const TOKEN = "a-token-that-nobody-knows";

/** A request byte by byte: `fetch` sets some headers itself. */
async function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(text.replaceAll("\n", "\r\n")));
  return await new Response(connection.readable).text();
}

async function status(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
}

Deno.test("writing needs the token where there is one, reading does not", async () => {
  await using scene = await serveScene({ tokens: [TOKEN, "another-token-of-somebody"] });
  const submit = (headers: HeadersInit) =>
    status(scene.ask("POST", "/api/v1/builds", { repo: REPO }, headers));
  assert.equal(await submit({}), 401);
  assert.equal(await submit({ authorization: "Bearer wrong" }), 401);
  assert.equal(await submit({ authorization: `Basic ${TOKEN}` }), 401);
  assert.equal(await submit({ authorization: `Bearer ${TOKEN}x` }), 401);
  assert.equal(await submit({ authorization: `Bearer ${TOKEN}` }), 201);
  assert.equal(await submit({ authorization: "bearer another-token-of-somebody" }), 201);
  for (const path of ["/", "/api/v1/builds", "/healthz", "/agents"]) {
    assert.equal(await status(scene.ask("GET", path)), 200);
  }
  const writing = [
    ["POST", "/api/v1/builds/1/cancel"],
    ["POST", "/api/v1/builds/1/retry"],
    ["POST", "/api/v1/agents/drain"],
    ["POST", "/api/v1/agents/x/drain"],
    ["POST", "/api/v1/dead/x/retry"],
    ["DELETE", "/api/v1/dead/x"],
  ] as const;
  for (const [method, path] of writing) {
    assert.equal(await status(scene.ask(method, path)), 401, path);
  }
  await assert.rejects(HandAgent.join(scene.url));
  await assert.rejects(HandAgent.join(scene.url, "x", 1, "wrong"));
  await using _agent = await HandAgent.join(scene.url, "x", 1, TOKEN);
});

Deno.test("beyond loopback nothing is served without a token", async () => {
  using ledger = await Ledger.open(":memory:");
  const transport = new EmbeddedCoordinatorTransport(ledger);
  await using coordinator = await Coordinator.start({ ledger, transport });
  for (const hostname of ["0.0.0.0", "::", "192.0.2.1", "example.org"]) {
    await assert.rejects(startServer({ coordinator, hostname, port: 0 }), UnguardedError);
  }
  await using server = await startServer({
    coordinator,
    hostname: "0.0.0.0",
    port: 0,
    tokens: [TOKEN],
  });
  assert.equal(await status(fetch(`${server.url}/healthz`)), 200);
});

Deno.test("pages of other sites can neither ask nor connect", async () => {
  await using scene = await serveScene({ names: ["ci.example.org"] });
  const { host } = new URL(scene.url);
  const first = async (headers: string, method = "GET", path = "/api/v1/builds") =>
    (await raw(
      scene.url,
      `${method} ${path} HTTP/1.1\n${headers}Connection: close\nContent-Length: 0\n\n`,
    )).split("\r\n")[0]!.slice(9, 12);
  assert.equal(await first(`Host: ${host}\n`), "200");
  assert.equal(await first("Host: ci.example.org\n"), "200");
  // A name of somebody else's that leads to this machine.
  assert.equal(await first("Host: evil.example\n"), "421");
  assert.equal(await first(`Host: 127.0.0.1.evil.example\n`), "421");
  assert.equal(await first(`Host: ${host}\nOrigin: http://evil.example\n`), "403");
  assert.equal(await first(`Host: ${host}\nOrigin: null\n`, "POST"), "403");
  assert.equal(await first(`Host: ${host}\nSec-Fetch-Site: cross-site\n`), "403");
  assert.equal(await first(`Host: ${host}\nSec-Fetch-Site: same-site\n`, "POST"), "403");
  // A link in a mail leads to a page, and a page of ours may write.
  const link = `Host: ${host}\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\n`;
  assert.equal(await first(link, "GET", "/"), "200");
  assert.equal(await first(link, "POST", "/api/v1/agents/drain"), "403");
  const own = `Host: ${host}\nOrigin: http://${host}\nSec-Fetch-Site: same-origin\n`;
  assert.equal(await first(own, "POST", "/api/v1/agents/drain"), "202");
  const upgrade = "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n" +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n";
  const socket = await raw(
    scene.url,
    `GET /api/v1/agents/connect HTTP/1.1\nHost: ${host}\nOrigin: http://evil.example\n${upgrade}` +
      "Connection: close\n\n",
  );
  assert.match(socket, /^HTTP\/1.1 403/);
});

Deno.test("every answer tells browsers to be careful", async () => {
  await using scene = await serveScene();
  for (const path of ["/", "/agents", "/dead", "/nothing", "/api/v1/builds", "/assets/page.js"]) {
    const response = await scene.ask("GET", path, undefined, { origin: scene.url });
    await response.body?.cancel();
    const policy = response.headers.get("content-security-policy")!;
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.ok(!policy.includes("unsafe"));
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(response.headers.get("access-control-allow-origin"), null);
  }
  const page = await (await scene.ask("GET", "/")).text();
  assert.ok(!/<script>|<style|style=|onclick|javascript:/.test(page));
});

Deno.test("a client that writes too much is asked to wait", async () => {
  await using scene = await serveScene({ writes: { perSecond: 0.01, burst: 3 } });
  const answers: Response[] = [];
  for (let count = 0; count < 5; count++) {
    answers.push(await scene.ask("POST", "/api/v1/builds", { repo: REPO }));
  }
  for (const { body } of answers) await body?.cancel();
  assert.deepEqual(answers.map((answer) => answer.status), [201, 201, 201, 429, 429]);
  assert.ok(Number(answers[3]!.headers.get("retry-after")) > 0);
  assert.equal(await status(scene.ask("GET", "/api/v1/builds")), 200);
});

Deno.test("the rate fills up again, for each client on its own", () => {
  const limit = new RateLimit({ perSecond: 2, burst: 2 });
  assert.deepEqual([limit.take("a", 0), limit.take("a", 0), limit.take("a", 0)], [0, 0, 1]);
  assert.equal(limit.take("b", 0), 0);
  assert.equal(limit.take("a", 500), 0);
  assert.equal(limit.take("a", 500), 1);
  assert.equal(limit.take("a", 60_000), 0);
});

/** What a client that never reads lets pile up. */
async function silentStream(scene: ServerScene, path: string): Promise<Deno.Conn> {
  const { hostname, port, host } = new URL(scene.url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(
    new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
  );
  return connection;
}

Deno.test("streams that nobody reads, or that are cut, cost nothing and are forgotten", async () => {
  await using scene = await serveScene({ maxStreams: 20 });
  scene.coordinator.submit({ id: "a", repo: REPO });
  const open: Deno.Conn[] = [];
  for (let count = 0; count < 20; count++) {
    open.push(await silentStream(scene, "/api/v1/builds/a/events"));
  }
  await eventually(
    async () => assert.equal(await status(scene.ask("GET", "/api/v1/changes")), 503),
    5_000,
  );
  const teller = new Teller(scene.ledger, "a");
  const before = Deno.memoryUsage().rss;
  for (let count = 0; count < 100; count++) {
    scene.ledger.apply(
      Array.from({ length: 100 }, () => teller.event({ data: "x".repeat(4_000) })),
    );
    // Whoever listens hears of it, and looks.
    scene.coordinator.submit({ id: `b${count}`, repo: REPO });
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  // 40 MB were written; twenty readers that kept it all would hold 800 MB.
  const grown = (Deno.memoryUsage().rss - before) / 1e6;
  assert.ok(grown < 300, `it grew by ${grown} MB`);
  for (const connection of open) connection.close();
  await eventually(
    async () => assert.equal(await status(scene.ask("GET", "/api/v1/changes")), 200),
    20_000,
  );
});

Deno.test("a locked ledger refuses with a reason, and what was promised stays", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/ledger.db`;
    await using scene = await serveScene({}, { path });
    assert.equal(await status(scene.ask("POST", "/api/v1/builds", { id: "a", repo: REPO })), 201);
    const { DatabaseSync } = await import("node:sqlite");
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const refused = await scene.ask("POST", "/api/v1/builds", { id: "b", repo: REPO });
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get("retry-after"), "5");
    assert.match((await refused.json()).problems[0], /cannot note a build: database is locked/);
    assert.equal(await status(scene.ask("GET", "/api/v1/builds/a")), 200);
    other.exec("ROLLBACK");
    other.close();
    assert.equal(await status(scene.ask("POST", "/api/v1/builds", { id: "b", repo: REPO })), 201);
    assert.deepEqual(scene.ledger.list().map(({ job }) => job.id), ["b", "a"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

const noDisk = await whyNoSmallDisk();
const fullDisk = "a full disk refuses with a reason, and what was promised stays";

Deno.test({
  name: noDisk === undefined ? fullDisk : `${fullDisk}: skipped, ${noDisk}`,
  ignore: noDisk !== undefined,
  fn: async () => {
    await using disk = await smallDisk(500);
    const path = `${disk.path}/ledger.db`;
    const promised: string[] = [];
    {
      await using scene = await serveScene({ writes: { perSecond: 1e6, burst: 1e6 } }, { path });
      let answer: Response;
      for (let count = 0;; count++) {
        const id = `b${count}`;
        const env = { A: "x".repeat(2_000) };
        answer = await scene.ask("POST", "/api/v1/builds", { id, repo: REPO, env });
        if (answer.status !== 201) break;
        await answer.body?.cancel();
        promised.push(id);
      }
      assert.equal(answer.status, 503);
      assert.match((await answer.json()).problems[0], /full/);
      assert.equal(await status(scene.ask("GET", "/healthz")), 200);
    }
    assert.ok(promised.length > 10);
    using ledger = await Ledger.open(path);
    assert.deepEqual(ledger.list({ limit: 1_000 }).map(({ job }) => job.id).reverse(), promised);
  },
});

Deno.test("it ends while streams are open and an agent is there", async () => {
  const scene = await serveScene();
  scene.coordinator.submit({ id: "a", repo: REPO });
  const stream = await scene.ask("GET", "/api/v1/builds/a/events");
  const text = stream.text();
  const agent = await HandAgent.join(scene.url);
  const begin = performance.now();
  await scene[Symbol.asyncDispose]();
  await text;
  assert.ok(performance.now() - begin < 10_000);
  await agent[Symbol.asyncDispose]();
});
