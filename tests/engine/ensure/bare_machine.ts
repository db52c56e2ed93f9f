// Puts the package of the command line into Deno's cache: a bare machine has no network.
import "../../../lib/deps/commander.ts";
import { readProcess } from "../../../lib/engine/ensure/_processes.ts";

/** What a program on a {@linkcode BareMachine} left. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is run on a {@linkcode BareMachine}. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Run as the user nobody. */
  readonly nobody?: boolean;
}

// May read everything, because the cache of Deno is in a directory that only root may enter.
const NOBODY = [
  ...["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"],
  ...["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--"],
];

const RUN_LIMIT_MS = 120_000;

/**
 * A machine of its own as far as engines are concerned: no process, socket, network or home
 * directory of the real one is seen. All that runs on it ends with it.
 */
export class BareMachine implements AsyncDisposable {
  readonly home: string;
  readonly #init: Deno.ChildProcess;
  readonly #pid: number;

  private constructor(home: string, init: Deno.ChildProcess, pid: number) {
    this.home = home;
    this.#init = init;
    this.#pid = pid;
  }

  /** Why there can be none here, `undefined` if there can. */
  static async problem(): Promise<string | undefined> {
    if (Deno.build.os !== "linux") return "needs Linux";
    if (Deno.uid() !== 0) return "needs root";
    for (const program of ["dockerd", "iptables", "busybox", "unshare", "nsenter", "apt-get"]) {
      const found = await Promise.all(
        ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map((directory) =>
          Deno.stat(`${directory}/${program}`).then(() => true, () => false)
        ),
      );
      if (!found.includes(true)) return `needs ${program}`;
    }
    const probe = await output("unshare", [...ISOLATE, "true"], {});
    return probe.code === 0 ? undefined : "needs namespaces";
  }

  static async start(): Promise<BareMachine> {
    const home = await Deno.makeTempDir({ prefix: "bare-" });
    await Deno.chmod(home, 0o755);
    // A shell that waits adopts and reaps what daemons leave, as init does. It ends by itself if
    // the tests are killed.
    const init = new Deno.Command("unshare", {
      args: [
        ...ISOLATE,
        ...["sh", "-c", "mount -t tmpfs none /run && echo up && sleep 600 & wait"],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = init.stdout.getReader();
    await reader.read();
    await reader.cancel();
    const children = await Deno.readTextFile(`/proc/${init.pid}/task/${init.pid}/children`);
    return new BareMachine(home, init, Number(children.trim()));
  }

  get state(): string {
    return `${this.home}/.local/state/superorch`;
  }

  get socket(): string {
    return `${this.state}/engine/docker.sock`;
  }

  /** Runs `engine …` of the command line, or one of the functions of `program.ts`. */
  engine(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const [program = "", ...rest] = this.engineArgv(args);
    return this.run(program, rest, options);
  }

  /** The command line for that. */
  engineArgv(args: readonly string[]): readonly string[] {
    const program = new URL("program.ts", import.meta.url).pathname;
    const flags = ["--allow-all", "--no-lock", "--no-check", "--cached-only"];
    return [Deno.execPath(), "run", ...flags, program, ...args];
  }

  /** Runs a shell script. */
  sh(script: string, options: RunOptions = {}): Promise<Outcome> {
    return this.run("sh", ["-ec", script], options);
  }

  run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const { HOME = "/root", PATH = "", DENO_DIR = `${HOME}/.cache/deno` } = Deno.env.toObject();
    const user = options.nobody ? NOBODY : [];
    return output(
      "nsenter",
      ["-t", `${this.#pid}`, "-n", "-m", "-p", "--", ...user, program, ...args],
      { PATH, DENO_DIR, HOME: this.home, NO_COLOR: "1", LC_ALL: "C.UTF-8", ...options.env },
    );
  }

  /** Command lines of the processes that run on it and hold a text. */
  async processes(text: string): Promise<readonly string[]> {
    const { stdout } = await this.sh(`for directory in /proc/[0-9]*; do
      grep -q '^State:.[ZX]' "$directory/status" 2>/dev/null && continue
      tr '\\0' ' ' <"$directory/cmdline" 2>/dev/null && echo
    done`);
    return stdout.split("\n").filter((line) => line.includes(text));
  }

  /** Asks the engine that was started on it. */
  async docker(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown> {
    const text = await this.#request(method, path, body);
    return text === "" ? undefined : JSON.parse(text);
  }

  async #request(method: string, path: string, body?: unknown): Promise<string> {
    using client = Deno.createHttpClient({ proxy: { transport: "unix", path: this.socket } });
    const response = await fetch(`http://localhost/v1.41${path}`, {
      client,
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text;
  }

  /** Starts a container of the base image on that engine. */
  async startContainer(name: string, command: readonly string[]): Promise<void> {
    const body = { Image: "superorch/busybox:local", Cmd: command };
    await this.docker("POST", `/containers/create?name=${name}`, body);
    await this.docker("POST", `/containers/${name}/start`);
  }

  /** Runs a container of the base image to its end. */
  async containerOutput(command: readonly string[]): Promise<string> {
    const body = { Image: "superorch/busybox:local", Cmd: command, Tty: true };
    await this.docker("POST", "/containers/create?name=output", body);
    await this.docker("POST", "/containers/output/start");
    await this.docker("POST", "/containers/output/wait");
    const text = await this.#request("GET", "/containers/output/logs?stdout=1&stderr=1");
    return text.replaceAll("\r\n", "\n");
  }

  /** What an engine that is stopped should not leave: processes, mounts, sockets. */
  async leftovers(): Promise<readonly string[]> {
    const processes = [
      ...await this.processes("dockerd --config"),
      ...await this.processes("containerd"),
    ];
    const { stdout } = await this.sh("cat /proc/self/mountinfo");
    // Its mount table began as a copy of the host's, where an engine may run too.
    const mounts = stdout.split("\n")
      .filter((line) => line.includes(`${this.home}/`) && line.includes("/engine/"));
    const sockets = await Deno.stat(this.socket).then(() => [this.socket], () => []);
    return [...processes, ...mounts, ...sockets];
  }

  /** A `PATH` on which a program is a script. */
  async pathWith(program: string, script: string): Promise<string> {
    const directory = await Deno.makeTempDir({ dir: this.home });
    await Deno.chmod(directory, 0o755);
    await Deno.writeTextFile(`${directory}/${program}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return `${directory}:${Deno.env.get("PATH")}`;
  }

  /** A `PATH` that leads to everything but one program. */
  async pathWithout(program: string): Promise<string> {
    const directory = await Deno.makeTempDir({ dir: this.home });
    await Deno.chmod(directory, 0o755);
    for (const source of ["/bin", "/usr/bin"]) {
      for await (const { name } of Deno.readDir(source)) {
        if (name === program) continue;
        await Deno.symlink(`${source}/${name}`, `${directory}/${name}`).catch(() => {}); // the same in both
      }
    }
    return directory;
  }

  /** Gives apt and dpkg directories of their own, in which nothing is installed. */
  async emptyPackageDatabase(): Promise<void> {
    await this.sh(`mkdir "$HOME/apt"; mount -t tmpfs none "$HOME/apt"
      for directory in /var/lib/dpkg /var/lib/apt /var/cache/apt /var/log; do
        upper="$HOME/apt$directory.upper" work="$HOME/apt$directory.work"
        mkdir -p "$upper" "$work"
        mount -t overlay -o "lowerdir=$directory,upperdir=$upper,workdir=$work" none "$directory"
      done
      : >/var/lib/dpkg/status
      mount --bind /dev/null /usr/sbin/dockerd`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The first process takes all others of its PID namespace along.
    if (await readProcess(this.#pid) !== undefined) Deno.kill(this.#pid, "SIGKILL");
    await this.#init.status;
    await Deno.remove(this.home, { recursive: true });
  }
}

const ISOLATE = [
  ...["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
  ...["--propagation", "private"],
];

async function output(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const result = await new Deno.Command(program, {
    args: [...args],
    clearEnv: Object.keys(env).length > 0,
    env,
    stdin: "null",
    signal: AbortSignal.timeout(RUN_LIMIT_MS),
  }).output();
  const decoder = new TextDecoder();
  return {
    code: result.code,
    stdout: decoder.decode(result.stdout),
    stderr: decoder.decode(result.stderr),
  };
}
