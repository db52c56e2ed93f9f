import assert from "node:assert/strict";
import { BuildContextError, prepareContext } from "../../../lib/engine/build/mod.ts";
import { inDirectory, makeTree, run } from "./_support.ts";

const SPECS = new URL("./specs/dockerignore/", import.meta.url);

interface Spec {
  readonly ignore: string;
  readonly tree: readonly string[];
  readonly sent: string;
}

function parseSpec(text: string): Spec {
  const match = /^=== ignore\n(.*?)=== tree\n(.*?)=== sent\n(.*)$/s.exec(text);
  assert.ok(match, "a spec has the sections ignore, tree and sent");
  const [, ignore = "", tree = "", sent = ""] = match;
  return { ignore, tree: tree.trimEnd().split("\n"), sent };
}

async function sentPaths(directory: string): Promise<string> {
  try {
    const paths: string[] = [];
    const context = await prepareContext({ directory });
    for await (const entry of context.entries()) {
      paths.push(entry.kind === "directory" ? `${entry.path}/` : entry.path);
    }
    return `${paths.join("\n")}\n`;
  } catch (error) {
    assert.ok(error instanceof BuildContextError, String(error));
    return `error: ${error.message}\n`;
  }
}

for (const { name } of [...Deno.readDirSync(SPECS)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  Deno.test(`.dockerignore: ${name}`, async () => {
    const url = new URL(name, SPECS);
    const text = await Deno.readTextFile(url);
    const spec = parseSpec(text);
    await inDirectory(async (directory) => {
      await makeTree(directory, spec.tree);
      await Deno.writeTextFile(`${directory}/.dockerignore`, spec.ignore);
      const actual = await sentPaths(directory);
      if (Deno.env.get("UPDATE") === "1") {
        await Deno.writeTextFile(url, text.slice(0, text.indexOf("=== sent\n") + 9) + actual);
      } else {
        assert.equal(actual, spec.sent);
      }
    });
  });
}

Deno.test(".dockerignore of the Dockerfile's own name is preferred, and its bad lines are named", async () => {
  await inDirectory(async (directory) => {
    await makeTree(directory, ["Dockerfile", "my.Dockerfile", "a", "b", "c"]);
    await Deno.writeTextFile(`${directory}/.dockerignore`, "a\n");
    await Deno.writeTextFile(`${directory}/my.Dockerfile.dockerignore`, "b\n*.Dockerfile\n");
    const own = await prepareContext({ directory, dockerfile: "./my.Dockerfile" });
    const paths = await Array.fromAsync(own.entries(), (entry) => entry.path);
    assert.deepEqual(paths, [
      ".dockerignore",
      "Dockerfile",
      "a",
      "c",
      "my.Dockerfile",
      "my.Dockerfile.dockerignore",
    ]);
    const listed = await prepareContext({ directory, ignore: ["*", "!c"] });
    assert.deepEqual(await Array.fromAsync(listed.entries(), (entry) => entry.path), [
      ".dockerignore",
      "Dockerfile",
      "c",
    ]);
    await Deno.writeTextFile(`${directory}/my.Dockerfile.dockerignore`, "b\n[\n");
    await assert.rejects(
      prepareContext({ directory, dockerfile: "my.Dockerfile" }),
      (error: unknown) =>
        error instanceof BuildContextError && error.path === "my.Dockerfile.dockerignore" &&
        error.message.includes('line 2: "["'),
    );
  });
});

const client = await dockerClient();
const sameName = ".dockerignore means the same as for the docker command";
const reason = client === undefined ? " (skipped: there is no docker command)" : "";
Deno.test({ name: `${sameName}${reason}`, ignore: client === undefined }, async (t) => {
  // The classic command skips an ignored directory unless a `!` pattern begins with its very name;
  // newer ones, and this module, look into it. Before 23.0 some characters of a pattern were
  // regular expressions by mistake, and a double star needed a slash.
  const differs = new Set(["negation_star_below.txt", "negation_double_star.txt"]);
  if (client! < 23) differs.add("regexp_characters.txt").add("double_star_short.txt");
  for (const { name } of Deno.readDirSync(SPECS)) {
    if (name.startsWith("bad_") || differs.has(name)) continue;
    await t.step(name, async () => {
      const spec = parseSpec(await Deno.readTextFile(new URL(name, SPECS)));
      await inDirectory(async (directory) => {
        await makeTree(directory, spec.tree);
        await Deno.writeTextFile(`${directory}/.dockerignore`, spec.ignore);
        await Deno.writeTextFile(`${directory}/Dockerfile`, "FROM scratch\nCOPY . /\n");
        const theirs = await contextOfDocker(directory);
        const ours = spec.sent.split("\n").filter((path) => path !== "" && !path.endsWith("/"));
        const files = theirs.filter((path) => !path.endsWith("/")).sort();
        assert.deepEqual(files, ours.toSorted());
      });
    });
  }
});

/** The major version of the docker command, if there is one. */
async function dockerClient(): Promise<number | undefined> {
  const asked = await run("docker", ["--version"]).catch(() => undefined);
  const version = /Docker version (\d+)\./.exec(asked?.stdout ?? "")?.[1];
  return version === undefined ? undefined : Number(version);
}

/** What the docker command sends, taken by an engine of our own that has one answer for all. */
async function contextOfDocker(directory: string): Promise<string[]> {
  const socket = `${directory}.sock`;
  let archive: Uint8Array<ArrayBuffer> | undefined;
  const server = Deno.serve({ path: socket, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/build")) archive = await request.bytes();
    else await request.body?.cancel();
    return new Response('{"stream":"Successfully built 000000000000\\n"}\n', {
      headers: { "api-version": "1.41", "content-type": "application/json" },
    });
  });
  try {
    const args = ["-H", `unix://${socket}`, "build", directory];
    const output = await run("docker", args, { DOCKER_BUILDKIT: "0" });
    assert.equal(output.code, 0, output.stderr);
    assert.ok(archive !== undefined);
    const listing = await run("tar", ["-tf", "-"], { LC_ALL: "C.UTF-8" }, archive);
    return listing.stdout.trimEnd().split("\n").filter((path) => path !== "");
  } finally {
    await server.shutdown();
    await Deno.remove(socket).catch(() => {}); // the server may have removed it
  }
}
