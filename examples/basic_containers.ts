// One container at a time, and a first network: results, failures, time-outs, mounts, addresses.
//
//     deno run -A examples/basic_containers.ts [IMAGE]
//
// The image is `fedora:43` unless an argument or SUPERORCH_IMAGE names another one; any that has
// `ls`, `cat` and `sleep` does. Logs go to a temporary directory, which is removed at the end.
import { connectEngine } from "../lib/engine/mod.ts";
import { container, ContainerNetwork, type ContainerOptions } from "../lib/containers/mod.ts";
import type { NodeResult } from "../lib/containers/mod.ts";
import { ensure, ensureEq, isTimeout, renderError, runMain } from "../lib/errors/mod.ts";

const IMAGE = Deno.args[0] ?? Deno.env.get("SUPERORCH_IMAGE") ?? "fedora:43";
const RESOURCES = new URL("resources", import.meta.url).pathname;

await runMain(async () => {
  const logDir = await Deno.makeTempDir();
  try {
    await aResult(logDir);
    await aFailure();
    await aPause();
    await aTimeout();
    await aMount();
    await aNetwork();
  } finally {
    await Deno.remove(logDir, { recursive: true });
  }
});

/** A network of one container: runs it to its end, and leaves nothing. */
async function runOne(
  command: readonly string[],
  options: ContainerOptions = {},
  timeoutMs = 60_000,
  logDir?: string,
): Promise<NodeResult> {
  await using network = await ContainerNetwork.create("basic", { logDir });
  // An exit code other than 0 is a result here, and not the failure of the network.
  network.add(container("one", IMAGE, { command, allowUnsuccessful: true, ...options }));
  await network.run();
  return (await network.wait(["one"], { timeoutMs })).get("one")!;
}

async function aResult(logDir: string): Promise<void> {
  console.log("\n-- 0: output live, in memory and in a file; both streams apart");
  const result = await runOne(["ls", "-a", "/"], {}, undefined, logDir);
  ensure(result.successful);
  ensure(result.stdoutText().split("\n").includes("bin"));
  ensureEq(result.stderr.length, 0);
  ensureEq(await Deno.readTextFile(`${logDir}/one_stdout.log`), result.stdoutText());
  ensureEq(await Deno.readTextFile(`${logDir}/one_stderr.log`), "");
}

async function aFailure(): Promise<void> {
  console.log("\n-- 1: a command that fails");
  const result = await runOne(["ls", "-a", "/nonexistent"]);
  ensure(!result.successful && result.exitCode !== 0);
  ensureEq(result.stdout.length, 0);
  ensure(result.stderrText().includes("nonexistent"));
}

async function aPause(): Promise<void> {
  console.log("\n-- 2: a command that takes a while");
  ensure((await runOne(["sleep", "1"])).successful);
}

async function aTimeout(): Promise<void> {
  console.log("\n-- 3: a command that never ends");
  const error = await runOne(["sleep", "infinity"], {}, 1_000).then(String, (error) => error);
  ensure(isTimeout(error));
  console.log(`as expected:${renderError(error)}`);
}

async function aMount(): Promise<void> {
  console.log("\n-- 4: a directory of this machine");
  const result = await runOne(["cat", "/resources/example.txt"], {
    volumes: [{ bind: RESOURCES, target: "/resources", readOnly: true }],
  });
  ensureEq(result.stdoutText(), "hello from example.txt");
}

async function aNetwork(): Promise<void> {
  console.log("\n-- 5: a network, looked at while it runs");
  await using engine = await connectEngine();
  await using network = await ContainerNetwork.create("test", { engine });
  network.add(container("sleeper", IMAGE, { command: ["sleep", "3"] }));
  await network.run();
  ensureEq(network.activeNames, ["sleeper"]);

  // The engine gives the address out at the start, so there is nothing to wait for.
  const address = await network.container("sleeper").ipAddress();
  ensure(/^\d+\.\d+\.\d+\.\d+$/.test(address));
  console.log(`sleeper is ${address}`);
  const hosts = await network.container("sleeper").exec(["cat", "/etc/hosts"]);
  ensure(hosts.stdoutText().includes(`${address}\tsleeper\n`));

  await network.wait(undefined, { timeoutMs: 60_000 });
  ensureEq(network.inactiveNames, ["sleeper"]);
  await network.terminateAll();
  ensureEq(await engine.networks.list({ filters: { name: [network.engineName] } }), []);
}
