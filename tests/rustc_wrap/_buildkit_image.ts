import { debian13Root } from "../support/debian_engine.ts";
import { type DebianFiles, debianFiles } from "../support/debian_packages.ts";
import { runProgram } from "../support/cli.ts";
import { buildxFiles } from "./_buildx_client.ts";

/** What a builder of buildx's `docker-container` driver is made of. */
export interface BuildKitParts {
  /** Root with dockerd, whose BuildKit is a complete one. */
  readonly root: string;
  /** Root with busybox. */
  readonly busybox: string;
  /** Root with buildx. */
  readonly buildx: string;
}

/** All parts, or why there are not all of them. */
export async function buildKitParts(): Promise<BuildKitParts | { readonly skip: string }> {
  const found: DebianFiles[] = [
    await debian13Root(),
    await debianFiles({ packages: ["busybox-static"] }),
    await buildxFiles(),
  ];
  const missing = found.find(({ skip }) => skip !== undefined)?.skip;
  if (missing !== undefined) return { skip: missing };
  const [root, busybox, buildx] = found.map((files) => files.root!);
  return { root: root!, busybox: busybox!, buildx: buildx! };
}

// Debian has no package of BuildKit's own programs. Its dockerd of version 26 has all of BuildKit
// behind one address of its API, and with containerd's store of images it takes images in
// directories too: so these two names are that.
const BUILDKITD = `#!/bin/sh
echo "$*" >/started-with
mkdir -p /var/lib/buildkit/data /run /tmp
echo '{"features":{"containerd-snapshotter":true}}' >/tmp/daemon.json
exec dockerd --config-file /tmp/daemon.json --log-level=error --data-root /var/lib/buildkit/data \\
  --bridge=none --iptables=false --ip6tables=false -H tcp://127.0.0.1:2375 --tls=false
`;
// What is sent before the answer to the first request would be lost.
const BUILDCTL = `#!/bin/sh
case $* in
'debug workers')
  printf 'GET /_ping HTTP/1.0\\r\\n\\r\\n' | nc 127.0.0.1 2375 | { read -r _ code _; [ "$code" = 200 ]; } ;;
dial-stdio)
  answered=/tmp/answered.$$
  mkfifo "$answered"
  {
    printf 'POST /grpc HTTP/1.1\\r\\nHost: x\\r\\nConnection: Upgrade\\r\\nUpgrade: h2c\\r\\n\\r\\n'
    read -r _ <"$answered"
    exec cat
  } | nc 127.0.0.1 2375 | {
    while IFS= read -r line; do [ "$line" = "$(printf '\\r')" ] && break; done
    echo >"$answered"
    rm "$answered"
    exec cat
  } ;;
*) echo "buildctl: $*?" >&2; exit 1 ;;
esac
`;
const TOOLS = "sh cat mkdir mkfifo mount nc rm sleep printf";

/**
 * Makes an image that buildx takes for one of BuildKit.
 *
 * @param parts What it is made of.
 * @param name Its name.
 * @param host The engine, as `DOCKER_HOST` has it.
 */
export async function makeBuildKitImage(
  { root, busybox }: BuildKitParts,
  name: string,
  host: string,
): Promise<void> {
  const extra = await Deno.makeTempDir({ prefix: "buildkit-" });
  try {
    await Deno.mkdir(`${extra}/usr/bin`, { recursive: true });
    await Deno.writeTextFile(`${extra}/usr/bin/buildkitd`, BUILDKITD, { mode: 0o755 });
    await Deno.writeTextFile(`${extra}/usr/bin/buildctl`, BUILDCTL, { mode: 0o755 });
    await Deno.copyFile(`${busybox}/bin/busybox`, `${extra}/usr/bin/busybox`);
    for (const tool of TOOLS.split(" ")) await Deno.symlink("busybox", `${extra}/usr/bin/${tool}`);
    const { code, stderr } = await runProgram("sh", [
      "-c",
      `tar -c -C "$1" --exclude=./usr/share . -C "$2" $(cd "$2" && find . ! -type d) | docker import \\
        -c 'ENTRYPOINT ["buildkitd"]' -c 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin' - "$3"`,
      "sh",
      root,
      extra,
      name,
    ], { env: { DOCKER_HOST: host, PATH: `/usr/bin:${Deno.env.get("PATH")}` }, timeoutMs: 60_000 });
    if (code !== 0) throw new Error(stderr);
  } finally {
    await Deno.remove(extra, { recursive: true });
  }
}

/**
 * A `runc` that gives containers no more than what this machine has: where a privilege is missing,
 * a container that wants all of them would not start.
 */
export const FITTING_RUNC = `#!/bin/sh
bounds=$((0x$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)))
last=
for word; do
  file=
  [ "$last" != --bundle ] || file=$word/config.json
  [ "$last" != --process ] || file=$word
  if [ -n "$file" ] && [ $((bounds >> 24 & 1)) = 0 ]; then
    sed -i 's/"CAP_SYS_RESOURCE",//g; s/,"CAP_SYS_RESOURCE"//g' "$file"
  fi
  last=$word
done
exec runc "$@"
`;
