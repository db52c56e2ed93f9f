// Waits for a web server of this machine, and prints whether it answers.
//     deno run -A http_condition.ts http|https PORT
import { command } from "../../../lib/commands/mod.ts";
import { ContainerNetwork, hostCommand } from "../../../lib/containers/mod.ts";
import { isTimeout } from "../../../lib/errors/mod.ts";

const [scheme, port] = Deno.args;
await using network = await ContainerNetwork.create("http-condition");
network.add(hostCommand("server", command("sleep 1000")));
await network.run();
const http = { port: Number(port), tls: scheme === "https", status: 200, body: "^hello$" };
const holds = await network.waitFor("server", { http }, { timeoutMs: 5_000 }).then(
  () => true,
  (error) => {
    if (!isTimeout(error)) throw error;
    return false;
  },
);
console.log(holds);
