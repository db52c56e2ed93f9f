import assert from "node:assert/strict";
import { EngineClient, EngineConnectionError, type EngineEndpoint } from "../../lib/engine/mod.ts";
import { importBusybox } from "../support/busybox_image.ts";
import { isProgram } from "../support/debian_packages.ts";
import { type PrivateEngine, startPrivateEngine } from "../support/private_engine.ts";
import {
  sshFiles,
  type SshServer,
  type SshServerOptions,
  startSshServer,
} from "../support/ssh_server.ts";
import { readOutput, testUnless, thrownBy, within } from "./_engine.ts";

const files = await sshFiles();
const noDocker = files.skip ??
  (await isProgram("docker") ? undefined : "the docker command is not there");

async function withServer(
  options: Omit<SshServerOptions, "files">,
  body: (endpoint: EngineEndpoint, daemon: PrivateEngine, server: SshServer) => Promise<void>,
): Promise<void> {
  await using daemon = await startPrivateEngine();
  const env = { DOCKER_HOST: `unix://${daemon.socketPath}`, ...options.env };
  await using server = await startSshServer({ files: files.root!, ...options, env });
  const path = Deno.env.get("PATH") ?? "";
  Deno.env.set("PATH", `${server.bin}:${path}`);
  try {
    await body(
      {
        kind: "ssh",
        hostname: "127.0.0.1",
        port: server.port,
        remotePath: daemon.socketPath,
      },
      daemon,
      server,
    );
  } finally {
    Deno.env.set("PATH", path);
  }
}

// The ssh processes that this test's engine client started, found by the port.
async function sshProcesses(port: number): Promise<number[]> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const words = (await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "")).split("\0");
    if (/(^|\/)ssh$/.test(words[0] ?? "") && words.includes(String(port))) found.push(Number(name));
  }
  return found;
}

async function echo(engine: EngineClient): Promise<void> {
  const { Id } = await engine.containers.create(undefined, {
    Image: "ssh:local",
    Cmd: ["wc", "-c"],
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: { NetworkMode: "none" },
  });
  const stream = await engine.containers.attach(Id, { stdin: true });
  await engine.containers.start(Id);
  await stream.write(new Uint8Array(200_000));
  await stream.closeWrite();
  assert.equal((await within(20_000, "wc", readOutput(stream))).stdout.trim(), "200000");
  await engine.containers.remove(Id, { force: true });
}

async function temporaryDirectories(): Promise<number> {
  const names = await Array.fromAsync(Deno.readDir("/tmp"));
  return names.filter(({ name }) => name.startsWith("superorch-ssh-")).length;
}

testUnless(files.skip, "ssh carries all calls and raw streams through one process", async () => {
  const before = await temporaryDirectories();
  await withServer({}, async (endpoint, _daemon, server) => {
    {
      await using engine = await EngineClient.open(endpoint);
      await importBusybox(engine, "ssh:local");
      await echo(engine);
      await Promise.all(Array.from({ length: 10 }, () => engine.system.info()));
      assert.equal((await sshProcesses(server.port)).length, 1);
    }
    assert.deepEqual(await sshProcesses(server.port), []);
  });
  assert.equal(await temporaryDirectories(), before);
});

testUnless(
  noDocker,
  "ssh runs docker system dial-stdio where sockets may not be forwarded",
  async () => {
    const before = await temporaryDirectories();
    await withServer({ forwarding: false }, async (endpoint, _daemon, server) => {
      {
        await using engine = await EngineClient.open(endpoint);
        await importBusybox(engine, "ssh:local");
        await echo(engine);
        await Promise.all(Array.from({ length: 4 }, () => engine.system.info()));
      }
      assert.deepEqual(await sshProcesses(server.port), []);
    });
    assert.equal(await temporaryDirectories(), before);
  },
);

testUnless(files.skip, "ssh that leads nowhere says so in its own words, in one line", async () => {
  const before = await temporaryDirectories();
  const cases: readonly (readonly [Omit<SshServerOptions, "files">, RegExp])[] = [
    [{ knownHost: false }, /ssh to "127\.0\.0\.1" ended: Host key verification failed$/],
    [{ knownKey: false }, /ssh to "127\.0\.0\.1" ended: .*Permission denied \(publickey\)$/],
    [
      { forwarding: false, env: { DOCKER_HOST: "unix:///nonexistent.sock" } },
      /open failed.*; and docker system dial-stdio: .*(no such file|not found|daemon)/,
    ],
  ];
  for (const [options, expected] of cases) {
    await withServer(options, async (endpoint) => {
      const error = await thrownBy(within(20_000, "open", EngineClient.open(endpoint)));
      assert.ok(error instanceof EngineConnectionError, `${error}`);
      assert.match(error.message, expected);
      assert.ok(!error.message.includes("\n"));
    });
  }
  assert.equal(await temporaryDirectories(), before);
});

testUnless(files.skip, "ssh that is killed ends what is under way with a typed error", async () => {
  await withServer({}, async (endpoint, _daemon, server) => {
    await using engine = await EngineClient.open(endpoint);
    const events = await engine.system.events();
    const waiting = thrownBy(events.next());
    const [pid] = await sshProcesses(server.port);
    Deno.kill(pid!, "SIGKILL");
    for (
      const error of [await within(10_000, "events", waiting), await thrownBy(engine.system.info())]
    ) {
      assert.ok(error instanceof EngineConnectionError, `${error}`);
      assert.match(error.message, /ssh to "127\.0\.0\.1" ended/);
    }
  });
});

testUnless(files.skip, "ssh does not outlive a program that is killed", async () => {
  const before = await temporaryDirectories();
  await withServer({}, async (endpoint, _daemon, server) => {
    const script = `import { EngineClient } from ${
      JSON.stringify(new URL("../../lib/engine/mod.ts", import.meta.url).href)
    };
      await EngineClient.open(${JSON.stringify(endpoint)});
      console.log("open");
      setInterval(() => {}, 1000);`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", script],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await within(20_000, "open", reader.read());
    assert.equal((await sshProcesses(server.port)).length, 1);
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    const deadline = Date.now() + 10_000;
    while ((await sshProcesses(server.port)).length > 0 || await temporaryDirectories() > before) {
      assert.ok(Date.now() < deadline, "ssh or its directory is left");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
});

testUnless(files.skip, "ssh gives the reason of the caller's signal", async () => {
  await withServer({}, async (endpoint) => {
    const signal = AbortSignal.abort(new Error("enough"));
    assert.equal(await thrownBy(EngineClient.open(endpoint, { signal })), signal.reason);
  });
});
