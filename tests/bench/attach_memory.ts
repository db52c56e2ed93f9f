/**
 * Memory while a gigabyte of lines goes through a container's attached stream into a bounded tail:
 * `deno run -A tests/bench/attach_memory.ts`.
 */

import { container, ContainerNetwork, image } from "../../lib/containers/mod.ts";
import { connectEngine } from "../../lib/engine/mod.ts";
import { busyboxImage } from "../../lib/engine/ensure/mod.ts";

const GIBIBYTE = 1 << 30;
const MIB = 1 << 20;

await using engine = await connectEngine();
const busybox = await busyboxImage(engine);
await using network = await ContainerNetwork.create("flood", { engine, forward: false });
network.add(container("flood", image(busybox), {
  command: ["sh", "-c", `yes 0123456789012345678901234567890123456789 | head -c ${GIBIBYTE}`],
  recordLimitBytes: MIB,
  // The engine's own copy would cost a gigabyte of its disk; ours does not come from there.
  logging: { driver: "none" },
}));
const before = Deno.memoryUsage().rss;
let most = before;
const timer = setInterval(() => most = Math.max(most, Deno.memoryUsage().rss), 20);
const begin = performance.now();
await network.run();
const result = (await network.wait()).get("flood");
const seconds = (performance.now() - begin) / 1000;
clearInterval(timer);
if (result?.exitCode !== 0 || result.stdout.length !== MIB) throw new Error("not what was written");
console.log(
  `1 GiB of lines: ${seconds.toFixed(1)} s, ${(1024 / seconds).toFixed(0)} MiB/s, resident ` +
    `${(before / MIB).toFixed(0)} MiB before, ${(most / MIB).toFixed(0)} MiB at most`,
);
