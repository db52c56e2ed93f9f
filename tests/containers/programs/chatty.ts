/** One container that writes a lot to the live view; how it went stands on standard error. */

import { container, ContainerNetwork } from "../../../lib/containers/mod.ts";
import { BUSYBOX_IMAGE } from "../../../lib/engine/ensure/mod.ts";

await using network = await ContainerNetwork.create("chatty", { onProgress() {} });
network.add(
  container("chatty", BUSYBOX_IMAGE, {
    command: ["sh", "-c", "echo first; sleep 1; yes 01234567890 | head -c 1199994"],
  }),
);
await network.run();
const result = (await network.wait()).get("chatty");
console.error(`exit code ${result?.exitCode}, ${result?.stdout.length} bytes`);
