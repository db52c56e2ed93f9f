import { cacheDirectory } from "../../lib/engine/state.ts";
import type { EngineClient } from "../../lib/engine/client.ts";
import { debianFiles } from "./debian_packages.ts";

const SCRIPT = `set -e
work=$1 busybox=$2
mkdir -p "$work/bin" "$work/etc" "$work/tmp" "$work/root"
cp "$busybox" "$work/bin/busybox"
for applet in $("$busybox" --list); do
  [ "$applet" = busybox ] || ln -s busybox "$work/bin/$applet"
done
echo root:x:0:0:root:/root:/bin/sh > "$work/etc/passwd"
tar -C "$work" --owner=0 --group=0 -cf "$work.tar" .
rm -rf "$work"`;

/** Path of a tar file with a root file system of busybox alone; made once. */
export async function busyboxTar(): Promise<string> {
  const base = `${cacheDirectory()}/tests`;
  const path = `${base}/busybox.tar`;
  if (await Deno.stat(path).then((info) => info.isFile, () => false)) return path;
  const files = await debianFiles({ packages: ["busybox-static"] });
  if (files.root === undefined) throw new Error(`Cannot make the busybox image: ${files.skip}`);
  await Deno.mkdir(base, { recursive: true });
  const work = await Deno.makeTempDir({ dir: base, prefix: ".busybox-" });
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-c", SCRIPT, "sh", work, `${files.root}/bin/busybox`],
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  await Deno.rename(`${work}.tar`, path);
  return path;
}

/** Makes the busybox image on an engine. Whoever calls this removes it. */
export async function importBusybox(engine: EngineClient, reference: string): Promise<void> {
  const file = await Deno.open(await busyboxTar());
  await engine.images.import(reference, file.readable, { changes: ['CMD ["sh"]'] });
}
