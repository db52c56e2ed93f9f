// One program that is the orchestrator and, in each container, one of the roles.
//
//     deno run -A examples/docker_entrypoint_pattern.ts [--image IMAGE] [--copy] [--logs DIR]
//
// Without `--entry-name` it is the orchestrator: it makes three containers that run this very
// script again, with the `deno` that runs it here. Debian, Ubuntu and Fedora images fit, which have
// glibc; the default is `debian:12-slim`. With `--copy` script and `deno` are copied instead of
// mounted, which also works with an engine on another machine. Compiled (`deno compile -A`) the
// same code takes only its own binary along, and nothing here changes.
//
//     deno run -A examples/docker_entrypoint_pattern.ts --fail
//
// shows how an error of a role comes back to the orchestrator, in one report.
import { parseArgs } from "node:util";
import {
  container,
  ContainerNetwork,
  Dockerfile,
  mergeOptions,
  selfEntrypoint,
} from "../lib/containers/mod.ts";
import { bail, ensure, ensureEq, runMain } from "../lib/errors/mod.ts";
import { messageType, NetMessenger } from "../lib/messages/mod.ts";
import { eventually } from "../lib/retry/mod.ts";

/** What the orchestrator and all the roles are told. */
interface Args {
  readonly image: string;
  readonly logs: string;
  readonly copy: boolean;
  readonly fail: boolean;
  /** The role; the orchestrator has none. */
  readonly entryName: string | undefined;
  /** One id for the whole run, which keeps strangers out of the conversation too. */
  readonly uuid: string;
  /** All of the orchestrator's arguments at once. */
  readonly jsonArgs: string | undefined;
}

const RESOURCES = new URL("resources", import.meta.url).pathname;
/** The script imports from the directory above, so that is what the containers get. */
const ROOT = new URL("..", import.meta.url).pathname;
const PORT = 26000;
const greeting = messageType<string>("greeting");

await runMain(async () => {
  const args = readArguments();
  switch (args.entryName) {
    case undefined:
      return await orchestrator(args);
    case "container0":
      return await sender(args);
    case "container1":
      return await receiver(args);
    case "container2":
      return await reporter(args);
    default:
      bail(`There is no role "${args.entryName}"`);
  }
});

function readArguments(): Args {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      image: { type: "string", default: Deno.env.get("SUPERORCH_IMAGE") ?? "debian:12-slim" },
      logs: { type: "string", default: "./logs" },
      copy: { type: "boolean", default: false },
      fail: { type: "boolean", default: false },
      "entry-name": { type: "string" },
      uuid: { type: "string", default: crypto.randomUUID() },
      "json-args": { type: "string" },
    },
  });
  const { "entry-name": entryName, "json-args": jsonArgs, ...rest } = values;
  return { ...rest, entryName, jsonArgs };
}

async function orchestrator(args: Args): Promise<void> {
  await Deno.mkdir(args.logs, { recursive: true });
  /** What makes a container run one role of this program. */
  const role = (entryName: string, ...further: readonly string[]) =>
    mergeOptions(
      selfEntrypoint({
        root: ROOT,
        by: args.copy ? "copy" : "mount",
        args: ["--entry-name", entryName, "--uuid", args.uuid, ...further],
      }),
      { volumes: [{ bind: args.logs, target: "/logs" }] },
    );

  await using network = await ContainerNetwork.create("test", { logDir: args.logs });
  network.add(
    container("container0", Dockerfile.nameTag(args.image), role("container0")),
    container(
      "container1",
      Dockerfile.path(`${RESOURCES}/receiver.dockerfile`, { args: { BASE: args.image } }),
      role("container1", ...args.fail ? ["--fail"] : []),
    ),
    container(
      "container2",
      Dockerfile.contents(
        `FROM ${args.image}
         ADD example.txt /resources/example.txt
         ENV ARG_FROM_ENV="environment variable from dockerfile"`,
        { context: RESOURCES },
      ),
      role("container2", "--json-args", JSON.stringify(args)),
    ),
  );
  await network.run();

  // Any failure ends this wait at once, also one of a container that is not named.
  const results = await network.wait(["container2"], { timeoutMs: 120_000 });
  ensure(results.get("container2")!.stderrText().includes("hello from container2"));
  ensureEq(network.activeNames, ["container0", "container1"]);
  ensureEq(network.inactiveNames, ["container2"]);

  // Go on, container0.
  await network.container("container0").copyIn("/go", { content: "" });
  await network.wait(undefined, { timeoutMs: 120_000 });
  ensureEq(network.activeNames, []);
  for (const name of ["container0", "container1", "container2"]) {
    ensureEq(await Deno.readTextFile(`${args.logs}/${name}.seen`), args.uuid);
  }
  await network.terminateAll();
  console.log("everything is done");
}

async function sender(args: Args): Promise<void> {
  await using messenger = await NetMessenger.connect(`container1:${PORT}`, {
    secret: args.uuid,
    retries: 300,
    delayMs: 200,
  });
  // Only after the orchestrator has looked at all of us.
  await eventually(() => Deno.stat("/go"), 120_000, { what: "/go is there" });
  await messenger.send(greeting, "hello world");
  await seen(args);
}

async function receiver(args: Args): Promise<void> {
  ensureEq(Deno.env.get("ROLE"), "receiver");
  if (args.fail) bail("The receiver was told to fail");
  await using messenger = await NetMessenger.listen(`0.0.0.0:${PORT}`, {
    secret: args.uuid,
    timeoutMs: 120_000,
  });
  ensureEq(await messenger.recv(greeting, { timeoutMs: 120_000 }), "hello world");
  console.log("container0 says hello world");
  await seen(args);
}

async function reporter(args: Args): Promise<void> {
  ensureEq(Deno.env.get("ARG_FROM_ENV"), "environment variable from dockerfile");
  ensureEq(await Deno.readTextFile("/resources/example.txt"), "hello from example.txt");
  const whole: Args = JSON.parse(args.jsonArgs ?? "{}");
  ensureEq(whole.uuid, args.uuid);
  console.error("hello from container2");
  await seen(args);
}

/** Leaves a file in the directory that all share with the orchestrator. */
async function seen({ entryName, uuid }: Args): Promise<void> {
  await Deno.writeTextFile(`/logs/${entryName}.seen`, uuid);
}
