// gate-timeout: 400 s
import assert from "node:assert/strict";
import { BUSYBOX_IMAGE, busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { connectEngine } from "../../lib/engine/mod.ts";
import { podmanFiles } from "../support/podman.ts";
import { sshFiles, startSshServer } from "../support/ssh_server.ts";
import { runProgram } from "../support/cli.ts";
import { writePodmanClient } from "./_podman_client.ts";
import { sameAsPlain } from "./_same_as_plain.ts";
import { FIXTURE, NO_CARGO, Workspace } from "./_workspace.ts";

const podman = await podmanFiles();
const ssh = await sshFiles();

Deno.test("docker build makes the files of plain cargo, and sends no flag that it lacks", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  const { stdout } = await runProgram("/usr/bin/docker", ["--version"]);
  assert.match(stdout, / 20\.10\./);
  // Writes down what it is called with.
  await Deno.writeTextFile(
    `${ws.root}/bin/docker`,
    `#!/bin/sh\necho "$@" >>${ws.root}/calls\nexec /usr/bin/docker "$@"\n`,
    { mode: 0o755 },
  );
  await sameAsPlain(ws, {
    RUSTCBUILDX_RUNNER: "docker",
    PATH: `${ws.root}/bin:${Deno.env.get("PATH")}`,
  });
  const calls = await Deno.readTextFile(`${ws.root}/calls`);
  assert.match(calls, /^build --progress=plain --network=none --target=out-/m);
  assert.doesNotMatch(calls, /^build (?!--help).*--(?:build-context|cache-to|link)/m);
  // Two that start together may both ask; nobody asks again.
  assert.ok(calls.split("\n").filter((line) => line.startsWith("version")).length <= 2, calls);
});

Deno.test("a docker without buildx is passed over for one that can build", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  await Deno.writeTextFile(
    `${ws.root}/bin/docker`,
    `#!/bin/sh\n[ "$1" = version ] && echo 28.0.0 28.0.0 && exit\nexit 1\n`,
    { mode: 0o755 },
  );
  const env = { RUSTCBUILDX_RUNNER: "docker", PATH: `${ws.root}/bin:/usr/bin:/bin` };
  const path = Deno.env.get("PATH")!;
  await ws.build(["build", "-p", "base"], { env: { ...env, PATH: `${env.PATH}:${path}` } });
  assert.deepEqual((await ws.units()).ran, ["base"]);
});

Deno.test("an image with another compiler is refused whoever builds", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  await using engine = await connectEngine();
  await busyboxImage(engine);
  const { code, stderr } = await ws.cargo(["build", "-p", "base"], {
    env: {
      RUSTCBUILDX_RUNNER: "docker",
      CARGOGREEN_BASE_IMAGE: `docker-image://${BUSYBOX_IMAGE}`,
      PATH: `/usr/bin:${Deno.env.get("PATH")}`,
    },
  });
  assert.notEqual(code, 0);
  assert.match(stderr, /Cannot use the image \S+: cargo uses "rustc [^"]+", and the image has ""/);
});

Deno.test("a client that is missing, or whose engine is, is told, and rustc steps in", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  const never = await ws.cargo(["build", "-p", "base"], { env: { RUSTCBUILDX_RUNNER: "buildah" } });
  assert.notEqual(never.code, 0);
  assert.match(never.stderr, /Cannot use the runner buildah: there is no program "buildah"/);
  const gone = await ws.cargo(["build", "-p", "base"], {
    env: {
      RUSTCBUILDX_RUNNER: "docker",
      DOCKER_HOST: "unix:///nope.sock",
      RUSTCBUILDX_FALLBACK: "infra",
      PATH: `/usr/bin:${Deno.env.get("PATH")}`,
    },
  });
  assert.equal(gone.code, 0, gone.stderr);
  assert.equal(gone.stderr.split("compiling here instead").length - 1, 1, gone.stderr);
});

Deno.test("podman makes the files of plain cargo, and never a stale one", {
  ignore: NO_CARGO || podman.skip !== undefined,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  // podman takes no directory for its state with a path of more than 50 bytes.
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "podman-" });
  await writePodmanClient(podman.root!, directory);
  const env = {
    RUSTCBUILDX_RUNNER: "podman",
    PATH: `${directory}/bin:${Deno.env.get("PATH")}`,
  };
  try {
    await sameAsPlain(ws, env);
    const value = async (text: string) => {
      await ws.write({ "base/src/lib.rs": FIXTURE["base/src/lib.rs"]!.replace("a + b", text) });
      await ws.build(["build"], { env, timeoutMs: 300_000 });
      return (await runProgram(`${ws.directory}/target/debug/app`, [])).stdout.split(" ")[0];
    };
    assert.equal(await value("a + b + 1111"), "1114");
    assert.equal(await value("a + b + 2222"), "2225");
  } finally {
    await runProgram(`${directory}/bin/podman`, ["system", "reset", "--force"], {
      timeoutMs: 60_000,
    });
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test(
  "an engine behind ssh builds over one connection for the whole build, and the files come back here",
  {
    ignore: NO_CARGO || ssh.skip !== undefined,
  },
  async () => {
    await using ws = await Workspace.create(FIXTURE);
    await using engine = await connectEngine();
    await using server = await startSshServer({
      files: ssh.root!,
      env: { DOCKER_HOST: engine.host },
    });
    const socket = engine.host.replace("unix://", "");
    await sameAsPlain(ws, {
      DOCKER_HOST: `ssh://127.0.0.1:${server.port}${socket}`,
      PATH: `${server.bin}:${Deno.env.get("PATH")}`,
    });
    const logins = async () => (await server.log()).split("Accepted publickey").length - 1;
    assert.equal(await logins(), 1, await server.log());
    // It ends with cargo; nobody has to wait for that.
    await eventually(() => sshProcesses(server.port).length === 0, "ssh has not ended");
    // The same for docker's own client.
    await ws.write({
      "base/src/lib.rs": FIXTURE["base/src/lib.rs"]!.replace("a + b", "a + b + 9"),
    });
    await ws.build(["build"], {
      env: {
        RUSTCBUILDX_RUNNER: "docker",
        DOCKER_HOST: `ssh://127.0.0.1:${server.port}${socket}`,
        PATH: `${server.bin}:/usr/bin:${Deno.env.get("PATH")}`,
      },
    });
    assert.equal(await logins(), 2, await server.log());
    await eventually(() => sshProcesses(server.port).length === 0, "ssh has not ended");
  },
);

Deno.test("where a server forwards no sockets, each crate has a connection of its own", {
  ignore: NO_CARGO || ssh.skip !== undefined,
}, async () => {
  await using ws = await Workspace.create(FIXTURE);
  await using engine = await connectEngine();
  await using server = await startSshServer({
    files: ssh.root!,
    env: { DOCKER_HOST: engine.host, PATH: "/usr/bin:/bin" },
    forwarding: false,
  });
  await ws.build(["build", "-p", "base"], {
    env: {
      DOCKER_HOST: `ssh://127.0.0.1:${server.port}/nope.sock`,
      PATH: `${server.bin}:${Deno.env.get("PATH")}`,
    },
  });
  assert.deepEqual((await ws.units()).ran, ["base"]);
  await eventually(() => sshProcesses(server.port).length === 0, "ssh has not ended");
});

/** Clients that are connected to a port, and what looks after them. */
function sshProcesses(port: number): string[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0").includes(String(port));
    } catch {
      return false; // it has ended
    }
  });
}

async function eventually(isTrue: () => boolean, otherwise: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!isTrue()) {
    if (Date.now() > deadline) assert.fail(otherwise);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
