import assert from "node:assert/strict";
import { Ledger } from "../../lib/buildr/coordinator/ledger.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { HandAgent, serveScene, Teller } from "./_server_scene.ts";

const REPO = "https://example.org/team/shop.git";

interface Answer {
  // deno-lint-ignore no-explicit-any -- JSON
  readonly [name: string]: any;
}

async function json(answer: Promise<Response>, status = 200): Promise<Answer> {
  const response = await answer;
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

async function problems(answer: Promise<Response>, status: number): Promise<string> {
  const { problems, status: told } = await json(answer, status);
  assert.equal(told, status);
  return problems.join("\n");
}

Deno.test("a build is submitted, listed and shown, without what is nobody's business", async () => {
  await using scene = await serveScene();
  const { build } = await json(
    scene.ask("POST", "/api/v1/builds", {
      repo: "https://joe:hunter2@example.org/team/shop.git",
      branch: "main",
      env: { TOKEN: "hunter3" },
      tags: ["arm64"],
    }),
    201,
  );
  assert.equal(build.number, 1);
  assert.equal(build.status, "queued");
  assert.deepEqual(build.job.env, ["TOKEN"]);
  for (
    const path of [
      "/api/v1/builds",
      `/api/v1/builds/${build.id}`,
      "/api/v1/builds/1",
      "/",
      `/builds/${build.id}`,
    ]
  ) {
    const text = await (await scene.ask("GET", path)).text();
    assert.ok(text.includes(build.id), path);
    assert.ok(!text.includes("hunter"), path);
  }
  assert.equal(scene.ledger.get(build.id)!.job.env!["TOKEN"], "hunter3");
});

Deno.test("one id is one build, however often it is submitted; a list is taken as a whole", async () => {
  await using scene = await serveScene();
  const job = { id: "mine", repo: REPO };
  await json(scene.ask("POST", "/api/v1/builds", job), 201);
  const again = await json(scene.ask("POST", "/api/v1/builds", { ...job, repo: `${REPO}2` }), 200);
  assert.equal(again.build.job.repo, REPO);
  const many = Array.from({ length: 100 }, (_, index) => ({ id: `b${index}`, repo: REPO }));
  assert.equal((await json(scene.ask("POST", "/api/v1/builds", many), 201)).builds.length, 100);
  const text = await problems(
    scene.ask("POST", "/api/v1/builds", [{ repo: REPO }, { repo: "-u" }, { branch: 1 }, 7]),
    400,
  );
  assert.match(text, /build 2: "repo": it begins with a hyphen/);
  assert.match(text, /build 3: "repo" is missing/);
  assert.match(text, /build 3: "branch" is 1/);
  assert.match(text, /build 4: it is 7/);
  assert.equal(scene.ledger.counts().queued, 101);
});

Deno.test("the list has pages and filters", async () => {
  await using scene = await serveScene();
  scene.coordinator.submitAll(
    Array.from({ length: 25 }, (_, index) => ({
      id: `b${index}`,
      repo: index % 2 === 0 ? REPO : "https://example.org/other",
      branch: index % 5 === 0 ? "release/1" : "main",
    })),
  );
  scene.ledger.finish("b3", "canceled", "no", "test");
  const numbers = async (query: string) => {
    const { builds, next } = await json(scene.ask("GET", `/api/v1/builds?${query}`));
    return [builds.map((build: Answer) => build["number"]), next];
  };
  assert.deepEqual(await numbers("limit=3"), [[25, 24, 23], 23]);
  assert.deepEqual(await numbers("limit=3&before=3"), [[2, 1], null]);
  assert.deepEqual(await numbers("status=canceled,failed"), [[4], null]);
  assert.deepEqual(await numbers("branch=release/1&limit=2"), [[21, 16], 16]);
  assert.deepEqual((await numbers(`repo=${encodeURIComponent(REPO)}`))[0]!.length, 13);
  assert.deepEqual(await numbers("q=B24"), [[25], null]);
  assert.deepEqual(await numbers("q=nothing%25"), [[], null]);
  const text = await problems(scene.ask("GET", "/api/v1/builds?limit=0&status=x&page=2"), 400);
  assert.equal(text.split("\n").length, 3);
});

Deno.test("requests that make no sense get their status and every reason", async () => {
  await using scene = await serveScene();
  const post = (body: unknown, headers?: HeadersInit) =>
    scene.ask("POST", "/api/v1/builds", body, headers);
  assert.match(await problems(post("{"), 400), /not JSON/);
  assert.match(await problems(post("[]"), 400), /0 builds/);
  assert.match(await problems(post("null"), 400), /an object is wanted/);
  assert.match(await problems(post({ v: 2, repo: REPO }), 400), /knows version 1/);
  assert.match(await problems(post({ repo: REPO, colour: "red" }), 400), /"colour" is not known/);
  assert.match(await problems(post({ repo: "ext::id" }), 400), /runs a program/);
  assert.match(await problems(post({ repo: "/etc" }), 400), /no path of this machine is allowed/);
  assert.match(
    await problems(post(JSON.stringify({ repo: REPO }), { "content-type": "text/plain" }), 415),
    /not application\/json/,
  );
  assert.match(await problems(post("x".repeat(5 * 1024 * 1024)), 413), /bytes/);
  const put = await scene.ask("PUT", "/api/v1/builds", {});
  assert.equal(put.headers.get("allow"), "POST, GET, HEAD");
  assert.match(await problems(Promise.resolve(put), 405), /not PUT/);
  await problems(scene.ask("GET", "/api/v1/nothing"), 404);
  await problems(scene.ask("GET", "/api/v1/builds/none"), 404);
  await problems(scene.ask("GET", "/api/v1/builds/99"), 404);
  await problems(scene.ask("GET", "/api/v1/builds/%ff"), 404);
  await problems(scene.ask("POST", "/api/v1/builds/none/cancel"), 404);
  await problems(scene.ask("POST", "/api/v1/agents/none/drain"), 404);
  await problems(scene.ask("DELETE", "/api/v1/dead/none"), 404);
  assert.equal(scene.ledger.counts().queued ?? 0, 0);
});

Deno.test("a log is text or lines with numbers, whole or in part", async () => {
  await using scene = await serveScene();
  scene.coordinator.submit({ id: "a", repo: REPO });
  const teller = new Teller(scene.ledger, "a");
  teller.log("one\ntwo\nthr", "unit");
  teller.log("\x1b[31mred\x1b[0m\n", "lint");
  teller.log("ee\nopen", "unit");
  const text = async (query = "") =>
    await (await scene.ask("GET", `/api/v1/builds/a/log${query}`)).text();
  assert.equal(await text(), "one\ntwo\n\x1b[31mred\x1b[0m\nthree\nopen\n");
  assert.equal(await text("?from=2&to=3"), "two\n\x1b[31mred\x1b[0m\n");
  assert.equal(await text("?tail=2"), "three\nopen\n");
  assert.equal(await text("?stage=lint"), "\x1b[31mred\x1b[0m\n");
  const lines = (await text("?format=ndjson&stage=unit")).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assert.deepEqual(lines.map(({ n, text }) => [n, text]), [[1, "one"], [2, "two"], [4, "three"], [
    5,
    "open",
  ]]);
  // What another attempt wrote is not this one's.
  const second = new Teller(scene.ledger, "a", 2);
  second.log("again\n", "unit");
  assert.equal(await text(), "again\n");
  assert.equal(await text("?attempt=1&tail=1"), "open\n");
  await problems(scene.ask("GET", "/api/v1/builds/a/log?format=xml"), 400);
});

interface ServerEvent {
  readonly id: number;
  readonly event: string;
  readonly data: Answer;
}

/** Reads events until there are so many, or the stream ends. */
async function readEvents(answer: Promise<Response>, count: number): Promise<ServerEvent[]> {
  const response = await answer;
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const events: ServerEvent[] = [];
  let text = "";
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
      const data = field("data");
      if (data === undefined) continue;
      events.push({
        id: Number(field("id")),
        event: field("event") ?? "message",
        data: JSON.parse(data),
      });
    }
    if (events.length >= count) break;
  }
  return events;
}

Deno.test("events come live, and go on where somebody has stopped to listen", async () => {
  await using scene = await serveScene();
  scene.coordinator.submit({ id: "a", repo: REPO });
  scene.coordinator.submit({ id: "b", repo: REPO });
  await using agent = await HandAgent.join(scene.url);
  const first = await agent.take();
  await agent.tell(first, { type: "started", status: "running" });
  const live = readEvents(scene.ask("GET", "/api/v1/builds/a/events"), 3);
  await agent.tell(first, { data: "one\n", stage: "unit" });
  await agent.tell(first, { data: "two\n", stage: "unit" });
  const three = await live;
  assert.deepEqual(three.map(({ data }) => data["type"]), ["started", "log", "log"]);
  assert.ok(!JSON.stringify(three).includes(first.lease), "a lease lets tell about a build");
  await agent.tell(first, { type: "finished", status: "passed", data: "all passed" });
  const rest = await readEvents(
    scene.ask("GET", "/api/v1/builds/a/events", undefined, {
      "last-event-id": String(three[1]!.id),
    }),
    99,
  );
  assert.deepEqual(rest.map(({ event, data }) => data["data"] ?? event), [
    "two\n",
    "all passed",
    "end",
  ]);
  const some = await readEvents(
    scene.ask("GET", "/api/v1/events?after=0&types=started,finished"),
    2,
  );
  assert.deepEqual(some.map(({ data }) => data["type"]), ["started", "finished"]);
  const [change] = await readEvents(scene.ask("GET", "/api/v1/changes"), 1);
  assert.deepEqual(change!.data, { passed: 1, queued: 1 });
});

Deno.test("builds are cancelled and built again; a result stays what it is", async () => {
  await using scene = await serveScene();
  scene.coordinator.submit({ id: "a", repo: REPO, branch: "main" });
  const { build } = await json(
    scene.ask("POST", "/api/v1/builds/a/cancel", { reason: "<not> wanted" }),
    202,
  );
  assert.deepEqual([build.status, build.reason], ["canceled", "<not> wanted"]);
  assert.match(await problems(scene.ask("POST", "/api/v1/builds/a/cancel"), 409), /canceled/);
  await problems(scene.ask("POST", "/api/v1/builds/a/cancel", { reason: 7 }), 400);
  const again = await json(scene.ask("POST", "/api/v1/builds/a/retry"), 201);
  assert.notEqual(again.build.id, "a");
  assert.deepEqual(again.build.job.branch, "main");
});

Deno.test("agents are shown and drained, dead builds retried and dropped", async () => {
  await using scene = await serveScene();
  await using agent = await HandAgent.join(scene.url, "one/two");
  const drained = Promise.withResolvers<void>();
  agent.transport.onControl(({ type }) => {
    if (type === "drain") drained.resolve();
  });
  await agent.beat();
  await eventually(async () => {
    const { agents } = await json(scene.ask("GET", "/api/v1/agents"));
    assert.deepEqual(agents.map((one: Answer) => [one["name"], one["alive"]]), [["one/two", true]]);
  }, 5_000);
  await json(scene.ask("POST", "/api/v1/agents/one%2Ftwo/drain"), 202);
  await drained.promise;

  scene.coordinator.submit({ id: "a", repo: REPO, tags: ["none"] });
  const { job } = scene.ledger.get("a")!;
  for (const id of ["a", "b"]) {
    scene.ledger.addDead({ id, job, content: "", reason: "gone", lastLines: [], diedAt: 1 });
  }
  const { dead } = await json(scene.ask("GET", "/api/v1/dead"));
  assert.deepEqual(dead.map((one: Answer) => one["id"]), ["a", "b"]);
  const retried = await json(scene.ask("POST", "/api/v1/dead/a/retry"), 201);
  assert.equal(retried.build.status, "queued");
  await json(scene.ask("DELETE", "/api/v1/dead/b"));
  assert.deepEqual((await json(scene.ask("GET", "/api/v1/dead"))).dead, []);
});

Deno.test("health, figures and depths are told", async () => {
  await using scene = await serveScene();
  scene.coordinator.submit({ id: "a", repo: REPO });
  scene.ledger.noteDepth(1_000);
  assert.equal((await json(scene.ask("GET", "/healthz"))).status, "ok");
  const text = await (await scene.ask("GET", "/metrics")).text();
  assert.match(text, /^buildr_builds\{status="queued"\} 1$/m);
  assert.match(text, /^buildr_http_requests_total\{code="200"\} 1$/m);
  const { depths } = await json(scene.ask("GET", "/api/v1/depths?since=1000"));
  assert.deepEqual(depths[0], { at: 1_000, queued: 1, running: 0 });
});

Deno.test("a wish to cancel that a coordinator did not live to carry out is carried out by the next one", async () => {
  const directory = await Deno.makeTempDir({ prefix: "superorch-buildr-" });
  const path = `${directory}/ledger.db`;
  try {
    {
      using ledger = await Ledger.open(path);
      const at = { v: 1, submitted_at: 1, repo: "https://example.org/a.git" } as const;
      ledger.submitAll([{ ...at, id: "waits" }, { ...at, id: "runs" }, { ...at, id: "wanted" }]);
      ledger.markDispatched("runs");
      new Teller(ledger, "runs").tell({ type: "started", status: "running" });
      for (const id of ["waits", "runs"]) ledger.requestCancel(id);
    }
    await using scene = await serveScene({}, { path });
    await eventually(() => {
      const states = ["waits", "runs", "wanted"].map((id) => scene.ledger.get(id)!.status);
      assert.deepEqual(states, ["canceled", "canceled", "queued"]);
    }, 10_000);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
