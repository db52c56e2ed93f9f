import { type Command, command } from "../../commands/mod.ts";

/** Where Debian's package has the broker, behind the script that changes the user. */
export const RABBIT_BIN = "/usr/lib/rabbitmq/bin";

/** How a broker is set. */
export interface RabbitProgramOptions {
  /** Directory of its data and logs; made when it is not there. */
  readonly directory: string;
  /** Its port, on loopback. */
  readonly port: number;
  /** Ports for its own use, on loopback: of the Erlang machine and of its name server. */
  readonly ownPorts: readonly [number, number];
  /** Further lines of its `rabbitmq.conf`. Default none. */
  readonly settings?: readonly string[];
  /** Its `advanced.config`. Default nothing. */
  readonly advanced?: string;
  /** Further arguments of the Erlang machine. Default none. */
  readonly erlangArgs?: string;
}

/** Whether RabbitMQ is installed as a program. */
export async function hasRabbitProgram(): Promise<boolean> {
  return await Deno.stat(`${RABBIT_BIN}/rabbitmq-server`).then(() => true, () => false);
}

/**
 * Makes the command of a broker for one machine: on loopback alone, with its files in one directory.
 *
 * Permissions: `--allow-read` and `--allow-write` of the directory, `--allow-env=PATH`.
 */
export async function rabbitProgram(options: RabbitProgramOptions): Promise<Command> {
  return command([`${RABBIT_BIN}/rabbitmq-server`], {
    envClear: true,
    env: await prepareRabbit(options),
    graceMs: 10_000,
  });
}

/**
 * Writes what a broker reads when it starts.
 *
 * @returns All of its environment, which is that of its tools too.
 */
export async function prepareRabbit(
  options: RabbitProgramOptions,
): Promise<Readonly<Record<string, string>>> {
  const { directory, port, ownPorts: [distribution, names] } = options;
  for (const name of ["home", "mnesia", "log"]) {
    await Deno.mkdir(`${directory}/${name}`, { recursive: true });
  }
  await Deno.writeTextFile(`${directory}/enabled_plugins`, "[].\n");
  await Deno.writeTextFile(`${directory}/advanced.config`, options.advanced ?? "[].\n");
  const settings = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    "log.console = false",
    "disk_free_limit.absolute = 50MB",
    ...options.settings ?? [],
  ];
  await Deno.writeTextFile(`${directory}/rabbitmq.conf`, `${settings.join("\n")}\n`);
  return {
    HOME: `${directory}/home`,
    PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
    LC_ALL: "C.UTF-8",
    RABBITMQ_NODENAME: `buildr${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_MNESIA_BASE: `${directory}/mnesia`,
    RABBITMQ_LOG_BASE: `${directory}/log`,
    RABBITMQ_PID_FILE: `${directory}/pid`,
    RABBITMQ_CONFIG_FILE: `${directory}/rabbitmq`,
    RABBITMQ_ADVANCED_CONFIG_FILE: `${directory}/advanced.config`,
    RABBITMQ_CONF_ENV_FILE: `${directory}/none`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${directory}/enabled_plugins`,
    // Without busy waiting: this is a machine that people work at.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: [
      "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
      options.erlangArgs ?? "",
    ].join(" ").trim(),
  };
}
