import assert from "node:assert/strict";
import {
  BuildFailedError,
  buildStep,
  type BuildStepOptions,
  BuildUnsupportedError,
} from "../../../lib/engine/build/mod.ts";
import {
  EngineClient,
  EngineConnectionError,
  ImageNotFoundError,
} from "../../../lib/engine/mod.ts";
import { eventually, inDirectory, withBase } from "./_support.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** A shell that nobody has started before. */
function step(
  base: string,
  script: string,
  more: Partial<BuildStepOptions> = {},
): BuildStepOptions {
  return {
    image: base,
    args: ["sh", "-c", script, crypto.randomUUID()],
    output: "/out",
    name: "test",
    networkMode: "none",
    ...more,
  };
}

async function collect(engine: EngineClient, options: BuildStepOptions) {
  await using build = await buildStep(engine, options);
  const files: Record<string, string> = {};
  for await (const entry of build.entries()) {
    files[entry.path] = entry.kind === "file"
      ? await new Response(entry.content).text()
      : entry.kind === "symlink"
      ? `-> ${entry.target}`
      : entry.kind;
  }
  return { files, ...await build.finished };
}

async function countRunning(words: string): Promise<number> {
  let count = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (line.replaceAll("\0", " ").startsWith(words)) count++;
  }
  return count;
}

Deno.test("buildStep() gives the files of the directory and nothing else, and says what was cached", () =>
  withBase(async ({ engine, base }) => {
    const options = step(
      base,
      'printf "%s|" "$@" >/out/word; ln -s word /out/link; mkdir /out/d; cat /in/* >/out/all; ' +
        "echo x >/scratch/y; echo x >/elsewhere; ls /scratch >/out/scratch; echo said >&2",
      {
        inputs: { "/in/1": encode("a"), "/in/2": new Uint8Array(0), "/in/3": encode("ü\n") },
        scratch: ["/scratch", "/deep/er/scratch"],
      },
    );
    const words = { ...options, args: [...options.args, "", "it's $x"] };
    const first = await collect(engine, words);
    assert.deepEqual(first.files, {
      all: "aü\n",
      d: "directory",
      link: "-> word",
      scratch: "y\n",
      word: "|it's $x|",
    });
    assert.deepEqual([first.steps, first.cachedSteps, first.logTail], [1, 0, "said\n"]);
    const again = await collect(engine, words);
    assert.deepEqual(again.files, first.files);
    assert.deepEqual([again.steps, again.cachedSteps], [1, 1]);
    const forced = await collect(engine, { ...words, noCache: true });
    assert.deepEqual([forced.steps, forced.cachedSteps], [1, 0]);
    // The words count, and what is to be read does not: it must be named among them.
    const other = { ...words, inputs: { ...words.inputs, "/in/1": encode("b") } };
    assert.equal((await collect(engine, other)).files.all, "aü\n");
    const named = { ...other, args: [...words.args, "b"] };
    assert.equal((await collect(engine, named)).files.all, "bü\n");
  }));

Deno.test("buildStep() runs as root, with the image's variables, those that count for nothing, and no network", () =>
  withBase(async ({ engine, base }) => {
    const script =
      "env | tr '\\n' ' ' >/out/env; cat /proc/net/dev >/out/net; cat /proc/self/status >/out/id";
    const options = step(base, script, { hiddenVariable: "jobs:3" });
    const { files } = await collect(engine, options);
    assert.match(files.env!, /(?:^| )PATH=\/bin /);
    assert.match(files.env!, /(?:^| )ftp_proxy=jobs:3 /);
    assert.match(files.id!, /^Uid:\t0\t/m);
    const networks = files.net!.split("\n").slice(2).map((line) => line.split(":")[0]!.trim());
    assert.deepEqual(networks.filter((name) => name !== ""), ["lo"]);
    const fewer = await collect(engine, { ...options, hiddenVariable: "jobs:1" });
    assert.deepEqual([fewer.cachedSteps, fewer.files.env], [1, files.env]);
  }));

Deno.test("buildStep() fails with the program's code and its last words", () =>
  withBase(async ({ engine, base }) => {
    const failing = step(base, "echo one; echo two >&2; exit 7");
    await assert.rejects(buildStep(engine, failing), (error: unknown) => {
      assert.ok(error instanceof BuildFailedError);
      assert.deepEqual([error.exitCode, error.step], [7, "[step] RUN test"]);
      assert.match(error.logTail, /two\n/);
      return true;
    });
    await assert.rejects(
      buildStep(engine, step(base, "true", { onEvent: () => assert.fail("no more") })),
      /no more/,
    );
  }));

Deno.test("buildStep() lives through steps of more than three seconds, and takes many inputs", () =>
  withBase(async ({ engine, base }) => {
    const piece = new Uint8Array(2 * 1024 * 1024).fill(97);
    const inputs = Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [`/in/${index}`, piece]),
    );
    const { files } = await collect(
      engine,
      step(base, "sleep 3.5; cat /in/* | wc -c >/out/count", { inputs }),
    );
    assert.equal(files.count!.trim(), String(16 * 1024 * 1024));
  }));

Deno.test("buildStep() that is aborted ends its program", () =>
  withBase(async ({ engine, base }) => {
    const seconds = `30.${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    const end = new AbortController();
    const reason = new Error("enough");
    const building = buildStep(engine, step(base, `sleep ${seconds}`, { signal: end.signal }));
    building.catch(() => {}); // awaited below
    await eventually(async () => assert.equal(await countRunning(`sleep ${seconds}`), 1));
    end.abort(reason);
    await assert.rejects(building, reason);
    await eventually(async () => assert.equal(await countRunning(`sleep ${seconds}`), 0));
  }));

Deno.test("buildStep() says what is missing, and refuses what cannot be sent", () =>
  withBase(async ({ engine, base }) => {
    await assert.rejects(buildStep(engine, step(`${base}-none`, "true")), ImageNotFoundError);
    await assert.rejects(buildStep(engine, step("a".repeat(64), "true")), BuildUnsupportedError);
    const large = new Uint8Array(3 * 1024 * 1024 + 1);
    await assert.rejects(
      buildStep(engine, step(base, "true", { inputs: { "/in": large } })),
      /Cannot give a step the input "\/in": it must have 3145728 bytes or fewer and has 3145729/,
    );
  }));

Deno.test("buildStep() tells an engine that has no door to BuildKit from one that breaks off", async () => {
  for (
    const [answer, type] of [
      ["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", BuildUnsupportedError],
      ["", EngineConnectionError],
      [
        "HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n",
        EngineConnectionError,
      ],
    ] as const
  ) {
    await inDirectory(async (directory) => {
      const path = `${directory}/d.sock`;
      using listener = Deno.listen({ transport: "unix", path });
      const serving = (async () => {
        for await (const connection of listener) void serve(connection, answer);
      })();
      {
        await using engine = await EngineClient.open({ kind: "unix", path });
        await assert.rejects(buildStep(engine, step("x:1", "true")), type, answer);
      }
      listener.close();
      await serving.catch(() => {}); // the listener was closed under it
    });
  }
});

/** Answers a ping and the look at an image, and what would be taken over with the given bytes. */
async function serve(connection: Deno.Conn, answer: string): Promise<void> {
  const send = (text: string) => connection.write(encode(text));
  const buffer = new Uint8Array(65536);
  try {
    for (let count; (count = await connection.read(buffer)) !== null;) {
      const text = new TextDecoder("latin1").decode(buffer.subarray(0, count));
      if (text.includes("/_ping")) {
        await send("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK");
      } else if (text.includes("/images/")) {
        await send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
      } else {
        await send(answer);
        break;
      }
    }
  } catch {
    // the client has closed first
  } finally {
    connection.close();
  }
}
