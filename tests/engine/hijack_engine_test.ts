import assert from "node:assert/strict";
import { EngineApiError, EngineClient, EngineConnectionError } from "../../lib/engine/mod.ts";
import { inTempDir, thrownBy, within } from "./_engine.ts";

const encoder = new TextEncoder();
const PING = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK";

/** Serves one scripted connection for each that is made after the ping. */
async function withScript(
  script: (connection: Deno.Conn, request: string) => Promise<void>,
  body: (engine: EngineClient) => Promise<void>,
): Promise<void> {
  await inTempDir(async (directory) => {
    const path = `${directory}/engine.sock`;
    const listener = Deno.listen({ transport: "unix", path });
    const running: Promise<void>[] = [];
    const open = new Set<Deno.Conn>();
    const serve = async (connection: Deno.Conn) => {
      const buffer = new Uint8Array(4096);
      while (true) {
        const count = await connection.read(buffer);
        if (count === null) return;
        const request = new TextDecoder().decode(buffer.subarray(0, count));
        if (!request.includes("/_ping")) return await script(connection, request);
        await connection.write(encoder.encode(PING));
      }
    };
    const serving = (async () => {
      for await (const connection of listener) {
        open.add(connection);
        running.push(
          serve(connection).catch(() => {}).finally(() => {
            open.delete(connection);
            try {
              connection.close();
            } catch {
              // the script has closed it
            }
          }),
        );
      }
    })();
    try {
      await using engine = await EngineClient.open({ kind: "unix", path });
      await body(engine);
    } finally {
      listener.close();
      for (const connection of open) connection.close();
      await serving;
      await Promise.all(running);
    }
  });
}

const answer = (text: string) => async (connection: Deno.Conn) => {
  for (let at = 0; at < text.length; at += 7) {
    await connection.write(encoder.encode(text.slice(at, at + 7)));
  }
};

async function attachError(script: (connection: Deno.Conn) => Promise<void>): Promise<Error> {
  let error: unknown;
  await withScript(script, async (engine) => {
    error = await thrownBy(within(5000, "attach", engine.containers.attach("box")));
  });
  assert.ok(error instanceof Error);
  return error;
}

Deno.test("hijack sends what the engine wants and keeps what comes with the head", async () => {
  let request = "";
  await withScript(async (connection, text) => {
    request = text;
    const head = "HTTP/1.1 101 UPGRADED\r\nContent-Type:  application/vnd.docker.raw-stream \r\n" +
      "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst";
    await answer(head)(connection);
  }, async (engine) => {
    using stream = await engine.containers.attach("a/b c", { stdin: true });
    assert.equal(stream.contentType, "application/vnd.docker.raw-stream");
    let text = "";
    for (let bytes = await stream.read(); bytes !== null; bytes = await stream.read()) {
      text += new TextDecoder().decode(bytes);
    }
    assert.equal(text, "first");
  });
  assert.match(
    request,
    /^POST \/v1\.41\/containers\/a%2Fb%20c\/attach\?stream=true&stdin=true&stdout=true&stderr=true HTTP\/1\.1\r\n/,
  );
  assert.match(request, /\r\nHost: localhost\r\n/);
  assert.match(request, /\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n/);
});

for (
  const [what, text, status, reason] of [
    [
      "with a length",
      'HTTP/1.1 404 Not Found\r\nContent-Length: 36\r\n\r\n{"message":"No such container: box"}',
      404,
      "No such container: box",
    ],
    [
      "in chunks",
      'HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{"message":"\r\n8\r\nit is so\r\n2\r\n"}\r\n0\r\n\r\n',
      409,
      "it is so",
    ],
    [
      "in chunks of plain text",
      "HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nno luck\r\n0\r\n\r\n",
      502,
      "no luck",
    ],
    [
      "without a word",
      "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
      500,
      "the engine gave no reason",
    ],
    ["up to the end of the connection", "HTTP/1.0 400 Bad\r\n\r\nodd words", 400, "odd words"],
  ] as const
) {
  Deno.test(`hijack reads a refusal ${what}`, async () => {
    const error = await attachError(answer(text));
    assert.ok(error instanceof EngineApiError, `${error}`);
    assert.equal(error.status, status);
    assert.equal(error.reason, reason);
    assert.equal(error.path, "/containers/box/attach");
  });
}

for (
  const [what, text, reason] of [
    ["before it answers", "", /closed the connection before it answered/],
    ["in the middle of the head", "HTTP/1.1 101 UPG", /closed the connection before it answered/],
    [
      "after an endless head",
      `HTTP/1.1 101 X\r\n${"A: b\r\n".repeat(12000)}`,
      /no end of headers within/,
    ],
  ] as const
) {
  Deno.test(`hijack says it when the engine ends ${what}`, async () => {
    const error = await attachError(answer(text));
    assert.ok(error instanceof EngineConnectionError, `${error}`);
    assert.equal(error.request, "POST /containers/box/attach");
    assert.match(error.message, reason);
  });
}

Deno.test("hijack reports what answers with no HTTP at all", async () => {
  const error = await attachError(answer("SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n"));
  assert.ok(error instanceof EngineConnectionError, `${error}`);
  assert.match(error.message, /does not speak HTTP/);
});

Deno.test("hijack ends with the caller's reason while it waits for an answer", async () => {
  const controller = new AbortController();
  await withScript(async (connection) => {
    controller.abort(new Error("enough"));
    await connection.read(new Uint8Array(1));
  }, async (engine) => {
    const attach = engine.containers.attach("box", { signal: controller.signal });
    assert.equal(await thrownBy(within(5000, "abort", attach)), controller.signal.reason);
    const again = engine.containers.attach("box", { signal: controller.signal });
    assert.equal(await thrownBy(again), controller.signal.reason);
  });
});

Deno.test("A raw stream that is disposed of ends whoever reads it, once", async () => {
  await withScript(async (connection) => {
    await connection.write(encoder.encode("HTTP/1.1 101 UPGRADED\r\n\r\n"));
    await connection.read(new Uint8Array(1));
  }, async (engine) => {
    const stream = await engine.containers.attach("box");
    const reading = stream.read();
    stream[Symbol.dispose]();
    stream[Symbol.dispose]();
    assert.equal(await within(5000, "read", reading), null);
    assert.equal(await stream.read(), null);
    const error = await thrownBy(stream.write(encoder.encode("x")));
    assert.ok(error instanceof EngineConnectionError, `${error}`);
  });
});

Deno.test("A name that would lead to another call is refused before it is sent", async () => {
  await withScript(() => Promise.reject(new Error("nothing is sent")), async (engine) => {
    for (const name of ["", ".", ".."]) {
      for (
        const call of [
          () => engine.containers.remove(name),
          () => engine.containers.attach(name),
          () => engine.volumes.remove(name),
          () => engine.networks.inspect(name),
          () => engine.images.remove(name),
          () => engine.images.inspect(`a/${name}/b`),
          () => engine.execs.inspect(name),
        ]
      ) {
        const error = await thrownBy((async () => await call())());
        assert.ok(error instanceof TypeError, `${error}`);
        assert.match(error.message, /it is not a name/);
      }
    }
  });
});

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

for (
  const [what, text] of [
    ["in the middle of a length", `${HEAD}Content-Length: 500\r\n\r\n{"Id":`],
    ["in the middle of a chunk", `${HEAD}Transfer-Encoding: chunked\r\n\r\nff\r\n{"Id":`],
    ["between two chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n6\r\n{"Id":\r\n`],
    ["with half a value", `${HEAD}Content-Length: 6\r\n\r\n{"Id":`],
    ["with a page of HTML", `${HEAD}Content-Length: 6\r\n\r\n<html>`],
  ] as const
) {
  Deno.test(`A call ends in a typed error when the socket closes ${what}`, async () => {
    await withScript(answer(text), async (engine) => {
      const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
        ["GET /containers/box/json", () => engine.containers.inspect("box")],
        ["POST /containers/box/wait", () => engine.containers.wait("box")],
        ["POST /images/create", () => engine.images.pull("box:1", { registryAuth: "e30=" })],
        ["GET /events", async () => {
          for await (const event of await engine.system.events()) assert.fail(`${event}`);
        }],
      ];
      for (const [request, call] of calls) {
        const error = await thrownBy(within(5000, request, call()));
        assert.ok(error instanceof EngineConnectionError, `${request}: ${error}`);
        assert.equal(error.request, request);
        assert.ok(!error.message.includes("\n"));
      }
    });
  });
}

Deno.test("A log whose socket closes in mid-body ends in a typed error", async () => {
  const text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc";
  await withScript(answer(text), async (engine) => {
    const body = await engine.containers.logs("box");
    const reader = body.getReader();
    const error = await thrownBy((async () => {
      while (!(await reader.read()).done);
    })());
    assert.ok(error instanceof EngineConnectionError, `${error}`);
    assert.equal(
      error.message.replace(/unix:\S+/, "X"),
      "Cannot talk to the engine at X (GET /containers/box/logs): the connection broke in the middle of the answer",
    );
  });
});

Deno.test("An engine that has given up our version says so in a typed error", async () => {
  const body = JSON.stringify({
    message: "client version 1.41 is too old. Minimum supported API version is 1.60",
  });
  const text = `HTTP/1.1 400 Bad Request\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  await withScript(answer(text), async (engine) => {
    const error = await thrownBy(engine.containers.list());
    assert.equal((error as Error).name, "EngineVersionError");
    assert.match((error as Error).message, /API 1\.41 is needed, it speaks 1\.60$/);
  });
});
