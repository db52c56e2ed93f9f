// gate-timeout: 240 s
import assert from "node:assert/strict";
import { ContainerNetwork } from "../../lib/containers/mod.ts";
import { LABEL } from "../../lib/containers/labels.ts";
import { LineSplitter } from "../../lib/commands/output/mod.ts";
import { connectEngine, type EngineClient } from "../../lib/engine/mod.ts";
import { BUSYBOX_IMAGE, busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { testLabels } from "../support/gate_labels.ts";
import { privateEngineProblem, startPrivateEngine } from "../support/private_engine.ts";
import { nothingLeftWithin, onEngine, sleeper, within, withScene } from "./support.ts";

/** What the specification allows between the end of a program and an empty engine. */
const EMPTY_MS = 5_000;

type Moment = "build" | "start" | "wait";

interface Program extends AsyncDisposable {
  readonly child: Deno.ChildProcess;
  readonly runId: string;
}

/** Every run: a build that goes on would make its image only some seconds later. */
const runs: string[] = [];

/** Starts the program and returns at a moment of its life. */
async function startAt(
  moment: Moment,
  engine: EngineClient,
  ...args: readonly string[]
): Promise<Program> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-lock",
      new URL("programs/ways_out.ts", import.meta.url).pathname,
      moment,
      ...args,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
    env: { NO_COLOR: "1", DOCKER_HOST: engine.host },
  }).spawn();
  const lines: string[] = [];
  const splitter = new LineSplitter();
  const reading = (async () => {
    for await (const chunk of child.stdout) lines.push(...splitter.push(chunk));
  })();
  const seen = (text: string) =>
    eventually(() => lines.find((line) => line.startsWith(text)) ?? false, 30_000, {
      what: `"${text}"`,
      pollMs: 2,
    });
  const runId = (await seen("run ")).slice(4);
  runs.push(runId);
  if (moment === "build") await seen("building");
  if (moment === "wait") await seen("waiting");
  if (moment === "start") {
    await eventually(
      async () => (await engine.networks.list({ labels: { [LABEL.run]: runId } })).length > 0,
      30_000,
      { what: "a network", pollMs: 1 },
    );
  }
  return {
    child,
    runId,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // it has ended
      }
      await child.status;
      await reading;
    },
  };
}

async function withEngine(body: (engine: EngineClient) => Promise<void>): Promise<void> {
  await using engine = await connectEngine();
  await busyboxImage(engine);
  await body(engine);
}

for (const moment of ["build", "start", "wait"] as const) {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    Deno.test(`${signal} at the moment of ${moment} ends with ${code} and leaves nothing`, () =>
      withEngine(async (engine) => {
        await using program = await startAt(moment, engine);
        program.child.kill(signal);
        const begin = performance.now();
        const status = await within(EMPTY_MS, program.child.status);
        assert.equal(status.code, code);
        const left = EMPTY_MS - (performance.now() - begin);
        await nothingLeftWithin(left, engine, { [LABEL.run]: program.runId });
      }));
  }

  Deno.test(`SIGKILL at the moment of ${moment} leaves nothing after the reaper`, () =>
    withEngine(async (engine) => {
      await using program = await startAt(moment, engine);
      program.child.kill("SIGKILL");
      await program.child.status;
      await nothingLeftWithin(EMPTY_MS, engine, { [LABEL.run]: program.runId });
    }));
}

for (const [way, code] of [["throw", 1], ["exit", 7]] as const) {
  Deno.test(`an end by ${way} ends with ${code} and leaves nothing`, () =>
    withEngine(async (engine) => {
      await using program = await startAt("wait", engine, way);
      assert.equal((await within(EMPTY_MS, program.child.status)).code, code);
      await nothingLeftWithin(EMPTY_MS, engine, { [LABEL.run]: program.runId });
    }));
}

Deno.test("what was cut off makes nothing later", () =>
  withEngine(async (engine) => {
    assert.ok(runs.length > 0);
    for (const run of runs) assert.deepEqual(await onEngine(engine, { [LABEL.run]: run }), []);
  }));

const problem = await privateEngineProblem();
const privately = (name: string, body: () => Promise<void>) =>
  Deno.test({
    name: problem === undefined ? name : `${name} (skipped: ${problem})`,
    ignore: problem !== undefined,
    fn: body,
  });

privately(
  "what a program and its reaper leave when both are killed is swept by the next one, and only that",
  async () => {
    // On an engine of its own: on a shared one anybody's next start would sweep first.
    await using daemon = await startPrivateEngine();
    await using engine = await daemon.connect();
    await withScene(async ({ network: make }) => {
      const living = await make("living");
      living.add(sleeper("alive"));
      await living.run();
      const { Id: stranger } = await engine.containers.create("stranger", {
        Image: BUSYBOX_IMAGE,
        Cmd: ["sleep", "1000"],
        Labels: { ...testLabels(), "org.superorch.run.other": "1" },
      });
      for (const moment of ["build", "start", "wait"] as const) {
        await using program = await startAt(moment, engine);
        for (const pid of await reapersOf(program.child.pid)) Deno.kill(pid, "SIGKILL");
        program.child.kill("SIGKILL");
        await program.child.status;
        const labels = { [LABEL.run]: program.runId };
        if (moment !== "build") {
          assert.notDeepEqual(await onEngine(engine, labels), [], `left at ${moment}`);
        }
        await eventually(async () => {
          await using _next = await ContainerNetwork.create("next", { engine, onProgress() {} });
          assert.deepEqual(await onEngine(engine, labels), []);
        }, EMPTY_MS);
      }
      assert.equal((await living.container("alive").inspect()).State.Running, true);
      assert.deepEqual((await onEngine(engine, { [LABEL.run]: living.runId })).length, 2);
      await engine.containers.remove(stranger);
    }, engine);
  },
);

privately("a second SIGINT ends at once, and the reaper does what is left", async () => {
  await using daemon = await startPrivateEngine();
  await using engine = await daemon.connect();
  await busyboxImage(engine);
  await using program = await startAt("wait", engine);
  await daemon.kill("SIGSTOP"); // nothing can be cleaned up while it sleeps
  try {
    program.child.kill("SIGINT");
    const first = await Promise.race([program.child.status, pause(500)]);
    assert.equal(first, undefined, "it tries to clean up");
    program.child.kill("SIGINT");
    assert.equal((await within(1_000, program.child.status)).code, 130);
  } finally {
    await daemon.kill("SIGCONT");
  }
  await nothingLeftWithin(EMPTY_MS, engine, { [LABEL.run]: program.runId });
});

async function pause(ms: number): Promise<undefined> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

async function reapersOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = await Deno.readTextFile(`/proc/${name}/stat`);
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      if (parent !== pid) continue;
      const environment = await Deno.readTextFile(`/proc/${name}/environ`);
      if (environment.includes("SUPERORCH_REAPER=1")) found.push(Number(name));
    } catch {
      // gone meanwhile
    }
  }
  assert.equal(found.length, 1, "one reaper");
  return found;
}
