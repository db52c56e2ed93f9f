import assert from "node:assert/strict";
import { connectEngine, engineCandidates, EngineUnreachableError } from "../../lib/engine/mod.ts";
import { inTempDir, thrownBy } from "./_engine.ts";

type Env = Readonly<Record<string, string>>;
const reader = (env: Env) => (name: string): string | undefined => env[name];

async function unreachable(env: Env, host?: string): Promise<EngineUnreachableError> {
  const error = await thrownBy(
    connectEngine({ env: reader(env), host }).then(async (engine) => {
      await engine[Symbol.asyncDispose]();
    }),
  );
  assert.ok(error instanceof EngineUnreachableError, `${error}`);
  return error;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}

async function writeContext(
  directory: string,
  name: string,
  meta: unknown,
  tls: Readonly<Record<string, string>> = {},
): Promise<void> {
  const id = await sha256(name);
  await Deno.mkdir(`${directory}/contexts/meta/${id}`, { recursive: true });
  await Deno.writeTextFile(
    `${directory}/contexts/meta/${id}/meta.json`,
    typeof meta === "string" ? meta : JSON.stringify(meta),
  );
  for (const [file, text] of Object.entries(tls)) {
    await Deno.mkdir(`${directory}/contexts/tls/${id}/docker`, { recursive: true });
    await Deno.writeTextFile(`${directory}/contexts/tls/${id}/docker/${file}`, text);
  }
}

Deno.test("connectEngine() finds an engine and agrees on a version", async () => {
  await using engine = await connectEngine();
  const { ApiVersion } = await engine.system.version();
  assert.match(engine.apiVersion, /^1\.\d+$/);
  assert.ok(ApiVersion.length > 0);
});

Deno.test("engineCandidates() asks DOCKER_HOST before everything else", async () => {
  await inTempDir(async (directory) => {
    await Deno.writeTextFile(`${directory}/config.json`, `{"currentContext":"lab"}`);
    const env = reader({
      DOCKER_HOST: "tcp://build:2375",
      DOCKER_CONTEXT: "other",
      DOCKER_CONFIG: directory,
    });
    const candidates = await engineCandidates({ env });
    assert.deepEqual(candidates, [{
      source: "DOCKER_HOST",
      host: "tcp://build:2375",
      endpoint: { kind: "tcp", hostname: "build", port: 2375 },
      explicit: true,
    }]);
    const [given] = await engineCandidates({ env, host: "unix:///given" });
    assert.equal(given?.host, "unix:///given");
  });
});

Deno.test("engineCandidates() asks DOCKER_CONTEXT before the current context", async () => {
  await inTempDir(async (directory) => {
    await Deno.writeTextFile(`${directory}/config.json`, `{"currentContext":"lab"}`);
    await writeContext(directory, "lab", { Endpoints: { docker: { Host: "ssh://lab" } } });
    await writeContext(directory, "other", {
      Endpoints: { docker: { Host: "tcp://other:2376" } },
    }, { "ca.pem": "CA", "cert.pem": "CERT", "key.pem": "KEY" });
    const [current] = await engineCandidates({ env: reader({ DOCKER_CONFIG: directory }) });
    assert.equal(current?.source, `current docker context "lab"`);
    assert.equal(current?.host, "ssh://lab");
    const env = reader({ DOCKER_CONFIG: directory, DOCKER_CONTEXT: "other" });
    const [named] = await engineCandidates({ env });
    assert.deepEqual(named?.endpoint, {
      kind: "tcp",
      hostname: "other",
      port: 2376,
      tls: { ca: "CA", cert: "CERT", key: "KEY" },
    });
    assert.equal(named?.explicit, true);
  });
});

Deno.test("engineCandidates() lists the usual sockets where nothing is named", async () => {
  const env = { HOME: "/home/me", XDG_RUNTIME_DIR: "/run/user/7" };
  const candidates = await engineCandidates({ env: reader(env) });
  assert.deepEqual(candidates.map(({ host }) => host.replace("unix://", "")), [
    "/var/run/docker.sock",
    "/run/user/7/docker.sock",
    "/home/me/.docker/run/docker.sock",
    "/home/me/.docker/desktop/docker.sock",
    "/home/me/.colima/default/docker.sock",
    "/home/me/.orbstack/run/docker.sock",
    "/home/me/.rd/docker.sock",
    "/run/user/7/podman/podman.sock",
    "/run/podman/podman.sock",
    "/home/me/.local/share/containers/podman/machine/podman.sock",
    "/home/me/.local/state/superorch/engine/docker.sock",
  ]);
  assert.ok(candidates.every(({ explicit }) => !explicit));
  for (const DOCKER_CONTEXT of ["default", ""]) {
    assert.deepEqual(
      await engineCandidates({ env: reader({ ...env, DOCKER_CONTEXT }) }),
      candidates,
    );
  }
});

Deno.test("connectEngine() says of each local candidate why it is not the engine", async () => {
  await inTempDir(async (directory) => {
    const hung = Deno.listen({ transport: "unix", path: `${directory}/hung.sock` });
    const accepted: Deno.Conn[] = [];
    const accepting = (async () => {
      for await (const connection of hung) accepted.push(connection);
    })();
    const dead = Deno.listen({ transport: "unix", path: `${directory}/alive.sock` });
    // Deno removes the socket of a listener that it closes; that of a daemon that died stays.
    await Deno.rename(`${directory}/alive.sock`, `${directory}/dead.sock`);
    dead.close();
    await Deno.writeTextFile(`${directory}/file.sock`, "not a socket");
    await Deno.mkdir(`${directory}/directory.sock`);
    const web = Deno.serve(
      { path: `${directory}/web.sock`, onListen() {} },
      () => new Response("hello"),
    );
    const refusing = Deno.serve(
      { path: `${directory}/refusing.sock`, onListen() {} },
      () => new Response("go \u001b[31maway", { status: 503 }),
    );
    const garbage = Deno.listen({ transport: "unix", path: `${directory}/garbage.sock` });
    const answering = (async () => {
      for await (const connection of garbage) {
        await connection.write(new TextEncoder().encode("SSH-2.0-OpenSSH\r\n"));
        await connection.read(new Uint8Array(4096));
        connection.close();
      }
    })();
    const mute = Deno.listen({ transport: "unix", path: `${directory}/mute.sock` });
    const closing = (async () => {
      for await (const connection of mute) {
        await connection.read(new Uint8Array(4096));
        connection.close();
      }
    })();
    try {
      const expected: readonly (readonly [string, RegExp])[] = [
        ["missing.sock", /^no such socket$/],
        ["hung.sock", /^no answer within \d+ ms$/],
        ["dead.sock", /^nothing listens there$/],
        ["file.sock", /^nothing listens there$/],
        ["directory.sock", /^nothing listens there$/],
        ["web.sock", /^what answers there is not an engine$/],
        ["refusing.sock", /not an engine: it says 503 "go \\u001b\[31maway"$/],
        ["garbage.sock", /does not speak HTTP|invalid HTTP/],
        ["mute.sock", /^the connection was closed before an answer came$/],
      ];
      const started = performance.now();
      const errors = await Promise.all(
        expected.map(([name]) => unreachable({ DOCKER_HOST: `unix://${directory}/${name}` })),
      );
      assert.ok(performance.now() - started < 2000, "local candidates take under two seconds");
      for (const [index, [name, reason]] of expected.entries()) {
        const [candidate] = errors[index]!.candidates;
        assert.match(candidate!.reason, reason, name);
        assert.match(errors[index]!.message, new RegExp(`${name} \\(DOCKER_HOST\\): `));
        assert.ok(!errors[index]!.message.includes("\u001b"));
      }
    } finally {
      hung.close();
      garbage.close();
      mute.close();
      await Promise.all([accepting, answering, closing, web.shutdown(), refusing.shutdown()]);
      for (const connection of accepted) connection.close();
    }
  });
});

Deno.test("connectEngine() never replaces an explicit host or context by another", async () => {
  await inTempDir(async (directory) => {
    await writeContext(directory, "dead", {
      Endpoints: { docker: { Host: `unix://${directory}/dead.sock` } },
    });
    await writeContext(directory, "empty", { Endpoints: {} });
    await writeContext(directory, "broken", "{");
    await writeContext(directory, "unsafe", {
      Endpoints: { docker: { Host: "tcp://lab:2376", SkipTLSVerify: true } },
    });
    await writeContext(directory, "half", {
      Endpoints: { docker: { Host: "tcp://lab:2376" } },
    }, { "cert.pem": "CERT" });
    const cases: readonly (readonly [Env, RegExp])[] = [
      [{ DOCKER_HOST: "unix:///nonexistent/docker.sock" }, /no such socket/],
      [{ DOCKER_HOST: "nonsense" }, /must start with unix:/],
      [{ DOCKER_HOST: "npipe:////./pipe/docker_engine" }, /named pipe/],
      [{ DOCKER_CONTEXT: "absent" }, /"absent": it does not exist/],
      [{ DOCKER_CONTEXT: "../../etc" }, /it does not exist/],
      [{ DOCKER_CONTEXT: "dead" }, /no such socket/],
      [{ DOCKER_CONTEXT: "empty" }, /names no docker endpoint/],
      [{ DOCKER_CONTEXT: "broken" }, /it is not JSON/],
      [{ DOCKER_CONTEXT: "unsafe" }, /skips the check of the certificate/],
      [{ DOCKER_CONTEXT: "half" }, /cert\.pem without key\.pem/],
      [
        { DOCKER_HOST: "tcp://127.0.0.1:1", DOCKER_CERT_PATH: `${directory}/none` },
        /holds none of ca\.pem, cert\.pem and key\.pem/,
      ],
    ];
    for (const [env, reason] of cases) {
      const error = await unreachable({ DOCKER_CONFIG: directory, ...env });
      assert.equal(error.candidates.length, 1);
      assert.equal(error.candidates[0]?.explicit, true);
      assert.match(error.candidates[0]?.reason ?? "", reason);
      assert.match(error.message, /never replaced by another one$/);
    }
  });
});

Deno.test("connectEngine() refuses a docker configuration that cannot be read", async () => {
  await inTempDir(async (directory) => {
    await Deno.writeTextFile(`${directory}/config.json`, "[oops");
    const error = await unreachable({ DOCKER_CONFIG: directory });
    assert.match(error.message, /config\.json": it is not JSON/);
    await Deno.remove(`${directory}/config.json`);
    await Deno.mkdir(`${directory}/config.json`);
    assert.match((await unreachable({ DOCKER_CONFIG: directory })).message, /it is a directory/);
  });
});

Deno.test("connectEngine() refuses an API version that is none, or that the engine lacks", async () => {
  await using engine = await connectEngine();
  for (
    const [version, reason] of [
      ["latest", /must look like "1\.41"/],
      ["1.999", /API 1\.999 is needed, it speaks 1\./],
    ] as const
  ) {
    const error = await unreachable({ DOCKER_HOST: engine.host, DOCKER_API_VERSION: version });
    assert.match(error.candidates[0]?.reason ?? "", reason);
  }
  const env = reader({ DOCKER_HOST: engine.host, DOCKER_API_VERSION: "1.40" });
  await using older = await connectEngine({ env });
  assert.equal(older.apiVersion, "1.40");
});

Deno.test("connectEngine() gives the reason of the caller's signal", async () => {
  await inTempDir(async (directory) => {
    const hung = Deno.listen({ transport: "unix", path: `${directory}/hung.sock` });
    const controller = new AbortController();
    const accepting = (async () => {
      for await (const connection of hung) {
        await connection.read(new Uint8Array(4096));
        controller.abort(new Error("enough"));
        await connection.read(new Uint8Array(4096));
        connection.close();
      }
    })();
    const error = await thrownBy(connectEngine({
      host: `unix://${directory}/hung.sock`,
      signal: controller.signal,
    }));
    assert.equal((error as Error).message, "enough");
    hung.close();
    await accepting;
    assert.equal(
      await thrownBy(connectEngine({ signal: AbortSignal.abort("no time") })),
      "no time",
    );
  });
});

Deno.test("connectEngine() does not go through HTTP_PROXY", async () => {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("OK", { headers: { "api-version": "1.41" } }),
  );
  const script = `import { connectEngine } from ${
    JSON.stringify(new URL("../../lib/engine/mod.ts", import.meta.url).href)
  };
    await using engine = await connectEngine({ host: "tcp://127.0.0.1:${server.addr.port}" });
    console.log(engine.apiVersion);`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    env: { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9" },
    stdin: "null",
  }).output();
  await server.shutdown();
  assert.equal(new TextDecoder().decode(stdout), "1.41\n", new TextDecoder().decode(stderr));
});

const notRoot = Deno.build.os !== "linux" || Deno.uid() !== 0;
Deno.test({
  name: "connectEngine() tells a user without permission that it lacks it (needs root)",
  ignore: notRoot,
  async fn() {
    await inTempDir(async (directory) => {
      await Deno.chmod(directory, 0o755);
      const path = `${directory}/root.sock`;
      const listener = Deno.listen({ transport: "unix", path });
      await Deno.chmod(path, 0o660);
      // The sources may lie where nobody may not read them, so a bundle is run.
      await Deno.writeTextFile(
        `${directory}/main.ts`,
        `import { connectEngine } from ${
          JSON.stringify(new URL("../../lib/engine/mod.ts", import.meta.url).href)
        };
        try { await connectEngine(); } catch (error) { console.log(error.message); }`,
      );
      await new Deno.Command(Deno.execPath(), {
        args: ["bundle", "-q", "-o", `${directory}/main.js`, `${directory}/main.ts`],
        stdin: "null",
      }).output();
      await Deno.copyFile(Deno.execPath(), `${directory}/deno`);
      await Deno.chmod(`${directory}/deno`, 0o755);
      const { stdout, stderr } = await new Deno.Command(`${directory}/deno`, {
        args: ["run", "-A", "--no-config", "--no-lock", `${directory}/main.js`],
        env: { DOCKER_HOST: `unix://${path}`, HOME: "/nonexistent", DENO_DIR: "/tmp/none" },
        uid: 65534,
        gid: 65534,
        cwd: "/",
        stdin: "null",
      }).output();
      listener.close();
      assert.match(
        new TextDecoder().decode(stdout),
        /root\.sock \(DOCKER_HOST\): permission denied: this user may not open the socket/,
        new TextDecoder().decode(stderr),
      );
    });
  },
});

Deno.test({
  name: "connectEngine() lists every usual place where there is no engine at all (needs root)",
  ignore: notRoot,
  async fn() {
    const script = `import { connectEngine } from ${
      JSON.stringify(new URL("../../lib/engine/mod.ts", import.meta.url).href)
    };
      try { await connectEngine(); } catch (error) { console.log(error.message); }`;
    const { stdout, stderr } = await new Deno.Command("unshare", {
      args: [
        ...["-m", "--propagation", "private", "sh", "-c"],
        'mount -t tmpfs none /run; mount -t tmpfs none /var/run; exec "$@"',
        ...["sh", Deno.execPath(), "eval", script],
      ],
      env: {
        HOME: "/nonexistent",
        XDG_RUNTIME_DIR: "/nonexistent/run",
        XDG_STATE_HOME: `/nonexistent/${"x".repeat(100)}`,
        DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
        DOCKER_HOST: "",
        DOCKER_CONTEXT: "",
        DOCKER_CONFIG: "",
      },
      stdin: "null",
    }).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    assert.equal(lines.length, 13, new TextDecoder().decode(stderr));
    assert.equal(lines[0], "Cannot find a container engine, tried:");
    assert.equal(lines[1], "  unix:///var/run/docker.sock (usual socket): no such socket");
    for (const line of lines.slice(2, 11)) assert.match(line, /\): no such socket$/);
    assert.match(lines[11] ?? "", /\(superorch engine ensure\): .* at most 107 bytes/);
    assert.equal(lines[12], "Start one with: superorch engine ensure");
  },
});
