import assert from "node:assert/strict";
import { container, ContainerNetwork, LABEL } from "../../lib/containers/mod.ts";
import { connectEngine } from "../../lib/engine/mod.ts";
import { ensureBaseImages } from "../../lib/engine/ensure/mod.ts";
import { superorch } from "../support/cli.ts";

/** A network with one talker and one sleeper, unlike any other one's name. */
async function withNetwork(test: (network: ContainerNetwork) => Promise<void>): Promise<void> {
  await using engine = await connectEngine();
  const { busybox } = await ensureBaseImages(engine);
  const name = `cli-${crypto.randomUUID().slice(0, 8)}`;
  await using network = await ContainerNetwork.create(name, { engine, forward: false });
  network.add(
    container("talker", busybox, {
      command: ["sh", "-c", "echo one; echo two; echo oops >&2; sleep 300"],
    }),
    container("sleeper", busybox, { command: ["sleep", "300"], env: { COLOUR: "blue" } }),
  );
  await network.run();
  await network.waitFor("talker", { log: "oops" }, { timeoutMs: 20_000 });
  await test(network);
}

Deno.test("exec runs a program in a container and ends with its exit code", () =>
  withNetwork(async ({ name }) => {
    const echo = await superorch(["exec", `${name}/sleeper`, "sh", "-c", "echo $COLOUR; exit 7"]);
    assert.deepEqual([echo.code, echo.stdout], [7, "blue\n"]);
    const flags = ["-p", name, "-w", "/tmp", "-e", "A=b c", "-u", "65534"];
    const script = "pwd; echo $A; busybox id -u";
    const options = await superorch(["exec", ...flags, "sleeper", "sh", "-c", script]);
    assert.deepEqual([options.code, options.stdout], [0, "/tmp\nb c\n65534\n"]);
  }));

Deno.test("exec hands standard input on", () =>
  withNetwork(async ({ name }) => {
    const { code, stdout } = await superorch(
      ["exec", `${name}/sleeper`, "busybox", "wc", "-c"],
      { stdin: "hello" },
    );
    assert.deepEqual([code, stdout.trim()], [0, "5"]);
  }));

Deno.test("exec of an unknown name suggests the nearest and ends with 2", () =>
  withNetwork(async ({ name }) => {
    const { code, stderr } = await superorch(["exec", "-p", name, "sleepr", "true"]);
    assert.equal(code, 2);
    assert.match(stderr, /Cannot find a container "sleepr" in ".*", did you mean "sleeper"\?/);
  }));

Deno.test("logs shows both outputs with prefixes, and only the last lines on request", () =>
  withNetwork(async ({ name }) => {
    const all = await superorch(["logs", "-p", name]);
    assert.deepEqual([all.code, all.stdout, all.stderr], [
      0,
      "talker   | one\ntalker   | two\n",
      "talker  E| oops\n",
    ]);
    const last = await superorch(["logs", "-p", name, "-n", "1", "talker"]);
    // Which of the two outputs was last is not kept by the engine.
    assert.match(last.stdout + last.stderr, /^talker (?: \| two|E\| oops)\n$/);
    const wrong = await superorch(["logs", "-n", "x"]);
    assert.equal(wrong.code, 2);
  }));

Deno.test("clean removes what a dead owner left and leaves the rest", () =>
  withNetwork(async (network) => {
    await using engine = await connectEngine();
    const [own] = await engine.containers.list({ labels: { [LABEL.run]: network.runId } });
    const owner = own!.Labels[LABEL.owner]!;
    const dead = owner.replace(/:\d+:\d+$/, ":999999:1");
    const id = await engine.networks.create({
      Name: `${network.name}-left`,
      Labels: { ...own!.Labels, [LABEL.owner]: dead },
    });
    try {
      const dry = await superorch(["clean", "--dry-run", "--json"]);
      const outcome = (text: string, name: string) =>
        JSON.parse(text).find((entry: { name: string }) => entry.name === name)?.outcome;
      assert.equal(outcome(dry.stdout, `${network.name}-left`), "would be removed");
      const { code, stdout } = await superorch(["clean", "--json"]);
      // The engine may refuse to remove what others left on it; that is told, and is exit code 1.
      const refused = JSON.parse(stdout).some((entry: { outcome: string }) =>
        entry.outcome === "failed"
      );
      assert.equal(code, refused ? 1 : 0);
      assert.equal(outcome(stdout, `${network.name}-left`), "removed");
      assert.equal(outcome(stdout, network.engineName), "left");
      assert.equal((await engine.networks.list()).some(({ Id }) => Id === id), false);
      assert.equal((await network.container("sleeper").inspect()).State.Running, true);
    } finally {
      await engine.networks.remove(id);
    }
  }));
