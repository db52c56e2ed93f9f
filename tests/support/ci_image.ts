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
COPY authorities.crt /etc/ssl/certs/ca-certificates.crt
ENV DENO_NO_UPDATE_CHECK=1 LANG=C.UTF-8 NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
`;

/** Whom this machine trusts: it may reach registries through somebody who signs for them. */
const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

/**
 * Makes sure that an engine has the image.
 *
 * @param engine Where it is wanted.
 * @returns Its name, or a reason to skip.
 */
export async function ciImage(engine: EngineClient): Promise<DebianImage> {
  const base = await debianImage(engine, {
    name: "ci",
    packages: ["ca-certificates", "git", "perl", "procps", "util-linux", "xz-utils"],
    changes: ['CMD ["bash"]'],
  });
  if (base.reference === undefined) return base;
  await engine.images.build(tarStream(context(base.reference)), { t: CI_IMAGE });
  return { reference: CI_IMAGE };
}

async function* context(base: string): AsyncGenerator<TarEntry> {
  yield { kind: "file", path: "Dockerfile", content: DOCKERFILE(base) };
  yield { kind: "file", path: "deno", mode: 0o755, content: { hostPath: Deno.execPath() } };
  yield {
    kind: "file",
    path: "authorities.crt",
    content: { hostPath: Deno.env.get("SSL_CERT_FILE") || AUTHORITIES },
  };
  await loadPackages();
  yield* directory(`${await denoDirectory()}/npm`, "npm");
}

/** Packages that only a test imports are in the cache of this machine only once it has run. */
async function loadPackages(): Promise<void> {
  const root = new URL("../..", import.meta.url).pathname;
  const files = ["mod.ts", "cli/main.ts"];
  for (const folder of ["lib/deps", "tests"]) {
    for await (const path of typescriptIn(`${root}${folder}`)) {
      if (/from "npm:/.test(await Deno.readTextFile(path))) files.push(path);
    }
  }
  // A fixture may name a package that does not exist; the stages tell whatever is missing.
  await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", ...files],
    cwd: root,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
}

async function* typescriptIn(path: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) yield* typescriptIn(`${path}/${name}`);
    else if (name.endsWith(".ts")) yield `${path}/${name}`;
  }
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
