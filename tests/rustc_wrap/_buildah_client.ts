import { type DebianFiles, debianFiles, libraryPath } from "../support/debian_packages.ts";
import { privateEngineProblem } from "../support/private_engine.ts";

/** Buildah unpacked, or why the test must be skipped. */
export async function buildahFiles(): Promise<DebianFiles> {
  const problem = await privateEngineProblem();
  if (problem !== undefined) return { skip: problem };
  return await debianFiles({ packages: ["buildah", "runc"] });
}

// Its configuration is looked for in fixed places, so that of the unpacked packages is laid over
// the machine's own, in a namespace of each call. crun fails on hybrid control groups, hence runc.
const SCRIPT = `#!/bin/sh
root=@ROOT@ dir=@DIR@
echo "$@" >>"$dir/calls"
export LD_LIBRARY_PATH=@LIBRARIES@
exec unshare -m --propagation private sh -c '
root=$1 dir=$2; shift 2
mount -t overlay -o "lowerdir=$root/etc:/etc" none /etc || exit 99
mount -t tmpfs none /run || exit 99
export TMPDIR="$dir/tmp" BUILDAH_RUNTIME="$root/usr/sbin/runc"
exec "$root/usr/bin/buildah" --root "$dir/root" --runroot "$dir/run" "$@"' sh "$root" "$dir" "$@"
`;

/**
 * Writes a program `buildah` into `DIRECTORY/bin` that keeps everything in that directory, and its
 * calls in `DIRECTORY/calls`.
 */
export async function writeBuildahClient(files: string, directory: string): Promise<void> {
  await Deno.mkdir(`${directory}/tmp`, { recursive: true });
  await Deno.mkdir(`${directory}/bin`, { recursive: true });
  const text = SCRIPT.replace("@ROOT@", files).replace("@DIR@", directory)
    .replace("@LIBRARIES@", libraryPath(files));
  await Deno.writeTextFile(`${directory}/bin/buildah`, text, { mode: 0o755 });
}
