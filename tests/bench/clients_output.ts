/**
 * What taking 20 MB of a container's output costs, beside what the engine needs for them when nobody
 * takes them: it writes a log of its own, line by line, and no client is faster than that.
 *
 *     deno run -A tests/bench/clients_output.ts [ROUNDS]
 */
import { container, ContainerNetwork } from "../../lib/containers/mod.ts";
import { connectEngine, Demultiplexer } from "../../lib/engine/mod.ts";
import { BUSYBOX_IMAGE, busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { median } from "./_median.ts";
import { OUTPUT_BYTES, requireBytes, WRITE } from "./clients/_job.ts";
import { markdown } from "./clients/_table.ts";

const ROUNDS = Number(Deno.args.find((word) => word !== "--") ?? 5);
const FOLLOWED = "20 MB, read with `/logs?follow`";

/** From the request to start on, and from when the engine says that it runs. */
type Times = readonly [wholeMs: number, runningMs: number];

await using engine = await connectEngine();
await busyboxImage(engine);
// Whatever is made is in it, or carries its labels: both go with it.
await using network = await ContainerNetwork.create("bench", { engine, forward: false });
network.add(container("holder", BUSYBOX_IMAGE, { command: ["sleep", "1000"] }));
await network.run();
const { Labels } = (await network.container("holder").inspect()).Config;
let serial = 0;

const cases: Readonly<Record<string, () => Promise<Times>>> = {
  "no output at all": () => byCalls({ command: ["true"], attach: true }),
  "20 MB, nobody takes them": () => byCalls({ command: WRITE }),
  "20 MB, attached": () => byCalls({ command: WRITE, attach: true }),
  "20 MB, attached, without a log of the engine's": () =>
    byCalls({ command: WRITE, attach: true, log: "none" }),
  "20 MB, by a `ContainerNetwork`": byNetwork,
  [FOLLOWED]: () => byCalls({ command: WRITE, follow: true }),
};
const measured = new Map<string, Times[]>(Object.keys(cases).map((title) => [title, []]));
// The first round fills caches and does not count.
for (let round = 0; round <= ROUNDS; round++) {
  const turns = Object.entries(cases);
  for (let turn = 0; turn < turns.length; turn++) {
    const [title, work] = turns[(turn + round) % turns.length]!;
    const times = await work();
    if (round > 0) measured.get(title)!.push(times);
  }
}
print();

interface Run {
  readonly command: readonly string[];
  readonly attach?: boolean;
  readonly follow?: boolean;
  readonly log?: string;
}

async function byCalls({ command, attach, follow, log }: Run): Promise<Times> {
  const { containers } = engine;
  const { Id } = await containers.create(undefined, {
    Image: BUSYBOX_IMAGE,
    Cmd: command,
    Labels: Labels ?? {},
    HostConfig: {
      NetworkMode: network.engineName,
      ...(log === undefined ? {} : { LogConfig: { Type: log, Config: {} } }),
    },
  });
  let bytes = 0;
  const frames = new Demultiplexer((_stream, { length }) => void (bytes += length));
  const begin = performance.now();
  const ended = containers.wait(Id, { condition: "next-exit" });
  using stream = attach === true ? await containers.attach(Id) : undefined;
  await containers.start(Id);
  const running = performance.now();
  if (stream !== undefined) {
    for (let piece = await stream.read(); piece !== null; piece = await stream.read()) {
      frames.write(piece);
    }
  }
  if (follow === true) {
    for await (const piece of await containers.logs(Id, { follow })) frames.write(piece);
  }
  await ended;
  const end = performance.now();
  if (command === WRITE && (attach === true || follow === true)) requireBytes(bytes, OUTPUT_BYTES);
  await containers.remove(Id, { force: true });
  return [end - begin, end - running];
}

async function byNetwork(): Promise<Times> {
  const name = `writer-${serial++}`;
  const recordLimitBytes = 2 * OUTPUT_BYTES;
  network.add(container(name, BUSYBOX_IMAGE, { command: WRITE, recordLimitBytes }));
  const begin = performance.now();
  await network.run([name]);
  const running = performance.now();
  const result = (await network.wait([name])).get(name);
  const end = performance.now();
  requireBytes(result?.stdout.length ?? 0, OUTPUT_BYTES);
  await network.remove(name);
  return [end - begin, end - running];
}

function print(): void {
  const middle = (title: string, which: 0 | 1) =>
    median(measured.get(title)!.map((times) => times[which]));
  const fastest = (title: string, which: 0 | 1) =>
    Math.min(...measured.get(title)!.map((times) => times[which]));
  const rows = [...measured.keys()].map((title) => [
    title,
    ...([0, 1] as const).flatMap((which) => [
      `${Math.round(middle(title, which))} (${Math.round(fastest(title, which))})`,
      (middle(title, which) / middle(FOLLOWED, which)).toFixed(2),
    ]),
  ]);
  const head = ["ms, median (min)", "from the start on", "of the last row", "once it runs"];
  console.log(markdown([...head, "of the last row"], rows));
  console.log(`\nload ${Deno.loadavg()[0]!.toFixed(1)} at the end, ${ROUNDS} rounds`);
}
