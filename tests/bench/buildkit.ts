/**
 * Builds over the engine's API beside the docker command, interleaved in one run; each row is a
 * ratio to the docker command's classic build of the same thing (the only one it has without a
 * plugin).
 *
 * Run: deno run -A tests/bench/buildkit.ts [ROUNDS]
 */
import { buildFiles, buildImage, type BuildImageOptions } from "../../lib/engine/build/mod.ts";
import { connectEngine } from "../../lib/engine/mod.ts";
import { tarStream } from "../../lib/engine/tar/mod.ts";
import { median } from "./_median.ts";

const rounds = Number(Deno.args[0] ?? 11);
const id = crypto.randomUUID().slice(0, 8);
const base = `superorch/bench-build-${id}:base`;
const tag = `superorch/bench-build-${id}:out`;

await using engine = await connectEngine();
const directory = await Deno.makeTempDir();
await engine.images.import(
  base,
  tarStream([
    { kind: "file", path: "bin/busybox", content: { hostPath: "/bin/busybox" }, mode: 0o755 },
    ...["sh", "cp", "dd", "true"].map((name) => (
      { kind: "symlink", path: `bin/${name}`, target: "busybox" } as const
    )),
  ]),
  { changes: ["ENV PATH=/bin"] },
);
try {
  await makeTree();
  const dockerfile = `FROM ${base}\nCOPY . /ctx/\nRUN cp /ctx/d0/f0 /x\n`;
  await Deno.writeTextFile(`${directory}/Dockerfile`, dockerfile);
  const context = { directory };

  const cli = (...args: string[]) => docker("build", "-q", "-t", tag, ...args, directory);
  const ours = (options: Partial<BuildImageOptions>) => () =>
    buildImage(engine, { tag, context, ...options });
  const variants = (options: Partial<BuildImageOptions>) => ({
    "classic, ours": ours({ builder: "classic", ...options }),
    "BuildKit, tar": ours({ builder: "buildkit", transfer: "tar", ...options }),
    "BuildKit, sync": ours({ builder: "buildkit", transfer: "sync", ...options }),
  });
  await report("1000 files (4 MB), nothing changed", {
    "docker build": () => cli(),
    ...variants({}),
  });
  await report("1000 files, one changed", {
    "docker build": () => cli(),
    ...variants({}),
  }, () => Deno.writeTextFile(`${directory}/d0/f0`, crypto.randomUUID()));
  await report("1000 files, no cache", {
    "docker build": () => cli("--no-cache"),
    ...variants({ noCache: true }),
  });

  const small = { dockerfileText: `FROM ${base}\nCOPY a /\nRUN cp /a /b\n`, files: [file("a")] };
  const stage = `${small.dockerfileText}FROM scratch\nCOPY --from=0 /b /\n`;
  const files = (noCache: boolean, transfer: "tar" | "sync") => async () => {
    const definition = { dockerfileText: stage, files: small.files };
    await using build = await buildFiles(engine, { context: definition, noCache, transfer });
    await build.tar.pipeTo(new WritableStream());
    await build.finished;
  };
  await Deno.mkdir(`${directory}/small`);
  await Deno.writeTextFile(`${directory}/small/Dockerfile`, small.dockerfileText);
  await Deno.writeTextFile(`${directory}/small/a`, "a");
  const cliSmall = (...args: string[]) => docker("build", "-q", ...args, `${directory}/small`);
  await report("one small file, hit", {
    "docker build": () => cliSmall(),
    "files back, tar": files(false, "tar"),
    "files back, sync": files(false, "sync"),
  });
  await report("one small file, miss", {
    "docker build": () => cliSmall("--no-cache"),
    "files back, tar": files(true, "tar"),
    "files back, sync": files(true, "sync"),
  });

  const big = {
    dockerfileText: `FROM ${base} AS b\nRUN dd if=/dev/zero of=/f bs=1048576 count=100\n` +
      "FROM scratch\nCOPY --from=b /f /\n",
  };
  const times: number[] = [];
  for (let round = 0; round < Math.min(rounds, 5); round++) {
    const start = performance.now();
    await using build = await buildFiles(engine, { context: big });
    await build.tar.pipeTo(new WritableStream());
    await build.finished;
    if (round > 0) times.push(performance.now() - start);
  }
  console.log(`\n100 MB file back, hit: ${median(times).toFixed(0)} ms`);
} finally {
  await Deno.remove(directory, { recursive: true });
  for (const reference of [tag, base]) await engine.images.remove(reference, { force: true });
  await removeUnnamed();
}

function file(path: string) {
  return { path, content: "a" };
}

async function makeTree(): Promise<void> {
  for (let dir = 0; dir < 20; dir++) {
    await Deno.mkdir(`${directory}/d${dir}`);
    for (let name = 0; name < 50; name++) {
      await Deno.writeTextFile(`${directory}/d${dir}/f${name}`, `${dir} ${name} `.repeat(500));
    }
  }
}

async function docker(...args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command("docker", {
    args,
    env: { DOCKER_BUILDKIT: "0" },
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
}

async function report(
  title: string,
  works: Readonly<Record<string, () => Promise<unknown>>>,
  before: () => Promise<unknown> = async () => {},
): Promise<void> {
  const names = Object.keys(works);
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    // Each is first once in a while: the one after a change finds a warm page cache.
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + round) % names.length] ?? "";
      await before();
      const start = performance.now();
      await works[name]?.();
      if (round > 0) times.get(name)?.push(performance.now() - start);
    }
  }
  console.log(`\n${title}`);
  const floor = median(times.get("docker build") ?? []);
  for (const [name, list] of times) {
    const ms = median(list);
    console.log(
      `  ${(ms / floor).toFixed(2).padStart(5)}  ${ms.toFixed(0).padStart(5)} ms  ${name}`,
    );
  }
}

/** What `docker build` without a name, and the classic builder's steps, have left of this run. */
async function removeUnnamed(): Promise<void> {
  const images = await engine.json<{ Id: string; RepoTags: string[] | null; Created: number }[]>({
    method: "GET",
    path: "/images/json",
    query: { filters: JSON.stringify({ dangling: ["true"] }) },
  });
  for (const image of images) {
    const history = await engine.json<{ CreatedBy: string }[]>({
      method: "GET",
      path: `/images/${image.Id}/history`,
    }).catch(() => undefined); // removed with the one before it
    if (history?.some((layer) => /cp \/(ctx\/d0\/f0|a) \/[xb]/.test(layer.CreatedBy)) !== true) {
      continue;
    }
    await engine.images.remove(image.Id).catch(() => {}); // another run's, in use
  }
}
