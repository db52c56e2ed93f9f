/**
 * What the coordinator costs: `deno run -A tests/bench/buildr_coordinator.ts`.
 *
 * Over real HTTP and a ledger on disk, beside the floor of the same machine: the bare write of
 * SQLite, and a bare server that answers the same bytes. The page is watched in Debian's Chromium
 * where that can be had.
 */

import { DatabaseSync } from "node:sqlite";
import { startChromium } from "../buildr/_browser.ts";
import { HandAgent, type ServerScene, serveScene } from "../buildr/_server_scene.ts";
import { median } from "./_median.ts";

const REPO = "https://git.example.org/platform/api.git";
const WRITES = { perSecond: 1e9, burst: 1e9 };

const directory = await Deno.makeTempDir({ prefix: "superorch-bench-" });
try {
  if (Deno.args[0] === "memory") {
    await memory();
  } else {
    await acceptAndList();
    await eventsToPage();
    await memoryAlone();
  }
} finally {
  await Deno.remove(directory, { recursive: true });
}

function say(name: string, ...figures: readonly string[]): void {
  console.log([name.padEnd(34), ...figures].join("  "));
}

async function timed(work: () => unknown): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

async function acceptAndList(): Promise<void> {
  await using scene = await serveScene({ writes: WRITES }, { path: `${directory}/accept.db` });
  const submit = async (body: unknown) => {
    const answer = await scene.ask("POST", "/api/v1/builds", body);
    if (answer.status !== 201) throw new Error(await answer.text());
    await answer.body?.cancel();
  };
  const one = await timed(async () => {
    // Fifty clients that each wait for the answer.
    await Promise.all(Array.from({ length: 50 }, async () => {
      for (let count = 0; count < 200; count++) await submit({ repo: REPO, branch: "main" });
    }));
  });
  const floor = bareWrites(10_000);
  say(
    "10,000 builds, a request each",
    `${one.toFixed(0)} ms (goal 10,000)`,
    `bare SQLite commits ${floor.toFixed(0)} ms (× ${(one / floor).toFixed(2)})`,
  );
  const many = await timed(async () => {
    for (let count = 0; count < 20; count++) {
      await submit(Array.from({ length: 500 }, () => ({ repo: REPO, branch: "main" })));
    }
  });
  say("10,000 builds, 500 a request", `${many.toFixed(0)} ms (goal 10,000)`);

  const get = async (path: string) => await (await scene.ask("GET", path)).text();
  const page = await get("/api/v1/builds?limit=100");
  await using bare = bareServer(page);
  for (
    const [name, path] of [
      ["100 of 20,000 as JSON", "/api/v1/builds?limit=100"],
      ["100 of 20,000, in the middle", "/api/v1/builds?limit=100&before=10000"],
      ["100 of 20,000, by a rare text", "/api/v1/builds?limit=100&q=nothing"],
      ["the page of the list", "/"],
    ] as const
  ) {
    const own: number[] = [];
    const floors: number[] = [];
    for (let round = 0; round < 15; round++) {
      own.push(await timed(() => get(path)));
      floors.push(await timed(async () => await (await fetch(bare.url)).text()));
    }
    say(
      name,
      `${median(own).toFixed(1)} ms, at most ${Math.max(...own).toFixed(1)} ms (goal 200)`,
      `the bytes alone ${median(floors).toFixed(1)} ms`,
    );
  }
}

function bareWrites(count: number): number {
  using database = new DatabaseSync(`${directory}/bare.db`);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a, b)");
  const insert = database.prepare("INSERT INTO t VALUES (?, ?)");
  const begin = performance.now();
  for (let index = 0; index < count; index++) insert.run(index, REPO);
  return performance.now() - begin;
}

function bareServer(text: string): AsyncDisposable & { readonly url: string } {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(text),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Sends events at a steady rate; gives when each was sent. */
async function pour(
  agent: HandAgent,
  delivery: Awaited<ReturnType<HandAgent["take"]>>,
  { seconds, perSecond }: { readonly seconds: number; readonly perSecond: number },
): Promise<void> {
  const begin = performance.now();
  const sent: Promise<void>[] = [];
  for (let index = 0; index < seconds * perSecond;) {
    const due = Math.floor(((performance.now() - begin) / 1_000) * perSecond);
    for (; index < Math.min(due, seconds * perSecond); index++) {
      sent.push(agent.tell(delivery, { stage: "unit", data: `at ${Date.now()}\n` }));
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(sent);
}

async function eventsToPage(): Promise<void> {
  const { browser, skip } = await startChromium();
  if (browser === undefined) return console.log(`without a browser: ${skip}`);
  try {
    await using scene = await serveScene({ writes: WRITES }, { path: `${directory}/events.db` });
    scene.coordinator.submit({ id: "a", repo: REPO });
    await using agent = await HandAgent.join(scene.url);
    const delivery = await agent.take();
    const tab = await browser.newPage();
    await tab.goto(`${scene.url}/builds/a`);
    // In the page: from the time in the line to the time at which the page has drawn it.
    await tab.evaluate(`
      window.delays = [];
      const add = buildLog.add.bind(buildLog);
      buildLog.add = (lines) => {
        add(lines);
        const now = Date.now();
        for (const { text } of lines) window.delays.push(now - Number(text.slice(3)));
      };
    `);
    await agent.tell(delivery, { type: "started", status: "running" });
    await pour(agent, delivery, { seconds: 10, perSecond: 1_000 });
    await tab.waitForFunction("window.delays.length >= 10000");
    const delays: number[] = await tab.evaluate("window.delays");
    delays.sort((a, b) => a - b);
    const at = (part: number) => delays[Math.floor(part * (delays.length - 1))];
    say(
      "1,000 log events/s to the page",
      `${at(0.5)} ms, 99 % within ${at(0.99)} ms, all within ${at(1)} ms (goal 500)`,
      "floor: 10 ms of gathering in the ledger and 16 ms of a picture",
    );
  } finally {
    await browser.close();
  }
}

/** In a process of its own, whose garbage can be collected before it is weighed. */
async function memoryAlone(): Promise<void> {
  await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--v8-flags=--expose-gc", import.meta.url, "memory"],
    stdin: "null",
  }).spawn().status;
}

async function memory(): Promise<void> {
  await using scene = await serveScene({ writes: WRITES }, { path: `${directory}/memory.db` });
  scene.coordinator.submit({ id: "a", repo: REPO });
  await using agent = await HandAgent.join(scene.url);
  const delivery = await agent.take();
  await agent.tell(delivery, { type: "started", status: "running" });
  const readers = [await reader(scene), await reader(scene)];
  const megabytes: string[] = [];
  let resident = 0;
  const ms = await timed(async () => {
    for (let tenth = 0; tenth < 10; tenth++) {
      for (let count = 0; count < 100; count++) {
        await Promise.all(
          Array.from(
            { length: 100 },
            () => agent.tell(delivery, { stage: "unit", data: "x".repeat(200) + "\n" }),
          ),
        );
      }
      (globalThis as { readonly gc?: () => void }).gc?.();
      const { heapUsed, external, rss } = Deno.memoryUsage();
      megabytes.push(((heapUsed + external) / 1e6).toFixed(1));
      resident = rss;
    }
  });
  await agent.tell(delivery, { type: "finished", status: "passed" });
  const counts = await Promise.all(readers.map(({ ended }) => ended));
  say(
    "memory over 100,000 events",
    `${megabytes.join(" ")} MB in use, ${(resident / 1e6).toFixed(0)} MB resident (goal: flat)`,
    `${(100_000 / (ms / 1_000)).toFixed(0)} events/s, two followers got ${counts.join(" and ")}`,
  );
}

/** Follows the build, and gives how many events came. */
async function reader(scene: ServerScene): Promise<{ readonly ended: Promise<number> }> {
  const { body } = await scene.ask("GET", "/api/v1/builds/a/events");
  const read = async () => {
    let text = "";
    let count = 0;
    for await (const part of body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + part).split("\n\n");
      text = blocks.pop() ?? "";
      count += blocks.filter((block) => block.startsWith("id: ")).length;
    }
    return count;
  };
  return { ended: read() };
}
