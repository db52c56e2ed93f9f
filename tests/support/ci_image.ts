/**
 * The image that this project's own `.buildr.yml` runs in: Debian with git, the very Deno that runs
 * this, and the packages of `lib/deps`, so that its stages need no network.
 *
 *     deno run -A tests/support/ci_image.ts
 */

import { connectEngine, type EngineClient } from "../../lib/engine/mod.ts";
import { type TarEntry, tarStream } from "../../lib/engine/tar/mod.ts";
import { type DebianImage, debianImage } from "./debian_image.ts";

/** Its name in `.buildr.yml`. */
export const CI_IMAGE = "superorch/ci:local";

const DOCKERFILE = (base: string) =>
  `FROM ${base}
COPY deno /usr/local/bin/deno
COPY npm /root/.cache/deno/npm
ENV DENO_NO_UPDATE_CHECK=1 LANG=C.UTF-8
`;

/**
 * Makes sure that an engine has the image.
 *
 * @param engine Where it is wanted.
 * @returns Its name, or a reason to skip.
 */
export async function ciImage(engine: EngineClient): Promise<DebianImage> {
  const base = await debianImage(engine, {
    name: "ci",
    packages: ["ca-certificates", "git", "perl", "procps"],
    changes: ['CMD ["bash"]'],
  });
  if (base.reference === undefined) return base;
  await engine.images.build(tarStream(context(base.reference)), { t: CI_IMAGE });
  return { reference: CI_IMAGE };
}

async function* context(base: string): AsyncGenerator<TarEntry> {
  yield { kind: "file", path: "Dockerfile", content: DOCKERFILE(base) };
  yield { kind: "file", path: "deno", mode: 0o755, content: { hostPath: Deno.execPath() } };
  yield* directory(`${await denoDirectory()}/npm`, "npm");
}

async function* directory(source: string, path: string): AsyncGenerator<TarEntry> {
  yield { kind: "directory", path };
  const names = [...Deno.readDirSync(source)].map(({ name }) => name).toSorted();
  for (const name of names) {
    const hostPath = `${source}/${name}`;
    const info = await Deno.lstat(hostPath);
    if (info.isDirectory) yield* directory(hostPath, `${path}/${name}`);
    else if (info.isFile) yield { kind: "file", path: `${path}/${name}`, content: { hostPath } };
  }
}

async function denoDirectory(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

if (import.meta.main) {
  await using engine = await connectEngine();
  const { reference, skip } = await ciImage(engine);
  if (reference === undefined) throw new Error(`Cannot make the image: ${skip}`);
  console.log(reference);
}
