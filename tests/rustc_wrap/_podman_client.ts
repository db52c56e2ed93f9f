import { libraryPath } from "../support/debian_packages.ts";

// As in tests/support/podman.ts, but for one call of the program each.
const SCRIPT = `#!/bin/sh
root=@ROOT@ dir=@DIR@
export LD_LIBRARY_PATH=@LIBRARIES@
exec unshare -m --propagation private sh -c '
root=$1 dir=$2; shift 2
mount -t overlay -o "lowerdir=$root/etc:/etc" none /etc || exit 99
mount -t tmpfs none /run || exit 99
export CONTAINERS_CONF="$dir/containers.conf" TMPDIR="$dir/tmp"
exec "$root/usr/bin/podman" --runtime runc --cgroup-manager=cgroupfs --events-backend=file \\
  --root "$dir/root" --runroot "$dir/run" "$@"' sh "$root" "$dir" "$@"
`;

/** Writes a program `podman` into `DIRECTORY/bin` that keeps everything in that directory. */
export async function writePodmanClient(files: string, directory: string): Promise<void> {
  await Deno.mkdir(`${directory}/tmp`, { recursive: true });
  await Deno.mkdir(`${directory}/networks`, { recursive: true });
  await Deno.mkdir(`${directory}/bin`, { recursive: true });
  await Deno.writeTextFile(
    `${directory}/containers.conf`,
    `[engine]
conmon_path = ["${files}/usr/bin/conmon"]
helper_binaries_dir = ["${files}/usr/lib/podman", "${files}/usr/libexec/podman"]
[engine.runtimes]
runc = ["${files}/usr/sbin/runc", "/usr/sbin/runc"]
[network]
network_backend = "netavark"
network_config_dir = "${directory}/networks"
`,
  );
  const text = SCRIPT.replace("@ROOT@", files).replace("@DIR@", directory)
    .replace("@LIBRARIES@", libraryPath(files));
  await Deno.writeTextFile(`${directory}/bin/podman`, text, { mode: 0o755 });
}
