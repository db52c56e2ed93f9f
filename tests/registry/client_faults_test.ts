import assert from "node:assert/strict";
import { findCause, isTimeout } from "../../lib/errors/mod.ts";
import { parseChallenges } from "../../lib/registry/_challenge.ts";
import {
  type CredentialResolver,
  DigestMismatchError,
  pullArtifact,
  RegistryClient,
  RegistryConnectionError,
  RegistryError,
  RegistryForbiddenError,
  RegistryNotFoundError,
  RegistryServerError,
  RegistryTooManyRequestsError,
  RegistryUnauthorizedError,
  sha256Digest,
} from "../../lib/registry/mod.ts";
import { makeTls } from "../support/tls_material.ts";

type Handler = (request: Request, number: number) => Response | Promise<Response>;

interface Fake extends AsyncDisposable {
  readonly host: string;
  /** `METHOD /path?query` of each request. */
  readonly asked: string[];
}

/** A server that answers as the test says: what is wrong with it is what is tried. */
function fake(handler: Handler): Fake {
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(`${request.method} ${pathname}${search}`);
    return handler(request, asked.length);
  });
  return {
    host: `127.0.0.1:${server.addr.port}`,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const nobody: CredentialResolver = {
  get: () => Promise.resolve(undefined),
  all: () => Promise.resolve({}),
};
const bytes = new TextEncoder().encode("0123456789".repeat(1000));
const digest = await sha256Digest(bytes);

Deno.test("every refusal has the class of its status, with what was wanted and the registry's words", async () => {
  const classes = {
    400: RegistryError,
    401: RegistryUnauthorizedError,
    403: RegistryForbiddenError,
    404: RegistryNotFoundError,
    429: RegistryTooManyRequestsError,
    500: RegistryServerError,
    503: RegistryServerError,
  };
  let status = 0;
  let text = "";
  await using server = fake(() => new Response(text, { status }));
  await using client = new RegistryClient(server.host, { credentials: nobody, retries: 0 });
  const words = `{"errors":[{"code":"DENIED","message":"no \\u001b[2J way","detail":"why"}]}`;
  for (const [code, type] of Object.entries(classes)) {
    for (text of [words, "<html>gone</html>", ""]) {
      status = Number(code);
      await assert.rejects(client.manifests.get("app", "1.0"), (error) => {
        assert.ok(error instanceof type, `${error}`);
        assert.equal(error.status, status);
        assert.ok(error.message.startsWith(`Cannot read manifest "1.0" of ${server.host}/app: `));
        assert.ok(
          error.message.endsWith(`(GET http://${server.host}/v2/app/manifests/1.0: ${code})`),
        );
        assert.ok(!error.message.includes("\u001b"));
        if (text === words) {
          assert.deepEqual(error.codes, ["DENIED"]);
          assert.equal(error.reason, "no \u001b[2J way: why");
        }
        return true;
      });
    }
  }
});

Deno.test("what may pass is tried again, with the pause that the registry asks for", async () => {
  await using server = fake((_, number) => {
    if (number === 1) return new Response("", { status: 503 });
    if (number === 2) return new Response("", { status: 429, headers: { "retry-after": "1" } });
    return Response.json({ tags: ["a"] });
  });
  await using client = new RegistryClient(server.host, { credentials: nobody });
  const begin = performance.now();
  assert.deepEqual(await Array.fromAsync(client.tags("app")), ["a"]);
  assert.ok(performance.now() - begin >= 1000);
  assert.equal(server.asked.length, 3);
});

Deno.test("a registry that never gets better is given up, and an abort ends the pauses", async () => {
  await using server = fake(() => new Response("", { status: 500 }));
  await using client = new RegistryClient(server.host, { credentials: nobody, retries: 2 });
  await assert.rejects(client.ping(), RegistryServerError);
  assert.equal(server.asked.length, 3);
  await using patient = new RegistryClient(server.host, { credentials: nobody, retries: 1000 });
  const stop = new AbortController();
  const reason = new Error("enough");
  const asking = patient.ping({ signal: stop.signal });
  stop.abort(reason);
  await assert.rejects(asking, reason);
});

Deno.test("one that is silent, and one that is not there, are typed errors", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  let host = "";
  {
    await using server = fake(() => promise);
    host = server.host;
    await using client = new RegistryClient(host, { credentials: nobody, stallTimeoutMs: 100 });
    const silent = [
      client.ping(),
      client.blobs.get("app", digest),
      client.blobs.put("app", { bytes }),
    ];
    for (const call of await Promise.allSettled(silent)) {
      assert.ok(call.status === "rejected");
      assert.ok(call.reason instanceof RegistryConnectionError, `${call.reason}`);
      assert.ok(isTimeout(call.reason));
      assert.match(call.reason.reason, /no answer for 100 ms/);
    }
    resolve(new Response());
  }
  await using client = new RegistryClient(host, { credentials: nobody, retries: 1 });
  await assert.rejects(client.ping(), (error) => {
    assert.ok(error instanceof RegistryConnectionError, `${error}`);
    assert.match(error.message, new RegExp(`Cannot use ${host} as a registry: .*refused`));
    return true;
  });
});

Deno.test("what is no registry is told so", async () => {
  await using server = fake(() =>
    new Response("<html>hello</html>", { headers: { "content-type": "text/html" } })
  );
  await using client = new RegistryClient(server.host, { credentials: nobody });
  await assert.rejects(client.ping(), /what answers is a web page/);
  await assert.rejects(Array.fromAsync(client.tags("app")), /the answer is not JSON/);
  await assert.rejects(client.manifests.get("app", "1"), /the answer is not JSON/);
  await assert.rejects(client.blobs.bytes("app", digest), DigestMismatchError);
});

Deno.test("a blob whose connection breaks is read on from there", async () => {
  const ranges: (string | null)[] = [];
  await using server = brokenServer((request, connection) => {
    const range = /range: bytes=(\d+)-/i.exec(request)?.[1];
    ranges.push(range ?? null);
    const start = Number(range ?? 0);
    const head = range === undefined
      ? "HTTP/1.1 200 OK\r\n"
      : `HTTP/1.1 206 Partial Content\r\ncontent-range: bytes ${start}-9999/10000\r\n`;
    const end = Math.min(start + 4000, bytes.length);
    return connection(
      `${head}content-length: ${bytes.length - start}\r\n\r\n`,
      bytes.subarray(start, end),
    );
  });
  await using client = new RegistryClient(server.host, { credentials: nobody });
  assert.deepEqual(await client.blobs.bytes("app", digest), bytes);
  assert.deepEqual(ranges, [null, "4000", "8000"]);
});

Deno.test("a registry without ranges is read from the start again, and one that always breaks is given up", async () => {
  let calls = 0;
  await using server = brokenServer((_, connection) => {
    calls += 1;
    const end = Math.min(calls * 4000, bytes.length);
    return connection(
      `HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\n\r\n`,
      bytes.subarray(0, end),
    );
  });
  await using client = new RegistryClient(server.host, { credentials: nobody });
  assert.deepEqual(await client.blobs.bytes("app", digest), bytes);
  assert.equal(calls, 3);
  await using hopeless = brokenServer((_, connection) =>
    connection(`HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n`, bytes.subarray(0, 0))
  );
  await using other = new RegistryClient(hopeless.host, { credentials: nobody, retries: 2 });
  await assert.rejects(other.blobs.bytes("app", digest), RegistryConnectionError);
});

Deno.test("bytes that are not what their digest says reach no file", async () => {
  let sent = bytes.toReversed();
  await using server = fake(() => new Response(sent));
  await using client = new RegistryClient(server.host, { credentials: nobody });
  const directory = await Deno.makeTempDir();
  const saving = client.blobs.save("app", digest, `${directory}/file`);
  await assert.rejects(saving, (error) => {
    assert.ok(findCause(error, DigestMismatchError) !== undefined, `${error}`);
    return true;
  });
  assert.deepEqual(await Array.fromAsync(Deno.readDir(directory)), []);
  await Deno.remove(directory);
  sent = bytes.slice(0, 100);
  await assert.rejects(
    client.blobs.bytes("app", digest, { sizeBytes: bytes.length }),
    /it should be 10000 bytes, and is 100 bytes/,
  );
  await assert.rejects(client.manifests.get("app", digest), DigestMismatchError);
  sent = new TextEncoder().encode(`{"schemaVersion":2,"manifests":[]}`);
  await assert.rejects(pullArtifact(`${server.host}/app:1`), /no artifact with layers/);
});

Deno.test("a token is asked for once, by the account, and only the token reaches the registry", async () => {
  const seen: string[] = [];
  await using tokens = fake((request) => {
    seen.push(`token ${request.headers.get("authorization")}`);
    return Response.json({ token: "t0ken", expires_in: 300 });
  });
  await using server = fake((request) => {
    const authorization = request.headers.get("authorization");
    seen.push(`registry ${authorization}`);
    if (authorization === "Bearer t0ken") return Response.json({ tags: ["a"] });
    const challenge = `Bearer realm="http://${tokens.host}/token?a=b",service="reg",` +
      `scope="repository:app:pull"`;
    return new Response("", { status: 401, headers: { "www-authenticate": challenge } });
  });
  const credentials: CredentialResolver = {
    ...nobody,
    get: (serveraddress) => Promise.resolve({ username: "me", password: "secret", serveraddress }),
  };
  await using client = new RegistryClient(server.host, { credentials });
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await Array.fromAsync(client.tags("app")), ["a"]);
  }
  assert.deepEqual(tokens.asked, [
    "GET /token?a=b&service=reg&scope=repository%3Aapp%3Apull&account=me",
  ]);
  assert.deepEqual(seen, [
    "registry null",
    `token Basic ${btoa("me:secret")}`,
    ...Array.from({ length: 3 }, () => "registry Bearer t0ken"),
  ]);
});

Deno.test("a refresh token is exchanged, and a token server that refuses is an error of the login", async () => {
  let status = 200;
  const forms: string[] = [];
  await using tokens = fake(async (request) => {
    forms.push(await request.text());
    return status === 200
      ? Response.json({ access_token: "fresh" })
      : Response.json({ details: "the account is locked" }, { status });
  });
  await using server = fake((request) =>
    request.headers.get("authorization") === "Bearer fresh"
      ? new Response(bytes)
      : new Response("", {
        status: 401,
        headers: { "www-authenticate": `Bearer realm="http://${tokens.host}/",service="s"` },
      })
  );
  const credentials: CredentialResolver = {
    ...nobody,
    get: (serveraddress) => Promise.resolve({ identitytoken: "refresh", serveraddress }),
  };
  {
    await using client = new RegistryClient(server.host, { credentials });
    assert.deepEqual(await client.blobs.bytes("app", digest), bytes);
  }
  assert.deepEqual(Object.fromEntries(new URLSearchParams(forms[0])), {
    service: "s",
    grant_type: "refresh_token",
    client_id: "superorch",
    refresh_token: "refresh",
    scope: "repository:app:pull",
  });
  status = 401;
  await using client = new RegistryClient(server.host, { credentials });
  await assert.rejects(client.blobs.bytes("app", digest), (error) => {
    assert.ok(error instanceof RegistryUnauthorizedError, `${error}`);
    assert.match(error.message, /Cannot log in to 127\.0\.0\.1:\d+: the account is locked/);
    assert.ok(!error.message.includes("refresh"));
    return true;
  });
});

Deno.test("a store of blobs elsewhere is not shown the password", async () => {
  let told: string | null = "nothing yet";
  await using store = fake((request) => {
    told = request.headers.get("authorization");
    return new Response(bytes);
  });
  await using server = fake((request) =>
    request.headers.has("authorization")
      ? new Response("", { status: 307, headers: { location: `http://${store.host}/blob?key=1` } })
      : new Response("", { status: 401, headers: { "www-authenticate": `Basic realm="x"` } })
  );
  const credentials: CredentialResolver = {
    ...nobody,
    get: (serveraddress) => Promise.resolve({ username: "me", password: "x", serveraddress }),
  };
  await using client = new RegistryClient(server.host, { credentials });
  assert.deepEqual(await client.blobs.bytes("app", digest), bytes);
  assert.equal(told, null);
});

Deno.test("a list in pages ends, also where it leads to itself or elsewhere", async () => {
  let link = "";
  await using server = fake((request) => {
    const last = new URL(request.url).searchParams.get("last");
    const headers = last === "b" && link === "" ? undefined : {
      link: link || `</v2/app/tags/list?n=2&last=b>; rel="next"`,
    };
    return Response.json({ tags: last === null ? ["a", "b"] : ["c"] }, { headers });
  });
  await using client = new RegistryClient(server.host, { credentials: nobody });
  assert.deepEqual(await Array.fromAsync(client.tags("app", { pageSize: 2 })), ["a", "b", "c"]);
  for (link of [`</v2/app/tags/list>; rel="next"`, `<http://localhost:1/>; rel="next"`]) {
    await assert.rejects(Array.fromAsync(client.tags("app")), RegistryConnectionError);
  }
});

Deno.test("a piece that got lost is sent again from where the registry has it", async () => {
  const got = new Uint8Array(bytes.length);
  let has = 0;
  let patches = 0;
  await using server = fake(async (request) => {
    const location = { location: "/v2/app/blobs/uploads/1?state=x" };
    if (request.method === "HEAD") return new Response(null, { status: 404 });
    if (request.method === "POST") return new Response("", { status: 202, headers: location });
    const range = { ...location, range: `0-${has - 1}` };
    if (request.method === "GET") return new Response(null, { status: 204, headers: range });
    const body = await request.bytes();
    if (request.method === "PUT") {
      got.set(body, has);
      const is = new URL(request.url).searchParams.get("digest");
      return new Response("", { status: is === await sha256Digest(got) ? 201 : 400 });
    }
    patches += 1;
    const start = Number(request.headers.get("content-range")?.split("-")[0]);
    if (start !== has) return new Response("", { status: 416 });
    // Half of the second piece arrives before the registry fails.
    const taken = patches === 2 ? body.subarray(0, body.length / 2) : body;
    got.set(taken, has);
    has += taken.length;
    if (patches === 2) return new Response("", { status: 502 });
    return new Response("", { status: 202, headers: { ...location, range: `0-${has - 1}` } });
  });
  await using client = new RegistryClient(server.host, { credentials: nobody });
  const put = await client.blobs.put("app", { stream: new Blob([bytes]).stream() }, {
    chunkBytes: 3000,
  });
  assert.equal(put.digest, digest);
  assert.deepEqual(got, bytes);
});

Deno.test("names that would lead to another call are refused before anything is sent", async () => {
  await using server = fake(() => new Response());
  await using client = new RegistryClient(server.host, { credentials: nobody });
  for (const repository of ["", "..", "a/../b", "A", "a//b", "a?b"]) {
    await assert.rejects(client.blobs.exists(repository, digest), TypeError);
    await assert.rejects(client.manifests.get(repository, "1"), TypeError);
    await assert.rejects(Array.fromAsync(client.tags(repository)), TypeError);
  }
  for (const reference of ["", "..", "a/b", "?", "sha256:1"]) {
    await assert.rejects(client.manifests.get("app", reference), TypeError);
  }
  await assert.rejects(client.blobs.exists("app", "sha256:ABC"), TypeError);
  await assert.rejects(client.blobs.put("app", { bytes }, { chunkBytes: 0 }), RangeError);
  assert.deepEqual(server.asked, []);
  for (const registry of ["", "http://x", "a b", "x/y"]) {
    assert.throws(() => new RegistryClient(registry), TypeError);
  }
  assert.throws(() => new RegistryClient("x", { retries: -1 }), RangeError);
});

Deno.test("challenges are read as RFC 9110 has them", () => {
  assert.deepEqual(parseChallenges(`Basic realm="a \\"b\\"", Bearer realm=c , scope="d,e f"`), [
    { scheme: "basic", parameters: { realm: `a "b"` } },
    { scheme: "bearer", parameters: { realm: "c", scope: "d,e f" } },
  ]);
  assert.deepEqual(parseChallenges("Negotiate"), [{ scheme: "negotiate", parameters: {} }]);
  assert.deepEqual(parseChallenges(""), []);
  assert.deepEqual(parseChallenges(`"`), []);
});

Deno.test("TLS is spoken where it is wanted: an unknown authority, and a password without TLS, are refused", async () => {
  const { ca, server: { cert, key } } = await makeTls();
  let challenge = "";
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key, onListen() {} },
    () =>
      challenge === ""
        ? Response.json({ tags: ["a"] })
        : new Response("", { status: 401, headers: { "www-authenticate": challenge } }),
  );
  const host = `127.0.0.1:${server.addr.port}`;
  const options = { credentials: nobody, plainHttp: false, retries: 1 };
  await using client = new RegistryClient(host, { ...options, caCerts: [ca] });
  assert.deepEqual(await Array.fromAsync(client.tags("app")), ["a"]);
  await using stranger = new RegistryClient(host, options);
  const begin = performance.now();
  await assert.rejects(Array.fromAsync(stranger.tags("app")), RegistryConnectionError);
  assert.ok(performance.now() - begin < 5_000, "what no retry can help is not tried again");
  await using plain = new RegistryClient(host, { ...options, plainHttp: true });
  await assert.rejects(plain.ping(), (error) => {
    assert.ok(error instanceof RegistryConnectionError || error instanceof RegistryError);
    return true;
  });
  challenge = `Bearer realm="http://registry.invalid/token"`;
  const secret: CredentialResolver = {
    ...nobody,
    get: (serveraddress) => Promise.resolve({ username: "me", password: "secret", serveraddress }),
  };
  await using careful = new RegistryClient(host, {
    ...options,
    caCerts: [ca],
    credentials: secret,
  });
  await assert.rejects(
    Array.fromAsync(careful.tags("app")),
    /wants the password sent to http:\/\/registry\.invalid, without TLS/,
  );
});

Deno.test("a registry on this machine is asked straight, whatever HTTP_PROXY says", async () => {
  await using server = fake(() => Response.json({ tags: ["a"] }));
  const module = new URL("../../lib/registry/mod.ts", import.meta.url).href;
  const code = `
    const { RegistryClient } = await import(${JSON.stringify(module)});
    await using client = new RegistryClient(${JSON.stringify(server.host)}, { retries: 0 });
    console.log(JSON.stringify(await Array.fromAsync(client.tags("app"))));`;
  const proxy = "http://127.0.0.1:9";
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", code],
    env: { HTTP_PROXY: proxy, http_proxy: proxy, NO_PROXY: "", no_proxy: "" },
  }).output();
  const text = new TextDecoder();
  assert.equal(text.decode(stdout), '["a"]\n', text.decode(stderr));
});

/** A server that answers what it likes and then closes the connection, also in the middle. */
function brokenServer(
  answer: (
    request: string,
    connection: (head: string, body: Uint8Array) => Promise<void>,
  ) => Promise<void>,
): AsyncDisposable & { readonly host: string } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      using _ = connection;
      const buffer = new Uint8Array(8192);
      const read = await connection.read(buffer) ?? 0;
      const writer = connection.writable.getWriter();
      await answer(new TextDecoder().decode(buffer.subarray(0, read)), async (head, body) => {
        await writer.write(new TextEncoder().encode(head));
        await writer.write(body);
      });
      writer.releaseLock();
    }
  })();
  return {
    host: `127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving.catch(() => {}); // the listener is closed
    },
  };
}
