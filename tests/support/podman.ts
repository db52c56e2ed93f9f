import { EngineClient } from "../../lib/engine/client.ts";
import { type DebianFiles, debianFiles, libraryPath } from "./debian_packages.ts";
import { privateEngineProblem } from "./private_engine.ts";

/** A podman service of a test's own. */
export interface PodmanService extends AsyncDisposable {
  /** Its socket. */
  readonly socketPath: string;
  /** What it wrote so far. */
  log(): Promise<string>;
}

/** Podman unpacked, or why the test must be skipped. */
export async function podmanFiles(): Promise<DebianFiles> {
  const problem = await privateEngineProblem();
  if (problem !== undefined) return { skip: problem };
  return await debianFiles({ packages: ["podman", "runc", "netavark", "aardvark-dns"] });
}

// Its helpers are looked for in fixed places, so those of the unpacked packages are laid over the
// machine's own, in namespaces of its own. crun fails on hybrid control groups, hence runc.
const SCRIPT = `set -e
dir=$1 root=$2
ip link set lo up 2>/dev/null || busybox ip link set lo up
mkdir -p "$dir/etc/networks"
mount -t overlay -o "lowerdir=$root/etc:/etc" none /etc
cat > "$dir/etc/containers.conf" <<END
[engine]
conmon_path = ["$root/usr/bin/conmon"]
helper_binaries_dir = ["$root/usr/lib/podman", "$root/usr/libexec/podman"]
[engine.runtimes]
runc = ["$root/usr/sbin/runc", "/usr/sbin/runc"]
[network]
network_backend = "netavark"
network_config_dir = "$dir/etc/networks"
END
mount -t tmpfs none /run
export CONTAINERS_CONF="$dir/etc/containers.conf" TMPDIR="$dir"
exec "$root/usr/bin/podman" --runtime runc --cgroup-manager=cgroupfs --events-backend=file \\
  --root "$dir/root" --runroot "$dir/run" system service --time=0 "unix://$dir/podman.sock"`;

/** Starts a podman service and waits until it answers; disposing it ends it with everything. */
export async function startPodman(files: string): Promise<PodmanService> {
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "superorch-p-" });
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      'log=$1; shift; exec "$@" >>"$log" 2>&1',
      "sh",
      `${directory}/log`,
      ...["setpriv", "--pdeathsig", "KILL"],
      ...["unshare", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc"],
      ...["--propagation", "private"],
      ...["sh", "-c", SCRIPT, "sh", directory, files],
    ],
    env: { LD_LIBRARY_PATH: libraryPath(files) },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  const socketPath = `${directory}/podman.sock`;
  const log = () => Deno.readTextFile(`${directory}/log`).catch(() => "");
  const dispose = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // it has ended already
    }
    await child.status;
    await new Deno.Command("sh", {
      args: ["-c", 'for i in 1 2 3 4 5; do rm -rf "$1" && exit; sleep 0.2; done', "sh", directory],
      stderr: "null",
    }).output();
  };
  const deadline = Date.now() + 15_000;
  while (true) {
    try {
      const engine = await EngineClient.open({ kind: "unix", path: socketPath });
      await engine[Symbol.asyncDispose]();
      return { socketPath, log, [Symbol.asyncDispose]: dispose };
    } catch (cause) {
      if (Date.now() > deadline) {
        const text = await log();
        await dispose();
        throw new Error(`podman does not start:\n${text}`, { cause });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
