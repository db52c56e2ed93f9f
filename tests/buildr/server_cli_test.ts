import assert from "node:assert/strict";
import { eventually } from "../../lib/retry/mod.ts";
import { superorch } from "../support/cli.ts";
import { buildr } from "./_cli.ts";
import { startCoordinator } from "./_coordinator_process.ts";
import { HandAgent, serveScene } from "./_server_scene.ts";

const REPO = "https://example.org/team/shop.git";

async function withDirectory(fn: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await fn(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("submit, status, tail, cancel and dead talk to a coordinator", async () => {
  await using scene = await serveScene();
  const run = (...args: string[]) => buildr(...args, "--coordinator", scene.url);
  const submitted = await run(
    "submit",
    REPO,
    "-b",
    "main",
    "--id",
    "a",
    "-e",
    "A=b=c",
    "--timeout",
    "5m",
  );
  assert.deepEqual([submitted.code, submitted.stdout], [0, "a\n"]);
  assert.deepEqual(scene.ledger.get("a")!.job.env, { A: "b=c" });
  assert.equal(scene.ledger.get("a")!.job.timeout, 300);
  const list = await run("status");
  assert.match(list.stdout, /^#1\ta\tqueued\thttps:\/\/example.org\/team\/shop.git\tmain\t/m);

  await using agent = await HandAgent.join(scene.url);
  const delivery = await agent.take();
  const tail = run("tail", "1");
  await agent.tell(delivery, { type: "started", status: "running" });
  await agent.tell(delivery, { type: "stage", stage: "unit", status: "running" });
  await agent.tell(delivery, { stage: "unit", data: "one\ntw" });
  await agent.tell(delivery, { stage: "unit", data: "o\nopen" });
  await agent.tell(delivery, { type: "stage", stage: "unit", status: "failed" });
  await agent.tell(delivery, { type: "finished", status: "failed", data: "unit: exit 1" });
  await delivery.done();
  const { code, stdout, stderr } = await tail;
  assert.deepEqual([code, stdout], [1, "one\ntwo\nopen\n"]);
  assert.match(stderr, /^== failed: unit: exit 1$/m);
  const one = await run("status", "a");
  assert.match(one.stdout, /^unit\tfailed\t0s$/m);
  const json = JSON.parse((await run("status", "a", "--json")).stdout);
  assert.equal(json.build.reason, "unit: exit 1");

  await run("submit", REPO, "--id", "b", "--tags", "none");
  const cancelled = await run("cancel", "b", "--reason", "not wanted");
  assert.match(cancelled.stderr, /Build #2 is canceled/);
  assert.equal(scene.ledger.get("b")!.reason, "not wanted");
  assert.equal((await run("tail", "b")).code, 130);
  assert.equal((await run("cancel", "b")).code, 2);

  const { job } = scene.ledger.get("a")!;
  for (const id of ["a", "b"]) {
    scene.ledger.addDead({ id, job, content: "", reason: "gone", lastLines: [], diedAt: 1 });
  }
  assert.match((await run("dead", "list")).stdout, /^a\thttps.*\tgone$/m);
  assert.match((await run("dead", "retry", "a")).stdout, /^[0-9a-f-]{36}\n$/);
  assert.equal((await run("dead", "drop", "b")).code, 0);
  assert.equal((await run("dead", "drop", "b")).code, 2);
  assert.equal(scene.ledger.listDead().length, 0);
});

Deno.test("mistakes of the command line end with 2 and a sentence", async () => {
  await using scene = await serveScene({ tokens: ["a-token-of-somebody"] });
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["submit", REPO], /This needs a token/],
    [["submit", REPO, "-e", "A"], /NAME=VALUE/],
    [["submit", REPO, "--priority", "x"], /whole number/],
    [["submit", REPO, "--timeout", "soon"], /--timeout/],
    [["status", "none"], /There is no build "none"/],
    [["status", "--status", "done"], /not known/],
    [["tail", "none"], /There is no build/],
    [["submit", REPO, "--token-file", "/none/x"], /Cannot read the token/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await buildr(...args, "--coordinator", scene.url);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, message);
  }
  assert.equal((await buildr("status", "--coordinator", "ftp://x")).code, 2);
  const gone = await buildr("status", "--coordinator", "http://127.0.0.1:1");
  assert.equal(gone.code, 255);
  assert.match(gone.stderr, /does not answer/);
});

Deno.test("a coordinator keeps its builds over kill -9, and ends cleanly on SIGTERM", async () => {
  await withDirectory(async (directory) => {
    {
      await using first = await startCoordinator(directory);
      const { stdout } = await buildr("submit", REPO, "--id", "a", "--coordinator", first.url);
      assert.equal(stdout, "a\n");
      // Nobody else may have the same ledger.
      const second = await superorch(
        ["buildr", "coordinator", "--listen", "127.0.0.1:0", "--ledger", `${directory}/ledger.db`],
      );
      assert.equal(second.code, 2);
      assert.match(second.stderr, /Another coordinator \(process \d+\) has the ledger/);
      first.child.kill("SIGKILL");
      await first.child.status;
    }
    await using again = await startCoordinator(directory);
    const { stdout } = await buildr("status", "a", "--coordinator", again.url);
    assert.match(stdout, /^#1\ta\tqueued/m);
    const { hostname, port } = new URL(again.url);
    again.child.kill("SIGTERM");
    assert.equal((await again.child.status).code, 0);
    await eventually(async () => {
      await assert.rejects(Deno.connect({ hostname, port: Number(port) }));
    }, 5_000);
  });
});

Deno.test("what makes no sense, or would be open to all, is refused", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/short`, "abc\n");
    await Deno.writeTextFile(`${directory}/empty`, "# nothing\n");
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["--listen", "0.0.0.0:0"], /Cannot listen at 0\.0\.0\.0 without a token/],
      [["--listen", "here:99999"], /--listen must be like/],
      [["--with-agent=0"], /--with-agent must be/],
      [["--retention", "soon"], /--retention must be/],
      [["--token-file", `${directory}/short`], /too short/],
      [["--token-file", `${directory}/empty`], /no token/],
      [["--webhook-secret-file", `github=${directory}/none`], /Cannot read/],
      [["--embedded", "--broker", "amqp://x"], /either --broker or --embedded/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await buildr(
        "coordinator",
        "--ledger",
        `${directory}/ledger.db`,
        ...args,
      );
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, message);
    }
  });
});
