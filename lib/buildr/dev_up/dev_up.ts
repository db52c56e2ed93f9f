import { command } from "../../commands/mod.ts";
import {
  type Condition,
  container,
  type ContainerNetwork,
  hostCommand,
} from "../../containers/mod.ts";
import { hasRabbitProgram, rabbitProgram } from "./rabbit_program.ts";

/** Image of a broker in a container. */
export const BROKER_IMAGE = "rabbitmq:3-management";

/** What runs on the desk. */
export interface DevUpOptions {
  /** Takes the nodes; it is neither run nor ended. */
  readonly network: ContainerNetwork;
  /** What starts the command line: a program and the words before its own. */
  readonly self: readonly string[];
  /** Directory of the ledger, checkouts and the broker's data. */
  readonly directory: string;
  /**
   * The broker: a `program` of this machine, a `container`, or `none`, so that the coordinator is
   * its own. Default: the program where it is installed, else the container.
   */
  readonly broker?: "program" | "container" | "none";
  /** Image of the broker's container. Default {@linkcode BROKER_IMAGE}. */
  readonly brokerImage?: string;
  /** Port of the broker, on loopback. Default 5672. */
  readonly brokerPort?: number;
  /** Where the coordinator listens. Default 127.0.0.1:8420. */
  readonly listen?: string;
  /** How many agents. Default 2. */
  readonly agents?: number;
  /** Directories whose repositories may be built. Default none. */
  readonly allowPaths?: readonly string[];
}

/** What was put into the network. */
export interface DevUp {
  /** The broker's address for clients; `undefined` without one. */
  readonly brokerUrl: string | undefined;
  /** What the broker is, for people. */
  readonly broker: string;
  /** The coordinator's address. */
  readonly coordinatorUrl: string;
  /** Names of the agents. */
  readonly agents: readonly string[];
}

/**
 * Puts a broker, a coordinator and agents into a network: all that a team has, on one machine.
 *
 * They start in their order, each when the one before answers; their output is in the network's
 * logs, and when the network ends they do.
 *
 * Permissions: those of the network; `--allow-run` of the command line and the broker;
 * `--allow-read` and `--allow-write` of the directory.
 */
export async function devUp(options: DevUpOptions): Promise<DevUp> {
  const { network, self, directory, listen = "127.0.0.1:8420" } = options;
  await Deno.mkdir(directory, { recursive: true });
  const broker = await addBroker(options);
  const port = Number(listen.slice(listen.lastIndexOf(":") + 1));
  const brokerWords = broker.url === undefined ? ["--embedded"] : ["--broker", broker.url];
  const paths = (options.allowPaths ?? []).flatMap((path) => ["--allow-path", path]);
  const after: Record<string, Condition> = broker.ready === undefined
    ? {}
    : { broker: broker.ready };
  network.add(hostCommand(
    "coordinator",
    command([
      ...self,
      ...["buildr", "coordinator", "--listen", listen, "--ledger", `${directory}/ledger.db`],
      ...brokerWords,
      ...paths,
    ], { graceMs: 5_000 }),
    { dependsOn: after, important: true },
  ));
  const coordinatorUrl = `http://${listen}`;
  const agents = Array.from({ length: options.agents ?? 2 }, (_, index) => `agent${index + 1}`);
  const way = broker.url === undefined
    ? ["--coordinator", coordinatorUrl]
    : ["--broker", broker.url];
  for (const name of agents) {
    network.add(hostCommand(
      name,
      command([
        ...self,
        ...["buildr", "agent", "--name", name, "--workdir", `${directory}/${name}`],
        ...way,
        ...paths,
      ], { graceMs: 5_000 }),
      { dependsOn: { coordinator: { port } } },
    ));
  }
  return { brokerUrl: broker.url, broker: broker.name, coordinatorUrl, agents };
}

interface Broker {
  readonly name: string;
  readonly url: string | undefined;
  readonly ready: Condition | undefined;
}

async function addBroker(options: DevUpOptions): Promise<Broker> {
  const { network, directory, brokerPort: port = 5672, brokerImage = BROKER_IMAGE } = options;
  const kind = options.broker ?? (await hasRabbitProgram() ? "program" : "container");
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  if (kind === "none") return { name: "the coordinator itself", url: undefined, ready: undefined };
  if (kind === "program") {
    const names = freePort();
    const program = await rabbitProgram({
      directory: `${directory}/rabbitmq`,
      port,
      ownPorts: [freePort(), names],
    });
    // Where there is none the Erlang machine starts one as a daemon, which nobody ends.
    network.add(hostCommand(
      "names",
      command(["epmd"], {
        env: { ERL_EPMD_PORT: String(names), ERL_EPMD_ADDRESS: "127.0.0.1" },
        graceMs: 2_000,
      }),
      { forward: false },
    ));
    network.add(hostCommand("broker", program, {
      dependsOn: { names: { port: names } },
      important: true,
      forward: false,
    }));
    return { name: `RabbitMQ on port ${port}`, url, ready: { port } };
  }
  network.add(container("broker", brokerImage, {
    ports: [{ container: 5672, host: port }],
    health: { test: ["rabbitmq-diagnostics", "-q", "ping"], intervalMs: 1_000, retries: 60 },
    important: true,
    forward: false, // it says much, and all of it is in the logs
  }));
  return { name: `RabbitMQ (${brokerImage}) on port ${port}`, url, ready: "healthy" };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
