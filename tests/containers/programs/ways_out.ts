/**
 * Three containers that would run for ever, and a way to end early:
 *
 *     ways_out.ts build|start|wait [throw|exit]
 *
 * Says on its output, one line each: `run ID`, `building`, `waiting`.
 */

import { container, ContainerNetwork, dockerfile } from "../../../lib/containers/mod.ts";
import { BUSYBOX_IMAGE } from "../../../lib/engine/ensure/mod.ts";

const [moment, way] = Deno.args;
const network = await ContainerNetwork.create("ways", {
  forward: false,
  onProgress: (line) => {
    if (line.includes("sleep 5")) console.log("building");
    else console.error(line);
  },
});
console.log(`run ${network.runId}`);
const slow = dockerfile`
  FROM ${BUSYBOX_IMAGE}
  RUN echo ${network.runId} && sleep 5
`;
for (const name of ["a", "b", "c"]) {
  network.add(
    container(name, moment === "build" ? slow : BUSYBOX_IMAGE, { command: ["sleep", "1000"] }),
  );
}
await network.run();
console.log("waiting");
if (way === "throw") {
  setTimeout(() => {
    throw new Error("uncaught");
  }); // deno-fmt-ignore
}
if (way === "exit") Deno.exit(7);
await network.wait();
