// gate-timeout: 240 s
import assert from "node:assert/strict";
import { command } from "../../lib/commands/mod.ts";
import {
  type Condition,
  type ContainerNetwork,
  GraphError,
  hostCommand,
  LABEL,
  NetworkFailedError,
  NetworkTimeoutError,
  NodeEndedError,
} from "../../lib/containers/mod.ts";
import {
  freePort,
  nothingLeft,
  sceneTest,
  shell,
  sleeper,
  tempDir,
  thrownBy,
  timed,
  withScene,
} from "./support.ts";

/** Every condition that a container can fail to fulfil. */
const CONDITIONS: readonly Condition[] = [
  "healthy",
  "completed",
  { log: "never written" },
  { port: 8080 },
  { http: { port: 8080 } },
  { exec: ["test", "-e", "/never"] },
  { file: "/never" },
];

const FALSE_CHECK = { test: ["false"], intervalMs: 100, retries: 1000 };

sceneTest(
  "every condition fails at once, with the exit code, when the container dies",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      shell("a", "trap 'exit 5' USR1; while :; do sleep 0.02; done", {
        health: FALSE_CHECK,
        ports: [8080],
        allowUnsuccessful: true,
      }),
    );
    await network.run();
    const a = network.container("a");
    const waits = CONDITIONS.filter((condition) => condition !== "completed")
      .map(async (condition) => {
        const error = await thrownBy(NodeEndedError, network.waitFor("a", condition));
        return { condition, error, at: performance.now() };
      });
    await network.waitFor("a", { exec: ["true"] });
    await a.kill("SIGUSR1");
    const ended = network.wait(["a"]).then(() => performance.now());
    for (const { condition, error, at } of await Promise.all(waits)) {
      assert.equal(error.exitCode, 5, JSON.stringify(condition));
      const late = at - await ended;
      assert.ok(late < 1_000, `${JSON.stringify(condition)} ${late} ms after the end`);
    }
  },
);

sceneTest("every condition has a time-out", async ({ network: make }) => {
  const network = await make();
  network.add(sleeper("a", { health: FALSE_CHECK, ports: [8080] }));
  await network.run();
  await Promise.all(CONDITIONS.map(async (condition) => {
    const { ms } = await timed(() =>
      thrownBy(NetworkTimeoutError, network.waitFor("a", condition, { timeoutMs: 300 }))
    );
    assert.ok(ms < 3_000, `${JSON.stringify(condition)}: ${ms} ms`);
  }));
});

sceneTest("port, http, exec and file hold as soon as they are so", async ({ network: make }) => {
  const network = await make();
  const script = `
    sleep 0.3
    mkdir -p /www/sub && echo ready > /www/state && echo no > /www/sub/index.html
    exec httpd -f -p 8080 -h /www`;
  network.add(
    shell("server", script, { ports: [8080] }),
    sleeper("later", {
      dependsOn: { server: { http: { port: 8080, path: "/state", body: /^ready$/m } } },
    }),
  );
  const conditions: readonly Condition[] = [
    "started",
    { file: "/www/sub" },
    { port: 8080 },
    { http: { port: 8080, path: "/missing", status: 404 } },
    { http: { port: 8080, path: "/state", status: [500, 200], body: "^rea" } },
    { exec: ["wget", "-qO-", "http://127.0.0.1:8080/state"] },
  ];
  await network.run();
  for (const condition of conditions) {
    await network.waitFor("server", condition, { timeoutMs: 10_000 });
  }
  for (
    const http of [{ port: 8080, path: "/missing" }, { port: 8080, path: "/state", body: "other" }]
  ) {
    await thrownBy(
      NetworkTimeoutError,
      network.waitFor("server", { http }, { timeoutMs: 200 }),
    );
  }
});

sceneTest(
  "a port that is published counts only when the program listens, not its proxy",
  async ({ network: make }) => {
    const network = await make();
    network.add(shell("a", "sleep 1; echo listening; exec nc -ll -p 80 -e cat", { ports: [80] }));
    await network.run();
    await network.waitFor("a", { port: 80 }, { timeoutMs: 10_000 });
    const sockets = await network.container("a").exec(["netstat", "-ltn"]);
    assert.match(sockets.stdoutText(), /:80\b/);
  },
);

sceneTest(
  "a log line counts from before the wait, the nth time, from either output, and without its end",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      shell("a", "echo one; echo two >&2; echo one more; sleep 0.3; echo one last; sleep 1000"),
      shell("b", "printf 'no end'; sleep 0.3; exit 3", { allowUnsuccessful: true }),
    );
    await network.run();
    const wait = (name: string, condition: Condition) =>
      network.waitFor(name, condition, { timeoutMs: 10_000 });
    await wait("a", { log: /^one$/ });
    await wait("a", { log: "two" });
    await wait("a", { log: /^one/g, times: 3 });
    await wait("a", { log: /^one/y, times: 3 });
    await thrownBy(
      NetworkTimeoutError,
      network.waitFor("a", { log: "one", times: 4 }, { timeoutMs: 100 }),
    );
    await wait("b", { log: "no end" }); // it holds when the program ends, and not as its failure
    await thrownBy(NodeEndedError, network.waitFor("b", { log: "other" }));
    assert.deepEqual([...(await network.wait(["b"])).keys()], ["b"]);
  },
);

sceneTest(
  "conditions between containers and host commands start each in its turn",
  async ({ network: make }) => {
    await using directory = await tempDir();
    const order = `${directory.path}/order`;
    const note = (word: string) => `echo ${word} >> /notes/order`;
    const volumes = [{ bind: directory.path, target: "/notes" }];
    const network = await make();
    network.add(
      shell("last", note("last"), {
        volumes,
        dependsOn: { migrate: "completed", tool: "started" },
      }),
      hostCommand("migrate", command("sh").args("-c", `echo migrate >> ${order}`), {
        dependsOn: { db: { log: "open" } },
      }),
      hostCommand("tool", command("sleep 1000"), { dependsOn: ["db"] }),
      shell("db", `${note("db")}; echo open; sleep 1000`, { volumes }),
    );
    await network.run();
    await network.wait(["last", "migrate"]);
    assert.deepEqual((await Deno.readTextFile(order)).trim().split("\n"), [
      "db",
      "migrate",
      "last",
    ]);
  },
);

sceneTest("a host command has conditions too", async ({ network: make }) => {
  await using directory = await tempDir();
  const port = freePort();
  const path = `${directory.path}/ready`;
  const program = `
    console.log("begin");
    await Deno.writeTextFile(${JSON.stringify(path)}, "");
    Deno.serve({ port: ${port}, hostname: "127.0.0.1" }, () => new Response("hello"));`;
  const network = await make();
  network.add(
    hostCommand("h", command(Deno.execPath()).args("eval", program)),
    hostCommand("dies", command("sh").args("-c", "echo reason >&2; sleep 0.3; exit 6"), {
      allowUnsuccessful: true,
    }),
  );
  await network.run();
  for (
    const condition of [
      "started",
      "healthy",
      { log: "^begin$" },
      { file: path },
      { port },
      { http: { port, body: "hello" } },
    ] as const
  ) await network.waitFor("h", condition, { timeoutMs: 20_000 });
  const error = await thrownBy(NodeEndedError, network.waitFor("dies", { file: "/never" }));
  assert.equal(error.exitCode, 6);
  assert.equal(error.context.stderrTail, "reason\n");
  await thrownBy(TypeError, network.waitFor("h", { exec: ["true"] }));
});

sceneTest(
  "completed is for an exit code of 0, or any that is allowed",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      shell("good", "true"),
      shell("bad", "exit 3", { allowUnsuccessful: true }),
      sleeper("after", { dependsOn: { good: "completed", bad: "completed" } }),
    );
    await network.run();
    assert.deepEqual(network.activeNames, ["after"]);
  },
);

sceneTest(
  "the time-out of run() says what it was waiting for, and ends everything",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      shell("db", "echo not yet; sleep 1000", { health: FALSE_CHECK }),
      sleeper("app", { dependsOn: { db: "healthy" } }),
    );
    const error = await thrownBy(NetworkTimeoutError, network.run(undefined, { timeoutMs: 5_000 }));
    assert.match(
      error.message,
      /^Network "test" did not start within 5000 ms: still waiting for "app"/,
    );
    assert.deepEqual(error.others.map(({ name, lastLines }) => ({ name, lastLines })), [
      { name: "db", lastLines: ["not yet"] },
    ]);
    assert.deepEqual(network.activeNames, []);
  },
);

sceneTest(
  "one that dies while another waits for it is the guilty one",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      shell("db", "echo crash >&2; sleep 0.2; exit 9"),
      sleeper("app", { dependsOn: { db: { log: "never" } } }),
    );
    const { value: error, ms } = await timed(() => thrownBy(NetworkFailedError, network.run()));
    assert.ok(ms < 10_000, `${ms} ms`);
    assert.equal(error.failures[0]?.name, "db");
    assert.equal(error.failures[0]?.exitCode, 9);
    assert.match(error.message, /crash/);
  },
);

sceneTest(
  "a port that cannot be reached from here is a mistake, not a wait",
  async ({ network: make }) => {
    const network: ContainerNetwork = await make();
    network.add(sleeper("a"));
    await network.run();
    // Its own address is reachable where the engine is local, so this only must not be an error here.
    const error = await network.waitFor("a", { port: 1 }, { timeoutMs: 200 }).catch((one) => one);
    assert.ok(error instanceof NetworkTimeoutError || error instanceof TypeError, String(error));
  },
);

sceneTest(
  "a circle and a condition that is none are told before anything is made",
  async ({ engine, network: make }) => {
    const circle = await make();
    circle.add(sleeper("a", { dependsOn: ["b"] }), sleeper("b", { dependsOn: ["a"] }));
    const { problems } = await thrownBy(GraphError, circle.run());
    assert.deepEqual(problems, ["the dependencies go in a circle: a -> b -> a"]);

    const misspelt = await make();
    const condition = "helthy" as Condition; // `deno run` does not check types
    misspelt.add(sleeper("a"), sleeper("b", { dependsOn: { a: condition } }));
    assert.match((await thrownBy(GraphError, misspelt.run())).message, /"helthy" is no condition/);
    for (const { runId } of [circle, misspelt]) await nothingLeft(engine, { [LABEL.run]: runId });

    const network = await make();
    network.add(sleeper("a"));
    await network.run();
    await thrownBy(TypeError, network.waitFor("a", condition));
    await thrownBy(TypeError, network.waitFor("a", { log: "((" }));
  },
);

Deno.test("a log directory that cannot be made is told as that", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/file`, "");
  const logDir = `${dir.path}/file/logs`;
  await withScene(async ({ network: make }) => {
    const error = await thrownBy(Error, make("test", { logDir }));
    assert.equal(error.message, `Cannot make log directory "${logDir}"`);
  });
});
