import assert from "node:assert/strict";
import { AgentDeafError, runAgent } from "../../lib/buildr/agent/mod.ts";
import { EmbeddedAgentTransport } from "../../lib/buildr/queue/mod.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { buildr } from "./_cli.ts";
import { serveScene } from "./_server_scene.ts";

const TOKEN = "a-token-of-somebody";

Deno.test("an agent that is told what makes no sense ends with 2 and a sentence", async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["--slots", "x"], /--slots must be a whole number from 1, and is "x"/],
    [["--jobs", "0"], /--jobs must be a whole number from 1, and is "0"/],
    [["--jobs", "many"], /--jobs must be/],
    [["--tags", "a b"], /The tag "a b" has something else than letters/],
    [["--tags", "a,b,c,d,e,f,g"], /at most 6 tags, and these are 7/],
    [["--token-file", "/none/x"], /Cannot read the token in "\/none\/x"/],
    [["--broker", "amqp://x"], /either --broker or --coordinator/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await buildr("agent", "--coordinator", "http://127.0.0.1:1", ...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, message);
  }
});

Deno.test("an agent that nobody lets in, or that finds nobody, ends with 255 and the reason", async () => {
  await using scene = await serveScene({ tokens: [TOKEN] });
  const file = await Deno.makeTempFile({ prefix: "superorch-buildr-" });
  try {
    await Deno.writeTextFile(file, "another-token-of-somebody\n");
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["--coordinator", scene.url], /: it wants a token$/m],
      [["--coordinator", scene.url, "--token-file", file], /: it does not know the token$/m],
      [["--coordinator", "http://127.0.0.1:1"], /Cannot connect to the coordinator/],
      [["--broker", "amqp://127.0.0.1:1"], /Cannot connect to RabbitMQ at 127\.0\.0\.1:1/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await buildr("agent", ...args);
      assert.equal(code, 255, args.join(" "));
      assert.match(stderr, message);
    }
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("an agent that has not reached its coordinator for long ends with an error", async () => {
  const workdir = await Deno.makeTempDir({ prefix: "superorch-buildr-" });
  try {
    const scene = await serveScene();
    await using transport = await EmbeddedAgentTransport.open({ url: scene.url });
    const running = runAgent({ transport, workdir, name: "one", heartbeatMs: 50, deafMs: 500 });
    running.catch(() => {}); // it is looked at below
    try {
      await eventually(() => assert.equal(scene.coordinator.agents().length, 1), 10_000);
    } finally {
      await scene[Symbol.asyncDispose]();
    }
    await assert.rejects(running, AgentDeafError);
  } finally {
    await Deno.remove(workdir, { recursive: true });
  }
});

Deno.test("an agent takes the coordinator's own token file and relative paths, and drains on SIGTERM", async () => {
  const directory = await Deno.makeTempDir({ prefix: "superorch-buildr-" });
  await using scene = await serveScene({ tokens: [TOKEN, "another-token-of-somebody"] }, {
    repositories: { allowedPaths: [directory] },
  });
  try {
    await Deno.mkdir(`${directory}/here`);
    await Deno.writeTextFile(`${directory}/tokens`, `# of the team\n\n${TOKEN}\nanother-one\n`);
    const main = new URL("../../cli/main.ts", import.meta.url).href;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-A", main, "buildr", "agent", "--coordinator", scene.url].concat(
        ["--token-file", "../tokens", "--name", "one", "--slots", "2", "--tags", "x,y"],
        ["--workdir", "work", "--allow-path", "../repositories"],
      ),
      cwd: `${directory}/here`,
      env: { BUILDR_BROKER: "" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    try {
      await eventually(() => {
        const [agent] = scene.coordinator.agents();
        assert.deepEqual([agent?.agent, agent?.slots, agent?.tags], ["one", 2, ["x", "y"]]);
      }, 20_000);
      const repo = `${directory}/repositories/none`;
      const { job: { id } } = scene.coordinator.submit({ repo });
      await eventually(() => {
        const { status, reason = "" } = scene.ledger.get(id)!;
        assert.equal(status, "error");
        // There is nothing, or no engine here either; what counts is that it may look.
        assert.doesNotMatch(reason, /refused/);
      }, 20_000);
    } finally {
      child.kill("SIGTERM");
    }
    const { code, stderr } = await child.output();
    assert.equal(code, 0);
    assert.match(new TextDecoder().decode(stderr), /Takes no more builds/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
