// An agent as a process of its own, which a test may kill: `agent.ts NAME URL WORKDIR [RENEW_MS [TAGS]]`.
import { runAgent } from "../../../lib/buildr/agent/agent.ts";
import { EmbeddedAgentTransport, RabbitAgentTransport } from "../../../lib/buildr/queue/mod.ts";

const [name = "", url = "", workdir = "", renewMs = "600000", tags = ""] = Deno.args;
const drain = new AbortController();
const stop = new AbortController();
Deno.addSignalListener("SIGTERM", () => drain.abort());
Deno.addSignalListener("SIGINT", () => stop.abort());
{
  await using transport = url.startsWith("http:")
    ? await EmbeddedAgentTransport.open({ url })
    : await RabbitAgentTransport.open({ url, renewMs: Number(renewMs), heartbeatMs: 2_000 });
  console.log("ready");
  await runAgent({
    transport,
    name,
    tags: tags.split(",").filter((tag) => tag !== ""),
    workdir,
    repositories: { allowedPaths: ["/"] },
    heartbeatMs: 500,
    drain: drain.signal,
    signal: stop.signal,
    onNote: (text) => console.log(text),
  });
}
console.log("drained");
Deno.exit(0);
