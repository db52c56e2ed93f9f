import { EngineClient } from "../../lib/engine/client.ts";

/** How a daemon of a test's own is started. */
export interface PrivateEngineOptions {
  /** Further arguments of dockerd; `@/` stands for its directory. */
  readonly args?: readonly string[];
  /** Size of a file system in memory for its images and containers; default: the disk. */
  readonly dataMebibytes?: number;
  /** Another root directory to take dockerd from. */
  readonly root?: string;
  /** Made before the start in its directory: name to contents. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A daemon of a test's own, with its own network, mounts and processes. */
export interface PrivateEngine extends AsyncDisposable {
  /** Its directory; reachable under the same path from outside and inside. */
  readonly directory: string;
  /** Its socket. */
  readonly socketPath: string;
  /** A process in its network, for `nsenter -t PID -n`. */
  readonly pid: number;
  /** Connects to it. */
  connect(): Promise<EngineClient>;
  /** What it wrote so far. */
  log(): Promise<string>;
  /** Sends a signal to dockerd alone; SIGKILL is a crash. */
  kill(signal: Deno.Signal): Promise<void>;
  /** Settles when it is gone with everything that it started. */
  readonly ended: Promise<void>;
}

// The shell is process 1 of the namespace, so nothing that dockerd starts outlives it. A second
// dockerd in the same network namespace would remove the bridge of the first.
const SCRIPT = `set -e
dir=$1 mebibytes=$2 root=$3; shift 3
ip link set lo up 2>/dev/null || busybox ip link set lo up
mkdir -p "$dir/data" "$dir/exec"
[ "$mebibytes" = 0 ] || mount -t tmpfs -o "size=\${mebibytes}m" none "$dir/data"
if [ -n "$root" ]; then
  mount --rbind "$root" "$root"
  for part in proc sys dev; do mount --rbind "/$part" "$root/$part"; done
  for part in tmp run etc/docker; do mkdir -p "$root/$part"; mount -t tmpfs none "$root/$part"; done
  mkdir -p "$root$dir" "$root/.old"; mount --rbind "$dir" "$root$dir"
  # chroot would not do: what runc runs in a container later would find itself in the old root.
  cd "$root"; pivot_root . .old; cd /
  PATH=/usr/sbin:/usr/bin
else
  [ ! -d /etc/docker ] || mount -t tmpfs none /etc/docker
fi
dockerd --config-file "$dir/daemon.json" --data-root "$dir/data" --exec-root "$dir/exec" \\
  --pidfile "$dir/dockerd.pid" -H "unix://$dir/docker.sock" "$@" &
child=$!
trap 'kill -TERM $child' TERM
while kill -0 $child 2>/dev/null; do wait $child || true; done`;

const READY_MS = 30_000;

/**
 * Why a private daemon cannot be started here, to skip a test by name.
 *
 * @returns `undefined` when it can.
 */
export async function privateEngineProblem(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "not Linux";
  if (Deno.uid() !== 0) return "not root";
  const { success, stderr } = await new Deno.Command("unshare", {
    args: ["-n", "-m", "-p", "-f", "--mount-proc", "--propagation", "private", "true"],
    stdin: "null",
  }).output();
  return success ? undefined : new TextDecoder().decode(stderr).trim();
}

/**
 * Starts a dockerd and waits until it answers.
 *
 * @param options How.
 * @returns The daemon; disposing it ends it at once, with its containers and its files.
 */
export async function startPrivateEngine(
  options: PrivateEngineOptions = {},
): Promise<PrivateEngine> {
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "superorch-e-" });
  const cgroup = directory.slice(directory.lastIndexOf("/") + 1);
  await Deno.writeTextFile(`${directory}/daemon.json`, "{}");
  for (const [name, text] of Object.entries(options.files ?? {})) {
    await Deno.writeTextFile(`${directory}/${name}`, text);
  }
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      'log=$1; shift; exec "$@" >>"$log" 2>&1',
      "sh",
      `${directory}/log`,
      // Ends with us however we end.
      ...["setpriv", "--pdeathsig", "KILL"],
      ...["unshare", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc"],
      ...["--propagation", "private"],
      ...["sh", "-c", SCRIPT, "sh", directory, String(options.dataMebibytes ?? 0)],
      options.root ?? "",
      `--cgroup-parent=/${cgroup}`,
      ...(options.args ?? []).map((arg) => arg.replace("@/", `${directory}/`)),
    ],
    // The gate's own directory for a test is not there in another root, and must be empty at its end.
    env: { TMPDIR: options.root === undefined ? directory : "/tmp" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  const ended = child.status.then(() => {});
  const log = () => Deno.readTextFile(`${directory}/log`).catch(() => "");
  const socketPath = `${directory}/docker.sock`;
  const dispose = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // it has ended already
    }
    await ended;
    await removeWhenFree(directory, cgroup);
  };
  try {
    await untilReady(socketPath, child, log);
    const shell = await onlyChild(child.pid);
    const daemon = await onlyChild(shell, "dockerd");
    return {
      directory,
      socketPath,
      pid: shell,
      log,
      ended,
      connect: () => EngineClient.open({ kind: "unix", path: socketPath }),
      kill: async (signal) => {
        Deno.kill(daemon, signal);
        if (signal === "SIGKILL") await ended;
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function untilReady(
  socketPath: string,
  child: Deno.ChildProcess,
  log: () => Promise<string>,
): Promise<void> {
  let over = false;
  child.status.then(() => over = true);
  const deadline = Date.now() + READY_MS;
  while (true) {
    try {
      const engine = await EngineClient.open({ kind: "unix", path: socketPath });
      await engine[Symbol.asyncDispose]();
      return;
    } catch (error) {
      if (over || Date.now() > deadline) {
        throw new Error(`A private dockerd does not start:\n${(await log()).slice(-3000)}`, {
          cause: error,
        });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function onlyChild(pid: number, name?: string): Promise<number> {
  const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  for (const word of text.trim().split(" ")) {
    const comm = await Deno.readTextFile(`/proc/${word}/comm`);
    if (name === undefined || comm.trim() === name) return Number(word);
  }
  throw new Error(`Process ${pid} has no child ${name ?? ""}: ${text}`);
}

// The kernel takes namespaces and their mounts down a moment after the last process.
async function removeWhenFree(directory: string, cgroup: string): Promise<void> {
  const script = `for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  find /sys/fs/cgroup -mindepth 1 -maxdepth 6 -depth -type d -path "*/$2*" -exec rmdir {} + 2>/dev/null
  rm -rf "$1" 2>/dev/null && exit 0
  sleep 0.1
done
rm -rf "$1"`;
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", directory, cgroup],
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
