// gate-timeout: 300 s
import assert from "node:assert/strict";
import { createArchive } from "../../lib/orchestra/archives/create_archive.ts";
import { HttpTransfer } from "../../lib/orchestra/archives/http_transfer.ts";
import { extractArchive } from "../../lib/orchestra/archives/extract_archive.ts";
import { sha256OfFile } from "../../lib/orchestra/archives/checksum.ts";
import { isProgram } from "../support/debian_packages.ts";
import { runProgram } from "../support/cli.ts";
import { exists, Project, SMALL, SMALL_HASH } from "./_support.ts";

const ARCHIVE = `linux-x86-64/a/b/none_${SMALL_HASH}.tar.xz`;
const hasPython = await isProgram("python3");

async function withRemote(url: string): Promise<Project> {
  return await Project.create(`${SMALL}binary_archives:\n  - one: ${url}\n`);
}

/** Builds an archive, and forgets everything but what is in its remote. */
async function buildAndPush(project: Project): Promise<void> {
  const built = await project.orc(["install", "-b", "--create-binary-archives", "a"]);
  assert.equal(built.code, 0, built.stderr);
  const pushed = await project.orc(["binary-archives", "push", "--json"]);
  assert.equal(pushed.code, 0, pushed.stderr);
  assert.deepEqual(JSON.parse(pushed.stdout), [{ remote: "one", path: ARCHIVE }]);
  assert.equal((await project.orc(["binary-archives", "push", "--json"])).stdout, "[]\n");
  for (const path of ["root", "build", ".orchestra/binary_archives"]) {
    await Deno.remove(project.path(path), { recursive: true });
  }
}

async function installsFromArchive(project: Project): Promise<void> {
  const { code, stderr } = await project.orc(["install", "a"]);
  assert.equal(code, 0, stderr);
  assert.ok(await exists(project.path("root/a_file")));
  assert.equal(await exists(project.path("build")), false);
  const metadata = await Deno.readTextFile(project.path("root/share/orchestra/a.json"));
  assert.equal(JSON.parse(metadata).source, "binary archives");
}

Deno.test("archives of a remote that is a directory are pushed, found and installed", async () => {
  await using project = await withRemote("dir:../shared/");
  await buildAndPush(project);
  assert.ok(await exists(project.path(`shared/${ARCHIVE}`)));
  await installsFromArchive(project);
});

Deno.test("archives of a web server are pushed, found and installed", async () => {
  const files = new Map<string, Uint8Array>();
  const asked: string[] = [];
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (one) => {
      const path = new URL(one.url).pathname;
      asked.push(`${one.method} ${path}`);
      if (one.method === "PUT") {
        files.set(path, new Uint8Array(await one.arrayBuffer()));
        return new Response(null, { status: 201 });
      }
      const body = files.get(path);
      if (body === undefined) return new Response("no such file", { status: 404 });
      return new Response(one.method === "HEAD" ? null : body as Uint8Array<ArrayBuffer>);
    },
  );
  await using project = await withRemote(
    `files+http://127.0.0.1:${(server.addr as Deno.NetAddr).port}/some/where/`,
  );
  await buildAndPush(project);
  assert.ok(files.has(`/some/where/${ARCHIVE}`), asked.join("\n"));
  assert.deepEqual(files.size, 3);
  await installsFromArchive(project);

  // A proxy that gives something else is found out, and the root stays as it is.
  await Deno.remove(project.path(".orchestra/binary_archives"), { recursive: true });
  files.set(`/some/where/${ARCHIVE}`, new TextEncoder().encode("something else"));
  const lied = await project.orc(["install", "a"]);
  assert.equal(lied.code, 1);
  assert.match(
    lied.stderr,
    /Cannot use the archive "http:\/\/127\.0\.0\.1:\d+\/some\/where\/linux-x86-64\/a\/b\/none_[^"]*": its SHA-256 must be [0-9a-f]{64}, and is [0-9a-f]{64}/,
  );
  assert.ok(await exists(project.path("root/a_file")));
  assert.deepEqual(
    [...Deno.readDirSync(project.path(".orchestra/binary_archives/one/linux-x86-64/a/b"))],
    [],
  );
});

Deno.test("a web server that is not there is named, and nothing is done", async () => {
  await using project = await withRemote("files+http://127.0.0.1:9/archives");
  const { code, stderr } = await project.orc(["install", "a"]);
  assert.equal(code, 100);
  assert.match(stderr, /Cannot reach the archive remote: HEAD http:\/\/127\.0\.0\.1:9\/archives/);
  assert.equal(await exists(project.path("root")), false);
  assert.equal((await project.orc(["install", "-B", "a"])).code, 0);
});

Deno.test("a corrupt archive and a lying checksum are named, and the root stays", async () => {
  await using project = await withRemote("dir:../shared");
  await buildAndPush(project);
  await installsFromArchive(project);
  const archive = project.path(`.orchestra/binary_archives/one/${ARCHIVE}`);
  const good = await Deno.readFile(archive);
  await Deno.writeFile(archive, good.slice(0, -20));
  const cut = await project.orc(["install", "a"]);
  assert.equal(cut.code, 1);
  assert.match(cut.stderr, /its SHA-256 must be/);
  await Deno.remove(archive.replace(".tar.xz", ".sha256"));
  const unpacked = await project.orc(["install", "a"]);
  assert.equal(unpacked.code, 1);
  assert.match(unpacked.stderr, /Cannot use the archive ".*": tar cannot unpack it:/);
  assert.doesNotMatch(unpacked.stderr, /\bat .*\.ts/);
  await Deno.writeFile(archive, good);
  await Deno.writeTextFile(archive.replace(".tar.xz", ".sha256"), `${"0".repeat(64)}  x\n`);
  assert.match((await project.orc(["install", "a"])).stderr, /its SHA-256 must be 0{64}/);
  await Deno.writeTextFile(archive.replace(".tar.xz", ".sha256"), "nonsense\n");
  assert.match((await project.orc(["install", "a"])).stderr, /there is no SHA-256 in/);
  assert.ok(await exists(project.path("root/a_file")));
  assert.equal((await project.orc(["verify"])).code, 0);
});

Deno.test("a missing archive is told with what is different from the nearest one", async () => {
  await using project = await withRemote("dir:../shared");
  await project.orc(["install", "-b", "--create-binary-archives", "a"]);
  await project.configure({
    "components.yml": SMALL.replace("a_file", "other_file") +
      "binary_archives:\n  - one: dir:../shared\n",
  });
  const { code, stderr } = await project.orc(["install", "a"]);
  assert.equal(code, 100);
  assert.match(stderr, /^-.*a_file"/m);
  assert.match(stderr, /^\+.*other_file"/m);
});

Deno.test("archives need a remote that is configured", async () => {
  await using project = await Project.create(SMALL);
  const none = await project.orc(["install", "-b", "--create-binary-archives", "a"]);
  assert.equal(none.code, 100);
  assert.match(none.stderr, /no binary archive remote is configured/);
  assert.equal(await exists(project.path("root")), false);
  for (const url of ["oci:broken", "dir:", "oci://only-a-host"]) {
    await project.configure({
      "components.yml": `${SMALL}binary_archives:\n  - one: "${url}"\n`,
    });
    const { code, stderr } = await project.orc(["install", "-b", "a"]);
    assert.equal(code, 100, url);
    assert.match(stderr, /Cannot use the archive remote "one"/);
  }
});

Deno.test("the same files give the same archive, and nothing else is left beside it", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const sums: string[] = [];
    for (const name of ["x", "y"]) {
      const tree = `${directory}/${name}`;
      const order = name === "x" ? ["b", "a", "d/c"] : ["d/c", "a", "b"];
      for (const path of order) {
        await Deno.mkdir(`${tree}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
        await Deno.writeTextFile(`${tree}/${path}`, path.repeat(50_000));
        await Deno.utime(`${tree}/${path}`, sums.length * 1000, sums.length * 1000);
      }
      await Deno.link(`${tree}/a`, `${tree}/linked`);
      await Deno.symlink("a", `${tree}/soft`);
      await Deno.writeTextFile(`${tree}/.hidden`, "");
      const archive = `${directory}/${name}.tar.xz`;
      await createArchive({ directory: tree, archive, hashMaterial: "material" });
      sums.push(await sha256OfFile(archive));
      const { stdout } = await runProgram("tar", ["--numeric-owner", "-tvf", archive]);
      assert.match(stdout, /^-rw-r--r-- 0\/0 .* 1980-01-01 .* \.hidden$/m);
      assert.match(stdout, /linked link to a$/m);
    }
    assert.equal(sums[0], sums[1]);
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    assert.deepEqual(names, [
      ...["x", "x.hash-material.yml", "x.sha256", "x.tar.xz"],
      ...["y", "y.hash-material.yml", "y.sha256", "y.tar.xz"],
    ]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test({
  name: "compiled Python in an archive stays valid",
  ignore: !hasPython,
  fn: async () => {
    const directory = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${directory}/tree`);
      const module = "tree/module.py";
      await Deno.writeTextFile(`${directory}/${module}`, "answer = 42\n");
      const compile = await runProgram("python3", ["-m", "compileall", "-q", "tree"], {
        cwd: directory,
      });
      assert.equal(compile.code, 0, compile.stderr);
      const archive = `${directory}/a.tar.xz`;
      await createArchive({ directory: `${directory}/tree`, archive, hashMaterial: "" });
      await Deno.mkdir(`${directory}/out`);
      await extractArchive(archive, `${directory}/out`);
      const { stdout, stderr } = await runProgram("python3", ["-v", "-B", "-c", "import module"], {
        cwd: `${directory}/out`,
      });
      assert.match(stdout + stderr, /module\.cpython-\d+\.pyc matches .*module\.py/);
      const { mtime } = await Deno.stat(`${directory}/out/module.py`);
      assert.ok((mtime?.getTime() ?? 0) > Date.now() - 600_000, "make sees that it is new");
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test("archives of the original without a checksum, .tar.gz and .tar too, are installed", async () => {
  await using project = await withRemote("dir:../shared");
  await project.write("tree/bin/hello", "hello");
  const base = `shared/linux-x86-64/a/b/none_${SMALL_HASH}`;
  await Deno.mkdir(project.path("shared/linux-x86-64/a/b"), { recursive: true });
  for (
    const [flag, extension] of [["-c", ".tar"], ["-cz", ".tar.gz"], ["-cJ", ".tar.xz"]] as const
  ) {
    const archive = project.path(`${base}${extension}`);
    await Deno.writeTextFile(project.path("tree/bin/hello"), extension);
    await runProgram("tar", [`${flag}f`, archive, "-C", project.path("tree"), "bin"]);
    const { code, stderr } = await project.orc(["install", "a"]);
    assert.equal(code, 0, stderr);
    // In this order each one is preferred to those before it.
    assert.equal(await Deno.readTextFile(project.path("root/bin/hello")), extension);
  }
});

Deno.test("a transfer in which nothing moves any more is given up, and named", async () => {
  const never = Promise.withResolvers<void>();
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async ({ method }) => {
      if (method === "PUT") {
        await never.promise;
        return new Response(null);
      }
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(10)),
      });
      return new Response(body);
    },
  );
  const directory = await Deno.makeTempDir();
  try {
    const url = `http://127.0.0.1:${(server.addr as Deno.NetAddr).port}/x`;
    await Deno.writeTextFile(`${directory}/up.tar.xz`, "content");
    const remote = { kind: "http", name: "one", url, directory } as const;
    await using transfer = new HttpTransfer(remote, { stallMs: 200 });
    await assert.rejects(
      transfer.download("down.tar.xz"),
      /The archive remote stalls: GET .*down.tar.xz has transferred nothing for 0.2 s/,
    );
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["up.tar.xz"]);
    await assert.rejects(
      transfer.upload("up.tar.xz"),
      /The archive remote stalls: PUT .*up.tar.xz/,
    );
  } finally {
    never.resolve();
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("an answer that breaks off is named, and nothing is left of it", async () => {
  await using server = rawServer(
    "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nthe beginning",
  );
  await using project = await withRemote(`files+http://127.0.0.1:${server.port}/x`);
  const { code, stderr } = await project.orc(["install", "a"]);
  assert.equal(code, 1);
  assert.ok(
    stderr.includes(`Cannot save the answer to GET http://127.0.0.1:${server.port}/x/${ARCHIVE}\n`),
    stderr,
  );
  const kept = project.path(`.orchestra/binary_archives/one/${ARCHIVE}`).replace(/\/[^/]*$/, "");
  assert.deepEqual([...Deno.readDirSync(kept)], []);
});

Deno.test("a password in the URL of a web server is used, and never printed", async () => {
  const seen: (string | null)[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, ({ headers }) => {
    seen.push(headers.get("authorization"));
    return new Response(null, { status: 401 });
  });
  const address = `127.0.0.1:${(server.addr as Deno.NetAddr).port}`;
  await using project = await withRemote(`files+http://me:hidden@${address}/x`);
  const refused = await project.orc(["-v", "DEBUG", "install", "a"]);
  assert.equal(seen[0], `Basic ${btoa("me:hidden")}`);
  await server.shutdown();
  const unreachable = await project.orc(["-v", "DEBUG", "install", "a"]);
  for (const { code, stderr } of [refused, unreachable]) {
    assert.equal(code, 100);
    assert.ok(stderr.includes(`HEAD http://${address}/x/${ARCHIVE}`), stderr);
    assert.doesNotMatch(stderr, /hidden/);
  }
});

/** A server that gives each connection the same bytes, and closes it. */
function rawServer(answer: string): AsyncDisposable & { readonly port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      const request = new Uint8Array(4096);
      await connection.read(request);
      await connection.write(new TextEncoder().encode(answer));
      connection.close();
    }
  })();
  return {
    port: listener.addr.port,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await serving;
    },
  };
}
