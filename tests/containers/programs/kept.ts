// Brings a project up that outlives this process, and prints the ids of its containers.
//     deno run -A kept.ts PROJECT WORDS
import { container, ContainerNetwork } from "../../../lib/containers/mod.ts";
import { BUSYBOX_IMAGE } from "../../../lib/engine/ensure/mod.ts";

const [project, words] = Deno.args as [string, string];
await using network = await ContainerNetwork.create(project, { lifetime: "kept" });
network.add(
  container("same", BUSYBOX_IMAGE, { command: ["sleep", "1000"] }),
  container("words", BUSYBOX_IMAGE, { command: ["sleep", "1000"], env: { WORDS: words } }),
);
await network.run();
const ids = ["same", "words"].map((name) => [name, network.container(name).id]);
console.log(JSON.stringify(Object.fromEntries(ids)));
