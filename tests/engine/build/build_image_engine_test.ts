import assert from "node:assert/strict";
import {
  BuildContextError,
  type BuildEvent,
  BuildFailedError,
  buildHash,
  buildImage,
  type BuildImageOptions,
  BuildSecretError,
  BuildUnsupportedError,
  SharedBuilds,
} from "../../../lib/engine/build/mod.ts";
import { EngineApiError, type EngineClient } from "../../../lib/engine/mod.ts";
import { type TarReadEntry, untar } from "../../../lib/engine/tar/mod.ts";
import { findCause } from "../../../lib/errors/mod.ts";
import { eventually, inDirectory, makeTree, run, withBase } from "./_support.ts";

const BUILDERS = ["classic", "buildkit"] as const;

type Found = TarReadEntry & { readonly text?: string };

/** What is in a directory of an image. */
async function filesOf(engine: EngineClient, image: string, path: string): Promise<Found[]> {
  const { Id } = await engine.containers.create(undefined, { Image: image, Cmd: ["true"] });
  try {
    const found: Found[] = [];
    for await (const entry of untar(await engine.containers.getArchive(Id, path))) {
      const text = entry.kind === "file" ? await new Response(entry.content).text() : undefined;
      found.push({ ...entry, ...(text === undefined ? {} : { text }) });
    }
    return found;
  } finally {
    await engine.status({ method: "DELETE", path: `/containers/${Id}` });
  }
}

/** Ids of all images and of all containers, intermediate ones too. */
async function inventory(engine: EngineClient, base: string): Promise<readonly string[]> {
  const { Id } = await engine.images.inspect(base);
  const images = await engine.json<{ Id: string; ParentId: string }[]>({
    method: "GET",
    path: "/images/json",
    query: { all: true },
  });
  const own = new Set([Id]);
  // Other tests use the engine as well: only what stands on our base is ours.
  for (let grown = true; grown;) {
    grown = false;
    for (const image of images) {
      if (!own.has(image.Id) && own.has(image.ParentId)) {
        own.add(image.Id);
        grown = true;
      }
    }
  }
  const containers = await engine.json<{ Id: string }[]>({
    method: "GET",
    path: "/containers/json",
    query: { all: true, filters: JSON.stringify({ ancestor: [Id] }) },
  });
  return [...own, ...containers.map((container) => container.Id)].sort();
}

/** Whether a program with this in its arguments runs on this machine, in a container or not. */
async function isRunning(words: string): Promise<boolean> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (line.replaceAll("\0", " ").includes(words)) return true;
  }
  return false;
}

for (const builder of BUILDERS) {
  Deno.test(`buildImage() with ${builder}: files of directory and memory arrive with modes, links and owner`, () =>
    withBase(({ engine, base, tag }) =>
      inDirectory(async (directory) => {
        await makeTree(directory, ["src/", "src/deep/", "src/a", "src/deep/b", "skip.log"]);
        await Deno.chmod(`${directory}/src/a`, 0o750);
        await Deno.symlink("deep/b", `${directory}/src/link`);
        await Deno.writeTextFile(`${directory}/.dockerignore`, "*.log\n");
        await using pipe = await makeFifo(`${directory}/src/pipe`);
        const before = [...Deno.readDirSync(directory)].map((item) => item.name).sort();
        const events: BuildEvent[] = [];
        const image = await buildImage(engine, {
          builder,
          tag: tag("files"),
          networkMode: "none",
          labels: { "superorch.test": "1", run: "x y" },
          context: {
            directory,
            dockerfileText: `FROM ${base}\nCOPY . /ctx/\n`,
            files: [
              { path: "src/run", content: "#!/bin/sh\necho ü\n", mode: 0o755 },
              { path: "src/a2", content: new Uint8Array([0, 255]) },
            ],
          },
          onEvent: (event) => events.push(event),
        });
        assert.match(image.imageId, /^sha256:[0-9a-f]{64}$/);
        assert.equal(image.builder, builder);
        assert.deepEqual([image.steps, image.cachedSteps], [1, 0]);
        const inspected = await engine.images.inspect(tag("files"));
        assert.equal(inspected.Id, image.imageId);
        assert.equal(inspected.Config?.Labels?.["run"], "x y");
        const found = await filesOf(engine, image.imageId, "/ctx");
        const shown = found.filter((entry) => entry.kind !== "directory").map((entry) => [
          entry.path,
          entry.kind === "symlink" ? entry.target : `${entry.text?.length}`,
          (entry.mode ?? 0).toString(8),
          entry.uid,
        ]);
        assert.deepEqual(shown.sort((a, b) => String(a[0]) < String(b[0]) ? -1 : 1), [
          // An inline Dockerfile makes the classic builder forget this file: see prepareContext().
          ...(builder === "classic" ? [] : [["ctx/.dockerignore", "6", "644", 0]]),
          ["ctx/src/a", "5", "750", 0],
          ["ctx/src/a2", "2", "644", 0],
          ["ctx/src/deep/b", "10", "644", 0],
          ["ctx/src/link", "deep/b", "777", 0],
          ["ctx/src/run", "17", "755", 0],
        ]);
        assert.deepEqual([...Deno.readDirSync(directory)].map((item) => item.name).sort(), before);
        const notes = events.filter((event) => event.kind === "note").map((event) => event.text);
        assert.deepEqual(notes, ['"src/pipe" of the build context is not sent: it is no file']);
        void pipe;
      })
    ));

  Deno.test(`buildImage() with ${builder}: arguments, target, cache, no cache, and events in order`, () =>
    withBase(async ({ engine, base, tag }) => {
      const events: BuildEvent[] = [];
      const options: BuildImageOptions = {
        builder,
        tag: tag("args"),
        networkMode: "none",
        args: { WORD: "größer" },
        target: "first",
        context: {
          dockerfileText: `FROM ${base} AS first\nARG WORD\nRUN echo "$WORD" && echo bad >&2\n` +
            `FROM ${base}\nRUN false\n`,
        },
        onEvent: (event) => events.push(event),
      };
      const first = await buildImage(engine, options);
      assert.deepEqual([first.steps, first.cachedSteps], [1, 0]);
      const steps = events.filter((event) => event.kind === "step").filter((event) =>
        /RUN echo/.test(event.text)
      );
      assert.deepEqual(
        steps.map((event) => [event.state, event.cached]),
        [["started", false], ["done", false]],
      );
      const logs = events.filter((event) => event.kind === "log");
      const text = (stream: string) =>
        logs.filter((event) => event.stream === stream).map((event) => event.text).join("");
      assert.equal(text("stdout"), "größer\n");
      assert.equal(text("stderr"), "bad\n");
      assert.ok(logs.every((event) => event.vertex === steps[0]?.vertex));
      const second = await buildImage(engine, options);
      assert.equal(second.imageId, first.imageId);
      assert.deepEqual([second.steps, second.cachedSteps], [1, 1]);
      const third = await buildImage(engine, { ...options, noCache: true });
      assert.deepEqual([third.steps, third.cachedSteps], [1, 0]);
      // The second and the first have lost their name to the third.
      await engine.images.remove(first.imageId).catch(() => {}); // BuildKit may give the same id
    }));

  Deno.test(`buildImage() with ${builder}: a failing RUN gives step, code and output, and leaves nothing`, () =>
    withBase(async ({ engine, base, tag }) => {
      const before = await inventory(engine, base);
      const building = buildImage(engine, {
        builder,
        tag: tag("fails"),
        networkMode: "none",
        context: {
          dockerfileText:
            `FROM ${base}\nRUN echo first\nRUN echo hi && printf '\\033[2J' && false\n`,
        },
      });
      const error = await building.then(() => undefined, (error) => error);
      assert.ok(error instanceof BuildFailedError, String(error));
      assert.equal(error.exitCode, 1);
      assert.match(error.step ?? "", /RUN echo hi/);
      assert.equal(error.builder, builder);
      assert.ok(error.logTail.includes("hi\n"));
      assert.ok(!error.logTail.includes("first"));
      assert.match(error.message, /returned a non-zero code: 1\nhi/);
      assert.ok(error.message.includes(tag("fails")));
      assert.ok(!error.message.includes("\x1b"));
      await eventually(async () => assert.deepEqual(await inventory(engine, base), before));
    }));

  Deno.test(`buildImage() with ${builder}: a wrong Dockerfile, a missing file, a missing base are told apart`, () =>
    withBase(async ({ engine, base }) => {
      const failing = async (dockerfileText: string) => {
        const building = buildImage(engine, { builder, context: { dockerfileText } });
        const error = await building.then(() => undefined, (error) => error);
        assert.ok(error instanceof BuildFailedError, String(error));
        assert.equal(error.exitCode, undefined);
        return error;
      };
      assert.match((await failing(`FROM ${base}\nRUNN x\n`)).message, /unknown instruction: RUNN/i);
      assert.match((await failing(`FROM ${base}\nCOPY nothing /\n`)).message, /nothing/);
      const missing = await failing("FROM superorch/not-there:1\n");
      assert.ok(missing.message.includes("superorch/not-there"));
      assert.ok(findCause(missing, EngineApiError) !== undefined);
    }));

  Deno.test(`buildImage() with ${builder}: an abort stops the program of the step and leaves nothing`, () =>
    withBase(async ({ engine, base, tag }) => {
      const before = await inventory(engine, base);
      const controller = new AbortController();
      const mark = `3${Math.floor(Math.random() * 1e6)}`;
      const building = buildImage(engine, {
        builder,
        tag: tag("abort"),
        networkMode: "none",
        context: { dockerfileText: `FROM ${base}\nRUN echo first\nRUN sleep ${mark}\n` },
        signal: controller.signal,
      });
      building.catch(() => {}); // awaited below
      await eventually(async () => assert.ok(await isRunning(`sleep ${mark}`)), 30_000);
      const reason = new Error("enough");
      controller.abort(reason);
      await assert.rejects(building, reason);
      await eventually(async () => assert.ok(!await isRunning(`sleep ${mark}`)));
      await eventually(async () => assert.deepEqual(await inventory(engine, base), before));
    }));

  Deno.test(`buildImage() with ${builder}: an error of the event sink ends the build and is thrown`, () =>
    withBase(async ({ engine, base }) => {
      const reason = new TypeError("sink");
      const building = buildImage(engine, {
        builder,
        context: { dockerfileText: `FROM ${base}\nRUN echo x; sleep 31536\n` },
        onEvent: (event) => {
          if (event.kind === "log") throw reason;
        },
      });
      await assert.rejects(building, reason);
      await eventually(async () => assert.ok(!await isRunning("sleep 31536")));
    }));

  Deno.test(`buildImage() with ${builder}: a file that cannot be read ends the build with its name`, () =>
    withBase(({ engine, base, tag }) =>
      inDirectory(async (directory) => {
        await makeTree(directory, ["a", "locked"]);
        await Deno.writeTextFile(`${directory}/Dockerfile`, `FROM ${base}\nCOPY . /ctx/\n`);
        const before = await inventory(engine, base);
        const script = new URL("./_build_denied.ts", import.meta.url).pathname;
        const output = await run(Deno.execPath(), [
          "run",
          "-A",
          `--deny-read=${directory}/locked`,
          script,
          directory,
          builder,
          tag("locked"),
        ]);
        assert.equal(output.stdout, "BuildContextError locked\n", output.stderr);
        assert.deepEqual(await inventory(engine, base), before);
      })
    ));
}

async function makeFifo(path: string): Promise<AsyncDisposable> {
  const { code } = await new Deno.Command("mkfifo", { args: [path] }).output();
  assert.equal(code, 0);
  return { [Symbol.asyncDispose]: () => Deno.remove(path) };
}

for (const how of ["classic", "tar", "sync"] as const) {
  Deno.test(`buildImage() stops sending a large context when it is aborted (${how})`, () =>
    withBase(({ engine, base }) =>
      inDirectory(async (directory) => {
        using file = await Deno.open(`${directory}/big`, { write: true, create: true });
        await file.truncate(4 * 2 ** 30);
        const controller = new AbortController();
        const reason = new Error("enough");
        const before = await bytesRead();
        const building = buildImage(engine, {
          ...(how === "classic" ? { builder: how } : { builder: "buildkit", transfer: how }),
          context: { directory, dockerfileText: `FROM ${base}\nCOPY . /\n` },
          signal: controller.signal,
        });
        building.catch(() => {}); // awaited below
        await eventually(async () => assert.ok(await bytesRead() - before > 50_000_000), 30_000);
        controller.abort(reason);
        await assert.rejects(building, reason);
      })
    ));
}

for (const builder of BUILDERS) {
  Deno.test(`buildImage() with ${builder} that is aborted has stopped reading when it says so`, () =>
    withBase(async ({ engine, base }) => {
      const controller = new AbortController();
      let read = 0;
      let isEnded = false;
      const entries = async function* () {
        try {
          while (true) {
            yield { kind: "file", path: `${read++}`, content: new Uint8Array(100_000) } as const;
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        } finally {
          isEnded = true;
        }
      };
      const building = buildImage(engine, {
        builder,
        context: { dockerfileText: `FROM ${base}\nCOPY . /\n`, entries },
        signal: controller.signal,
      });
      building.catch(() => {}); // awaited below
      await eventually(() => assert.ok(read > 5), 30_000);
      const reason = new Error("enough");
      controller.abort(reason);
      await assert.rejects(building, reason);
      assert.ok(isEnded);
    }));
}

/** How many bytes this process has read from files and sockets. */
async function bytesRead(): Promise<number> {
  return Number(/rchar: (\d+)/.exec(await Deno.readTextFile("/proc/self/io"))?.[1]);
}

Deno.test("buildImage() with buildkit copies '.' without the inline Dockerfile, and only when it is synced", () =>
  withBase(({ engine, base, tag }) =>
    inDirectory(async (directory) => {
      await makeTree(directory, ["a"]);
      const names = async (transfer: "sync" | "tar") => {
        await buildImage(engine, {
          builder: "buildkit",
          transfer,
          tag: tag(transfer),
          context: { directory, dockerfileText: `FROM ${base}\nCOPY . /ctx/\n` },
        });
        const found = await filesOf(engine, tag(transfer), "/ctx");
        return found.map((entry) => entry.path.replace(/-[0-9a-f]{16}$/, "-HASH")).sort();
      };
      assert.deepEqual(await names("sync"), ["ctx", "ctx/a"]);
      assert.deepEqual(await names("tar"), [
        "ctx",
        "ctx/.dockerignore",
        "ctx/.superorch-dockerfile-HASH",
        "ctx/a",
      ]);
    })
  ));

Deno.test("buildImage() with buildkit finds what is copied by wildcard, through links, from a subdirectory", () =>
  withBase(({ engine, base, tag }) =>
    inDirectory(async (directory) => {
      await makeTree(directory, [
        "x/",
        "x/y/",
        "docker/",
        "x/a.c",
        "x/b.h",
        "x/y/c.c",
        "top.txt",
        "ä b",
      ]);
      await Deno.writeTextFile(
        `${directory}/docker/My.Dockerfile`,
        `FROM ${base}\nCOPY x/*.c /c/\n` +
          'COPY ["ä b", "/c/"]\nCOPY ./x/../x/y /c/y/\nCOPY *.txt /c/\n',
      );
      const names = async (name: string) => {
        await buildImage(engine, {
          builder: "buildkit",
          tag: tag(name),
          context: { directory, dockerfile: "docker/My.Dockerfile" },
        });
        return (await filesOf(engine, tag(name), "/c")).map((entry) => entry.path).sort();
      };
      const expected = ["c", "c/a.c", "c/top.txt", "c/y", "c/y/c.c", "c/ä b"];
      assert.deepEqual(await names("plain"), expected);
      await Deno.rename(`${directory}/x`, `${directory}/real`);
      await Deno.symlink("real", `${directory}/x`);
      assert.deepEqual(await names("linked"), expected);
    })
  ));

Deno.test("buildImage() with buildkit sends a changed file again, be it as long as before", () =>
  withBase(({ engine, base, tag }) =>
    inDirectory(async (directory) => {
      await makeTree(directory, ["d/", "d/same"]);
      await Deno.writeFile(`${directory}/big`, new Uint8Array(4_000_000));
      let previous: string | undefined;
      const build = async (word: string, made: string) => {
        await Deno.writeTextFile(`${directory}/d/same`, word);
        let sent = 0;
        const { imageId } = await buildImage(engine, {
          builder: "buildkit",
          tag: tag("again"),
          context: {
            directory,
            dockerfileText: `FROM ${base}\nCOPY . /ctx/\n`,
            files: [{ path: "made", content: made }],
          },
          onEvent: (event) => {
            if (event.kind === "status" && event.text === "transferring") {
              sent = Math.max(sent, event.current);
            }
          },
        });
        // A tag that moves on leaves the image before without a name.
        if (previous !== undefined) await engine.images.remove(previous);
        previous = imageId;
        const found = await filesOf(engine, tag("again"), "/ctx");
        const text = (path: string) => found.find((entry) => entry.path === path)?.text;
        assert.equal(text("ctx/d/same"), word);
        assert.equal(text("ctx/made"), made);
        return sent;
      };
      assert.ok(await build("aaaa", "1111") >= 4_000_000);
      // BuildKit lets go of the files of before when the build has ended already, and would take all
      // anew for a build that comes first.
      await eventually(async () => assert.deepEqual(await sourcesInUse(engine, 4_000_000), []));
      // Another text of the same length: the time tells them apart, and only this file goes over.
      assert.ok(await build("bbbb", "1111") < 100_000);
      // A made file has no time, so another one means another key: all is sent.
      await build("bbbb", "2222");
      await build("bbbb", "3333");
    })
  ));

/** What BuildKit still uses of the directories that it keeps, of about a size in bytes. */
async function sourcesInUse(engine: EngineClient, sizeBytes: number): Promise<string[]> {
  const { BuildCache } = await engine.json<{
    BuildCache: { ID: string; Type: string; InUse: boolean; Size: number }[];
  }>({ method: "GET", path: "/system/df" });
  const sources = BuildCache.filter(({ Type, Size }) =>
    Type === "source.local" && Size >= sizeBytes && Size < 1.1 * sizeBytes
  );
  assert.ok(sources.length > 0);
  return sources.filter(({ InUse }) => InUse).map(({ ID }) => ID);
}

Deno.test("buildImage() gives secrets to RUN, and to nobody else", () =>
  withBase(({ engine, base, tag }) =>
    inDirectory(async (directory) => {
      await Deno.writeTextFile(`${directory}/token`, "from-file");
      const options: BuildImageOptions = {
        tag: tag("secret"),
        networkMode: "none",
        secrets: { text: "from-text", env: { env: "TOKEN" }, file: { file: `${directory}/token` } },
        readEnv: (name) => name === "TOKEN" ? "from-env" : undefined,
        context: {
          dockerfileText: `FROM ${base}\n` +
            "RUN --mount=type=secret,id=text --mount=type=secret,id=env --mount=type=secret,id=file " +
            "--mount=type=secret,id=none " +
            "cat /run/secrets/text /run/secrets/env /run/secrets/file > /out; ls /run/secrets >> /out",
        },
      };
      await buildImage(engine, options);
      const [out] = await filesOf(engine, tag("secret"), "/out");
      assert.equal(out?.text, "from-textfrom-envfrom-fileenv\nfile\ntext\n");
      const required = {
        ...options,
        context: {
          dockerfileText:
            `FROM ${base}\nRUN --mount=type=secret,id=none,required cat /run/secrets/none`,
        },
      };
      await assert.rejects(buildImage(engine, required), BuildFailedError);
      await assert.rejects(
        buildImage(engine, { ...options, builder: "classic" }),
        (error: unknown) => error instanceof BuildUnsupportedError && error.feature === "secrets",
      );
      for (const secret of [{ env: "UNSET" }, { file: "/not/there" }, new Uint8Array(600_000)]) {
        await assert.rejects(
          buildImage(engine, { ...options, secrets: { s: secret } }),
          (error: unknown) => error instanceof BuildSecretError && error.id === "s",
        );
      }
    })
  ));

Deno.test("buildImage() refuses contexts that cannot be meant", () =>
  withBase(async ({ engine }) => {
    const bad: readonly BuildImageOptions["context"][] = [
      {},
      { directory: "/not/there" },
      { directory: "/proc/self/environ", dockerfileText: "FROM scratch" },
      { dockerfile: "../Dockerfile", directory: "/" },
      { dockerfile: "x", dockerfileText: "FROM scratch" },
      { dockerfileText: "FROM scratch", files: [{ path: "../x", content: "" }] },
      { dockerfileText: "FROM scratch", files: [{ path: "", content: "" }] },
      {
        dockerfileText: "FROM scratch",
        files: [{ path: "a", content: "" }, { path: "a/b", content: "" }],
      },
    ];
    for (const context of bad) {
      for (const builder of BUILDERS) {
        await assert.rejects(
          buildImage(engine, { context, builder }),
          BuildContextError,
          JSON.stringify(context),
        );
      }
    }
  }));

Deno.test("SharedBuilds builds equal definitions once, gives every tag, and forgets failures", () =>
  withBase(async ({ engine, base, tag }) => {
    const builds = new SharedBuilds(engine);
    let starts = 0;
    const options = (name: string): BuildImageOptions => ({
      tag: tag(name),
      networkMode: "none",
      context: { dockerfileText: `FROM ${base}\nRUN echo hi > /x\n` },
      onEvent: (event) => {
        if (event.kind === "step" && event.state === "started" && /RUN/.test(event.text)) starts++;
      },
    });
    const names = Array.from({ length: 10 }, (_, index) => `c${index}`);
    const images = await Promise.all(names.map((name) => builds.build(options(name))));
    assert.equal(new Set(images.map((image) => image.imageId)).size, 1);
    assert.equal(starts, 1);
    for (const name of names) {
      assert.equal((await engine.images.inspect(tag(name))).Id, images[0]?.imageId);
      assert.equal((await filesOf(engine, tag(name), "/x"))[0]?.text, "hi\n");
    }
    await builds.build(options("c0"));
    assert.equal(starts, 1);
    for (const name of names) await engine.images.remove(tag(name));
    assert.equal((await builds.build(options("c0"))).builder, "buildkit");
    assert.equal((await engine.images.inspect(tag("c0"))).Id, images[0]?.imageId);
    const failing = { context: { dockerfileText: `FROM ${base}\nRUN exit 7\n` } };
    for (let round = 0; round < 2; round++) {
      await assert.rejects(
        builds.build(failing),
        (error: unknown) => error instanceof BuildFailedError && error.exitCode === 7,
      );
    }
  }));

Deno.test("SharedBuilds ends a build when nobody waits for it any more, not before", () =>
  withBase(async ({ engine, base }) => {
    const builds = new SharedBuilds(engine);
    const mark = `4${Math.floor(Math.random() * 1e6)}`;
    const one = new AbortController();
    const two = new AbortController();
    const context = { dockerfileText: `FROM ${base}\nRUN sleep ${mark}\n` };
    const first = builds.build({ context, signal: one.signal }).catch((error) => error);
    const second = builds.build({ context, signal: two.signal }).catch((error) => error);
    await eventually(async () => assert.ok(await isRunning(`sleep ${mark}`)), 30_000);
    one.abort(new Error("one"));
    assert.equal((await first).message, "one");
    assert.ok(await isRunning(`sleep ${mark}`));
    two.abort(new Error("two"));
    assert.equal((await second).message, "two");
    await eventually(async () => assert.ok(!await isRunning(`sleep ${mark}`)));
  }));

Deno.test("buildHash() changes with all that counts and with nothing else", () =>
  inDirectory(async (directory) => {
    await makeTree(directory, ["Dockerfile", "a", "x.log"]);
    await Deno.writeTextFile(`${directory}/.dockerignore`, "*.log\n");
    const context = { directory };
    const hash = await buildHash({ context, args: { A: "1", B: "2" } });
    assert.match(hash, /^[0-9a-f]{64}$/);
    await Deno.utime(`${directory}/a`, 1, 1);
    await Deno.writeTextFile(`${directory}/x.log`, "other");
    assert.equal(await buildHash({ context, args: { B: "2", A: "1" } }), hash);
    const others = [
      await buildHash({ context }),
      await buildHash({ context, args: { A: "1", B: "3" } }),
      await buildHash({ context, args: { A: "1", B: "2" }, target: "t" }),
      await buildHash({ context, args: { A: "1", B: "2" }, platform: "linux/arm64" }),
      await buildHash({ context: { ...context, files: [{ path: "n", content: "" }] } }),
      await buildHash({
        context: { ...context, files: [{ path: "n", content: "", mode: 0o755 }] },
      }),
    ];
    await Deno.writeTextFile(`${directory}/a`, "b");
    others.push(await buildHash({ context, args: { A: "1", B: "2" } }));
    assert.equal(new Set([hash, ...others]).size, others.length + 1);
  }));
