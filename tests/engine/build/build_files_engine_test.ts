import assert from "node:assert/strict";
import {
  BuildContextError,
  BuildFailedError,
  buildFiles,
  type BuildFilesOptions,
  buildImage,
  BuildSession,
  healthService,
} from "../../../lib/engine/build/mod.ts";
import { connectEngine, type EngineClient } from "../../../lib/engine/mod.ts";
import { eventually, withBase } from "./_support.ts";

/** All files of a build as text by path. */
async function collect(
  engine: EngineClient,
  options: BuildFilesOptions,
): Promise<Record<string, string>> {
  await using build = await buildFiles(engine, options);
  const texts: Record<string, string> = {};
  for await (const entry of build.entries()) {
    if (entry.kind === "file") texts[entry.path] = await new Response(entry.content).text();
  }
  await build.finished;
  return texts;
}

const stages = (base: string, run: string, rest = "COPY --from=b /out /\n") => ({
  dockerfileText: `FROM ${base} AS b\nRUN mkdir /out\n${run}\nFROM scratch\n${rest}`,
});

async function countRunning(words: string): Promise<number> {
  let count = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (line.replaceAll("\0", " ").startsWith(words)) count++;
  }
  return count;
}

Deno.test("buildFiles() gives the files of the stage, with modes and links, and says what was cached", () =>
  withBase(async ({ engine, base }) => {
    // A copy from a stage is found in the cache by its content, be it of another run.
    const word = `ü ${crypto.randomUUID()}`;
    const options: BuildFilesOptions = {
      networkMode: "none",
      args: { WORD: word },
      context: {
        ...stages(
          base,
          "ARG WORD\nCOPY run /\nRUN /run > /out/text && ln -s text /out/link && chmod 700 /out/text",
        ),
        files: [{ path: "run", content: "#!/bin/sh\necho $WORD; echo log >&2\n", mode: 0o755 }],
      },
    };
    await using build = await buildFiles(engine, options);
    const found = [];
    for await (const entry of build.entries()) {
      const detail = entry.kind === "file"
        ? await new Response(entry.content).text()
        : entry.kind === "symlink"
        ? entry.target
        : "";
      found.push([entry.path, entry.kind, (entry.mode ?? 0).toString(8), detail]);
    }
    assert.deepEqual(found, [
      ["link", "symlink", "777", "text"],
      ["text", "file", "700", `${word}\n`],
    ]);
    const first = await build.finished;
    assert.deepEqual([first.steps, first.cachedSteps, first.logTail], [4, 0, "log\n"]);
    await using again = await buildFiles(engine, options);
    await again.tar.pipeTo(new WritableStream());
    const second = await again.finished;
    assert.deepEqual([second.steps, second.cachedSteps], [4, 4]);
  }));

Deno.test("buildFiles() lives through steps of more than three seconds: the daemon's health checks are answered", () =>
  withBase(async ({ engine, base }) => {
    const context = stages(base, "RUN sleep 3.5; echo slow > /out/f");
    assert.deepEqual(await collect(engine, { context }), { f: "slow\n" });
  }));

Deno.test("buildFiles() brings 100 MB, and holds the sender up while nobody reads", () =>
  withBase(async ({ engine, base }) => {
    const context = stages(
      base,
      "RUN dd if=/dev/zero of=/out/big bs=1048576 count=100 2>/dev/null",
    );
    await using build = await buildFiles(engine, { context });
    let finished = false;
    build.finished.then(() => finished = true, () => {});
    // 4 MiB of window and 1 MiB of queue: the daemon cannot be through with 100, however long
    // another whole build takes.
    assert.deepEqual(await collect(engine, { context: stages(base, "RUN echo 1 > /out/f") }), {
      f: "1\n",
    });
    assert.ok(!finished);
    let bytes = 0;
    for await (const piece of build.tar) bytes += piece.length;
    assert.ok(bytes > 100 * 1048576);
    await build.finished;
  }));

Deno.test("buildFiles() keeps five parallel builds apart, each with its session and its secret", () =>
  withBase(async ({ engine, base }) => {
    const results = await Promise.all(Array.from({ length: 5 }, (_, index) =>
      collect(engine, {
        secrets: { s: `secret ${index}` },
        context: stages(
          base,
          `RUN --mount=type=secret,id=s sleep 1; cat /run/secrets/s > /out/f; echo ${index} >> /out/f`,
        ),
      })));
    results.forEach((files, index) => assert.equal(files.f, `secret ${index}${index}\n`));
  }));

Deno.test("buildFiles() fails with the step's output, and its stream with it when it fails late", () =>
  withBase(async ({ engine, base }) => {
    const failing = buildFiles(engine, { context: stages(base, "RUN echo why; exit 7") });
    await assert.rejects(
      failing,
      (error: unknown) =>
        error instanceof BuildFailedError && error.exitCode === 7 && error.logTail === "why\n" &&
        /RUN echo why/.test(error.step ?? ""),
    );
    await assert.rejects(
      buildFiles(engine, { context: { directory: "/not/there" } }),
      BuildContextError,
    );
  }));

Deno.test("buildFiles() gives an empty archive for an empty stage", () =>
  withBase(async ({ engine, base }) => {
    const context = stages(base, "RUN true", "");
    assert.deepEqual(
      await collect(engine, { context: { ...context, files: [] } }).catch((error) => {
        // 20.10 has no result for a stage without instructions; it must be told, not waited for.
        assert.ok(error instanceof BuildFailedError, String(error));
        return {};
      }),
      {},
    );
  }));

Deno.test("FilesBuild ends the build when its stream is cancelled, when it is disposed of and when its signal says so", () =>
  withBase(async ({ engine, base }) => {
    const context = stages(base, "RUN dd if=/dev/zero of=/out/big bs=1048576 count=30");
    const cancelled = await buildFiles(engine, { context });
    await cancelled.tar.cancel("enough");
    await assert.rejects(cancelled.finished);
    await cancelled[Symbol.asyncDispose]();

    const disposed = await buildFiles(engine, { context });
    await disposed[Symbol.asyncDispose]();
    await assert.rejects(disposed.tar.getReader().read());

    const controller = new AbortController();
    const reason = new Error("enough");
    const aborted = await buildFiles(engine, { context, signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(aborted.finished, reason);
    await aborted[Symbol.asyncDispose]();

    const mark = `5${Math.floor(Math.random() * 1e6)}`;
    const second = new AbortController();
    const running = buildFiles(engine, {
      context: stages(base, `RUN sleep ${mark}`),
      signal: second.signal,
    });
    running.catch(() => {}); // awaited below
    await eventually(async () => assert.equal(await countRunning(`sleep ${mark}`), 1), 30_000);
    second.abort(reason);
    await assert.rejects(running, reason);
    await eventually(async () => assert.equal(await countRunning(`sleep ${mark}`), 0));
  }));

Deno.test("a client that is killed takes its step with it, unless another waits for the same", () =>
  withBase(async ({ engine, base }) => {
    const mark = `6${Math.floor(Math.random() * 1e6)}`;
    const script = new URL("./_build_files_forever.ts", import.meta.url).pathname;
    const spawn = () =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", script, base, mark],
        stdout: "null",
        stderr: "null",
      }).spawn();
    const first = spawn();
    await eventually(async () => assert.equal(await countRunning(`sleep ${mark}`), 1), 30_000);
    const step = new RegExp(`RUN sleep ${mark}$`);
    const joined = Promise.withResolvers<void>();
    const end = new AbortController();
    const second = buildFiles(engine, {
      context: { dockerfileText: `FROM ${base}\nRUN sleep ${mark}\n` },
      signal: end.signal,
      onEvent: (event) => event.kind === "step" && step.test(event.text) && joined.resolve(),
    });
    second.catch(() => {}); // awaited below
    await joined.promise;
    first.kill("SIGKILL");
    await first.status;
    // Time enough for the daemon to notice: the other case takes it a tenth of a second.
    await collect(engine, { context: stages(base, "RUN sleep 1; echo 1 > /out/f") });
    assert.equal(await countRunning(`sleep ${mark}`), 1);
    end.abort(new Error("enough"));
    await assert.rejects(second, /enough/);
    await eventually(async () => assert.equal(await countRunning(`sleep ${mark}`), 0));
  }));

Deno.test("a session that ends in the middle of a build makes it fail, and does not hang", () =>
  withBase(async ({ base }) => {
    await using engine = await connectEngine();
    const session = await BuildSession.open(engine, { methods: healthService() });
    const response = await engine.request({
      method: "POST",
      path: "/build",
      query: {
        version: "2",
        session: session.id,
        remote: "client-session",
        dockerfile: "Dockerfile",
      },
    });
    const text = response.text();
    await session[Symbol.asyncDispose]();
    assert.match(await text, /error/);
    void base;
  }));

Deno.test("BuildKit asks our session for the credentials of a registry", () =>
  withBase(async ({ engine, base }) => {
    const seen: string[] = [];
    await using registry = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => {
        const authorization = request.headers.get("authorization");
        if (authorization === null) {
          return new Response(null, {
            status: 401,
            headers: { "www-authenticate": 'Basic realm="test"' },
          });
        }
        seen.push(authorization);
        return new Response(null, { status: 404 });
      },
    );
    const host = `127.0.0.1:${registry.addr.port}`;
    const asked: string[] = [];
    const building = buildImage(engine, {
      context: { dockerfileText: `FROM ${host}/private:1\n` },
      credentials: (name) => {
        asked.push(name);
        return Promise.resolve({ username: "me", secret: "pässword" });
      },
    });
    await assert.rejects(building, BuildFailedError);
    assert.ok(asked.every((name) => name === host) && asked.length > 0, String(asked));
    const basic = new TextEncoder().encode("me:pässword").toBase64();
    assert.ok(seen.length > 0 && seen.every((value) => value === `Basic ${basic}`), String(seen));
    void base;
  }));
