import assert from "node:assert/strict";
import {
  BuildFailedError,
  buildImage,
  type BuildImageOptions,
  ProtobufError,
} from "../../../lib/engine/build/mod.ts";
import { EngineClient, EngineConnectionError } from "../../../lib/engine/mod.ts";
import { inDirectory } from "./_support.ts";

const PING = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK";
const HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

/** An engine that answers a build with fixed bytes and closes the connection. */
async function withBrokenEngine(
  answer: string,
  work: (build: (options?: Partial<BuildImageOptions>) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    const path = `${directory}/d.sock`;
    using listener = Deno.listen({ transport: "unix", path });
    const serving = (async () => {
      for await (const connection of listener) void serve(connection, answer);
    })();
    {
      await using engine = await EngineClient.open({ kind: "unix", path });
      const context = { dockerfileText: "FROM scratch\n" };
      await work((options) => buildImage(engine, { builder: "classic", context, ...options }));
    }
    listener.close();
    await serving.catch(() => {}); // the listener was closed under it
  });
}

async function serve(connection: Deno.Conn, answer: string): Promise<void> {
  const buffer = new Uint8Array(65536);
  let text = "";
  try {
    while (true) {
      const count = await connection.read(buffer);
      if (count === null) break;
      text += new TextDecoder("latin1").decode(buffer.subarray(0, count));
      if (text.includes("/_ping")) {
        text = "";
        await connection.write(new TextEncoder().encode(PING));
      } else if (text.endsWith("0\r\n\r\n")) {
        await connection.write(new TextEncoder().encode(answer));
        break;
      }
    }
  } catch {
    // the client has closed first
  } finally {
    connection.close();
  }
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;

Deno.test("a build on an engine that breaks off, or sends what it must not, ends with a typed error", async () => {
  const step = line({ stream: "Step 1/2 : FROM x\n" });
  const cases: Readonly<Record<string, readonly [string, new (...args: never[]) => Error]>> = {
    "no answer": ["", EngineConnectionError],
    "half a head": ["HTTP/1.1 200", EngineConnectionError],
    "half a body": [HEAD + chunk(step), EngineConnectionError],
    "half a line": [HEAD + chunk(step + '{"stre') + "0\r\n\r\n", EngineConnectionError],
    "no JSON": [HEAD + chunk("<html>\n") + "0\r\n\r\n", EngineConnectionError],
    "an empty body": [HEAD + "0\r\n\r\n", BuildFailedError],
    "no image": [HEAD + chunk(step) + "0\r\n\r\n", BuildFailedError],
    "an error of the API": [
      "HTTP/1.1 500 Oops\r\nContent-Length: 18\r\n\r\n" + '{"message":"oops"}',
      BuildFailedError,
    ],
  };
  for (const [name, [answer, type]] of Object.entries(cases)) {
    await withBrokenEngine(answer, async (build) => {
      const error = await build().then(() => undefined, (error) => error);
      assert.ok(error instanceof type, `${name}: ${error}`);
    });
  }
});

Deno.test("a build reads lines that come in one chunk or in many, and takes the last image", async () => {
  const id = (digit: string) => ({ aux: { ID: `sha256:${digit.repeat(64)}` } });
  const lines = line({ stream: "Step 1/1 : FROM x\n" }) + line(id("1")) + line({ progress: 1 }) +
    line(id("2")) + line({ stream: "Successfully built 222222222222\n" });
  const single = [...lines].map(chunk).join("");
  for (const body of [chunk(lines), single]) {
    await withBrokenEngine(`${HEAD}${body}0\r\n\r\n`, async (build) => {
      assert.deepEqual(await build(), {
        imageId: `sha256:${"2".repeat(64)}`,
        builder: "classic",
        steps: 0,
        cachedSteps: 0,
      });
    });
  }
});

Deno.test("an error that a step prints does not reach a terminal as it is", async () => {
  const reason = "bad\x1b]0;title\x07 thing";
  const body = chunk(line({ errorDetail: { message: reason }, error: reason }));
  await withBrokenEngine(`${HEAD}${body}0\r\n\r\n`, async (build) => {
    await assert.rejects(
      build({ tag: "x:1" }),
      (error: unknown) =>
        error instanceof BuildFailedError && error.reason === reason &&
        error.message === 'Cannot build image "x:1": bad\\x1b]0;title\\x07 thing',
    );
  });
});

Deno.test("ProtobufError is what damaged progress gives", async () => {
  const { protoFields } = await import("../../../lib/engine/build/_protobuf.ts");
  for (const hex of ["0a", "0a05 61", "ffffffffffffffffffffff", "0b", "00", "09 0102"]) {
    const bytes = Uint8Array.fromHex(hex.replaceAll(" ", ""));
    assert.throws(() => [...protoFields(bytes)], ProtobufError, hex);
  }
});
