// A real database, a program of this machine that uses it, and a test runner in a container.
//
//     deno run -A examples/postgres.ts [--image IMAGE] [--data DIR]
//
// The image is `postgres:18` unless `--image` or SUPERORCH_POSTGRES_IMAGE names another one that
// takes POSTGRES_PASSWORD, POSTGRES_USER and POSTGRES_DB and has `psql` and `pg_isready`. The data
// is in `./logs/pg_data`, a directory of this machine: the second run finds the rows of the first.
import { parseArgs } from "node:util";
import { command } from "../lib/commands/mod.ts";
import { container, ContainerNetwork, formatSummary, hostCommand } from "../lib/containers/mod.ts";
import { ensure, runMain } from "../lib/errors/mod.ts";

const ENV = { POSTGRES_PASSWORD: "root", POSTGRES_USER: "postgres", POSTGRES_DB: "postgres" };

/** Prints how many runs there were, this one included. */
const RUNS = `
  create table if not exists runs (at timestamptz not null default now());
  insert into runs default values;
  select count(*) from runs;
`;

/** What a program of this machine learns about the published ports of containers. */
const PORT_CHECK = `
  const [hostname, port] = Deno.env.get("SUPERORCH_POSTGRES_5432").split(":");
  const connection = await Deno.connect({ hostname, port: Number(port) });
  // SSLRequest, the first thing that a client may say: the answer is S or N.
  await connection.write(new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]));
  const answer = new Uint8Array(1);
  await connection.read(answer);
  connection.close();
  if (!"SN".includes(new TextDecoder().decode(answer))) throw new Error("not PostgreSQL");
  console.log("PostgreSQL answers this machine");
`;

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      image: { type: "string", default: Deno.env.get("SUPERORCH_POSTGRES_IMAGE") ?? "postgres:18" },
      data: { type: "string", default: "./logs/pg_data" },
    },
  });
  await Deno.mkdir(values.data, { recursive: true });
  await using network = await ContainerNetwork.create("postgres");
  network.add(
    container("postgres", values.image, {
      env: { ...ENV, POSTGRES_INITDB_ARGS: "--data-checksums" },
      volumes: [{ bind: values.data, target: "/var/lib/postgresql" }],
      ports: [5432],
      // By TCP: while the image sets the database up, it answers on its socket only.
      health: { test: ["pg_isready", "-h", "127.0.0.1", "-U", "postgres"], startPeriodMs: 60_000 },
      stopSignal: "SIGINT",
    }),
    hostCommand("port_check", command([Deno.execPath(), "eval", PORT_CHECK]), {
      dependsOn: { postgres: "healthy" },
    }),
    container("test_runner", values.image, {
      entrypoint: ["psql", "-h", "postgres", "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-qAt"],
      command: ["-c", RUNS],
      env: { PGPASSWORD: ENV.POSTGRES_PASSWORD },
      dependsOn: { postgres: "healthy", port_check: "completed" },
    }),
  );
  await network.run(undefined, { timeoutMs: 120_000 });
  const results = await network.wait(["port_check", "test_runner"], { timeoutMs: 60_000 });
  const runs = Number(results.get("test_runner")!.stdoutText());
  ensure(runs >= 1);
  console.log(`the database knows of ${runs} ${runs === 1 ? "run" : "runs"}`);
  // A database likes to be asked before it is removed.
  await network.terminate(["postgres"], { graceMs: 20_000 });
  ensure(network.result("postgres")?.exitCode === 0);
  console.log(formatSummary(network.summary()));
});
