import {
  hasRabbitProgram,
  prepareRabbit,
  RABBIT_BIN,
} from "../../lib/buildr/dev_up/rabbit_program.ts";
import { installPackage } from "./debian_packages.ts";
import { freePort } from "./ssh_server.ts";

/** A broker of a test's own. */
export interface RabbitServer extends AsyncDisposable {
  /** `amqp://guest:guest@127.0.0.1:PORT`. */
  readonly url: string;
  /** Process id of the Erlang machine. */
  pid(): number;
  /** Ends it with SIGKILL, as a power cut would; its files stay. */
  kill(): Promise<void>;
  /** Starts it again on the same files and port. */
  restart(): Promise<void>;
  /** Adds a virtual host for one test, and gives its address. */
  vhost(name: string): Promise<string>;
}

/** How a broker is set. */
export interface RabbitServerOptions {
  /** How long it lets a message be unacknowledged; it looks every `tickMs`. Default 30 minutes. */
  readonly consumerTimeoutMs?: number;
  /** How often it looks after channels. Default 60 s. */
  readonly tickMs?: number;
}

const START_LIMIT_MS = 90_000;

let installing: Promise<string | undefined> | undefined;

/** Why no broker can be started here; `undefined` when one can. Installs Debian's package. */
export function rabbitProblem(): Promise<string | undefined> {
  return installing ??= install();
}

async function install(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "not Linux";
  if (await hasRabbitProgram()) return undefined;
  const problem = await installPackage("rabbitmq-server");
  return problem === undefined ? undefined : `rabbitmq-server cannot be installed: ${problem}`;
}

/** Starts a broker on loopback with files of its own; disposing it ends it and removes them. */
export async function startRabbit(options: RabbitServerOptions = {}): Promise<RabbitServer> {
  const directory = await Deno.makeTempDir({ prefix: "rabbit-" });
  const port = freePort();
  const env = await prepare(directory, port, options);
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  let child = spawn(env);
  const pid = () => Number(Deno.readTextFileSync(`${directory}/pid`));
  const stop = async () => {
    await output(`${RABBIT_BIN}/rabbitmqctl`, ["shutdown", "--timeout", "20"], env).catch(() => {});
    try {
      child.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await child.status;
    // It starts a name server that outlives it.
    await output("epmd", ["-kill"], env);
    await Deno.remove(directory, { recursive: true });
  };
  try {
    await ready(port, child);
  } catch (error) {
    const log = await output("sh", ["-c", `tail -n 20 ${directory}/log/*`], {});
    await stop();
    throw new Error(`RabbitMQ does not start: ${log}`, { cause: error });
  }
  return {
    url,
    pid,
    kill: async () => {
      Deno.kill(pid(), "SIGKILL");
      await child.status;
    },
    restart: async () => {
      child = spawn(env);
      await ready(port, child);
    },
    vhost: async (name) => {
      await output(`${RABBIT_BIN}/rabbitmqctl`, ["add_vhost", name], env);
      await output(
        `${RABBIT_BIN}/rabbitmqctl`,
        ["set_permissions", "-p", name, "guest", ".*", ".*", ".*"],
        env,
      );
      return `${url}/${name}`;
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function prepare(
  directory: string,
  port: number,
  { consumerTimeoutMs, tickMs }: RabbitServerOptions,
): Promise<Readonly<Record<string, string>>> {
  return await prepareRabbit({
    directory,
    port,
    ownPorts: [freePort(), freePort()],
    settings: [
      "vm_memory_high_watermark.absolute = 512MB",
      ...(consumerTimeoutMs === undefined ? [] : [`consumer_timeout = ${consumerTimeoutMs}`]),
    ],
    ...(tickMs === undefined
      ? {}
      : { advanced: `[{rabbit,[{channel_tick_interval,${tickMs}}]}].\n` }),
    erlangArgs: "+S 2:2",
  });
}

function spawn(env: Readonly<Record<string, string>>): Deno.ChildProcess {
  return new Deno.Command("setpriv", {
    args: ["--pdeathsig", "KILL", `${RABBIT_BIN}/rabbitmq-server`],
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/** Waits for the answer to the header of the protocol. */
async function ready(port: number, child: Deno.ChildProcess): Promise<void> {
  let ended = false;
  child.status.then(() => ended = true);
  const until = Date.now() + START_LIMIT_MS;
  while (Date.now() < until && !ended) {
    if (await greets(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(ended ? "its process ended" : `no answer on port ${port}`);
}

async function greets(port: number): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new Uint8Array([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]));
    const answer = new Uint8Array(3);
    await connection.read(answer);
    return answer[0] === 1 && answer[1] === 0 && answer[2] === 0;
  } catch {
    return false;
  }
}

async function output(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    env,
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}
