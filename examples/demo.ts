/**
 * The main job: a small shop on a real engine, in one graph.
 *
 * `store` is a database-like service with a health check. The host command `seed` fills it. `shop`
 * is a server that waits for both; `customer` talks to it over the network and `auditor` checks the
 * books afterwards. With `--fail` somebody steals from the till, and the auditor fails.
 *
 *     deno task demo
 *     deno task demo --fail
 */

import { command } from "../lib/commands/mod.ts";
import {
  container,
  ContainerNetwork,
  formatSummary,
  hostCommand,
  NetworkFailedError,
  runLogDirectory,
} from "../lib/containers/mod.ts";
import { connectEngine } from "../lib/engine/mod.ts";
import { ensureBaseImages, ensureEngine, progressLines } from "../lib/engine/ensure/mod.ts";
import { runMain } from "../lib/errors/mod.ts";

/** The store keeps one record a line: POST adds, GET lists. Busybox has all that it takes. */
const STORE = `
mkdir -p /www/cgi-bin /data && touch /data/records
cat > /www/cgi-bin/records <<'CGI'
#!/bin/sh
[ "$REQUEST_METHOD" = POST ] && head -c "$CONTENT_LENGTH" >> /data/records
printf 'Content-Type: text/plain\\r\\n\\r\\n'
cat /data/records
CGI
chmod +x /www/cgi-bin/records
echo "store is open on port 5432"
exec busybox httpd -f -p 5432 -h /www
`;

/** The shop sells what is in the store: each POST to /cgi-bin/order writes one record. */
const SHOP = `
mkdir -p /www/cgi-bin
cat > /www/cgi-bin/order <<'CGI'
#!/bin/sh
item=$(head -c "$CONTENT_LENGTH")
busybox wget -qO- --post-data "sold $item
" http://store:5432/cgi-bin/records > /dev/null
printf 'Content-Type: text/plain\\r\\n\\r\\nthank you for buying %s\\n' "$item"
CGI
chmod +x /www/cgi-bin/order
echo "shop sells $(busybox wget -qO- http://store:5432/cgi-bin/records | grep -c stock) items"
exec busybox httpd -f -p 8080 -h /www
`;

const CUSTOMER = `
for item in apples pears plums; do
  busybox wget -qO- --post-data "$item" http://shop:8080/cgi-bin/order
  sleep 0.2
done
`;

const AUDITOR = `
records=$(busybox wget -qO- http://store:5432/cgi-bin/records)
sold=$(echo "$records" | grep -c '^sold')
echo "the books say: $sold sold"
[ -n "$STOLEN" ] && sold=$((sold - STOLEN))
if [ "$sold" -ne 3 ]; then
  echo "Error: 3 were sold, the till has money for $sold" >&2
  exit 1
fi
echo "the till agrees"
`;

const SEED = new URL("demo_seed.ts", import.meta.url).pathname;

async function main(args: readonly string[]): Promise<number> {
  const fail = readArguments(args);
  const image = await prepareEngine();
  const shell = (script: string) => ({ command: ["sh", "-c", script] });
  const logDir = await runLogDirectory("demo");
  await using network = await ContainerNetwork.create("demo", { logDir });
  network.add(
    container("store", image, {
      ...shell(STORE),
      ports: [5432],
      health: ["busybox", "wget", "-qO-", "http://127.0.0.1:5432/cgi-bin/records"],
    }),
    hostCommand("seed", command([Deno.execPath(), "run", "-A", SEED]), {
      dependsOn: { store: "healthy" },
    }),
    container("shop", image, {
      ...shell(SHOP),
      dependsOn: { store: "healthy", seed: "completed" },
    }),
    container("customer", image, {
      ...shell(CUSTOMER),
      dependsOn: { shop: { http: { port: 8080, path: "/", status: [200, 404] } } },
    }),
    container("auditor", image, {
      ...shell(AUDITOR),
      env: fail ? { STOLEN: "1" } : {},
      dependsOn: { customer: "completed" },
    }),
  );
  try {
    await network.run(undefined, { timeoutMs: 120_000 });
    await network.wait(["seed", "customer", "auditor"], { timeoutMs: 60_000 });
    await network.terminate();
  } catch (error) {
    if (!(error instanceof NetworkFailedError)) throw error;
    console.error(`\n${error.message}`);
    return 1;
  } finally {
    console.log(`\n${formatSummary(network.summary())}\nLogs: ${logDir}`);
  }
  return 0;
}

/** `deno task demo -- --fail` hands the `--` on too. */
function readArguments(args: readonly string[]): boolean {
  const words = args[0] === "--" ? args.slice(1) : args;
  const unknown = words.find((word) => word !== "--fail");
  if (unknown !== undefined) {
    console.error(`Cannot understand "${unknown}": the demo knows only --fail`);
    Deno.exit(2);
  }
  return words.length > 0;
}

/** Makes sure of an engine and an image; says something only when there is something to do. */
async function prepareEngine(): Promise<string> {
  const lines = progressLines((text) => Deno.stderr.writeSync(new TextEncoder().encode(text)));
  try {
    const { host } = await ensureEngine({ onProgress: lines.onProgress });
    await using engine = await connectEngine({ host });
    const { busybox } = await ensureBaseImages(engine, { onProgress: lines.onProgress });
    return busybox;
  } finally {
    lines.end();
  }
}

await runMain(() => main(Deno.args));
