import assert from "node:assert/strict";
import { diagnose, type Diagnosis } from "../../lib/doctor/mod.ts";
import { checkSocket } from "../../lib/doctor/_check_place.ts";
import { checkDisk, parseDf } from "../../lib/doctor/_check_disk.ts";
import { superorch } from "../support/cli.ts";

const HELLO = { "api-version": "1.41", "ostype": "linux" };

/** What a fake engine says; one without `info` never answers. */
interface FakeEngine {
  readonly info?: Record<string, unknown>;
  readonly version?: Record<string, unknown>;
  readonly mode?: number;
}

/** A socket that speaks like an engine, for what a real one here cannot be made to say. */
async function withFakeEngine(
  { info, version, mode = 0o600 }: FakeEngine,
  body: (path: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/e.sock`;
  const hanging = new AbortController();
  const server = Deno.serve({ path, onListen: () => {} }, async (request) => {
    const name = new URL(request.url).pathname.replace(/^\/v[\d.]+/, "");
    if (name === "/_ping") return new Response("OK", { headers: HELLO });
    if (name === "/info" && info !== undefined) return Response.json(info);
    if (name === "/version" && version !== undefined) return Response.json(version);
    if (info !== undefined) return Response.json({ message: "unknown" }, { status: 404 });
    await new Promise((resolve) => hanging.signal.addEventListener("abort", resolve));
    return new Response("", { status: 500 });
  });
  await Deno.chmod(path, mode);
  try {
    await body(path);
  } finally {
    hanging.abort();
    await server.shutdown();
    await Deno.remove(directory, { recursive: true });
  }
}

const emptyEnv = () => undefined;

function state({ checks }: Diagnosis, name: string): string | undefined {
  return checks.find((check) => check.name === name)?.state;
}

Deno.test("doctor works without any engine: it says so, and what mends it, and exits 1", async () => {
  const env = { DOCKER_HOST: "unix:///nonexistent/docker.sock", DOCKER_CONTEXT: "" };
  const { code, stdout, stderr } = await superorch(["doctor"], { env });
  assert.equal(code, 1);
  assert.equal(stderr, "");
  assert.match(stdout, /^failure {2}engine {5}unix:\/\/\/nonexistent\/docker\.sock, named by/m);
  assert.match(stdout, /^ +try: unset DOCKER_HOST/m);
  assert.match(stdout, /^Not looked at: .*version.*dns/m);
  const json = await superorch(["doctor", "--json"], { env });
  assert.equal(json.code, 1);
  const report = JSON.parse(json.stdout);
  assert.deepEqual(Object.keys(report), ["ok", "checks", "skipped", "tried"]);
  assert.equal(report.ok, false);
  assert.deepEqual(report.tried, [{
    source: "DOCKER_HOST",
    host: "unix:///nonexistent/docker.sock",
    explicit: true,
    outcome: "failed",
    reason: "no such socket",
  }]);
  for (const check of report.checks) {
    assert.match(check.state, /^(ok|warning|failure)$/);
    assert.equal(typeof check.message, "string");
  }
});

Deno.test("without anything usual, each place is named with its reason, and `engine ensure`", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const variables: Record<string, string> = { HOME: directory };
    const diagnosis = await diagnose({ env: (name) => variables[name], container: false });
    // The machine may have an engine at the usual socket; then that is what is found.
    if (state(diagnosis, "engine") === "failure") {
      assert.equal(diagnosis.checks[0]?.mend, "superorch engine ensure");
    }
    assert.ok(diagnosis.tried.length >= 8);
    assert.ok(diagnosis.tried.some(({ host }) => host.startsWith(`unix://${directory}/`)));
    assert.ok(diagnosis.tried.every(({ outcome, reason }) => outcome !== "failed" || reason));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a socket that accepts and says nothing is a failure after a bounded time", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/s.sock`;
  const listener = Deno.listen({ transport: "unix", path });
  const accepted: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) accepted.push(connection);
  })();
  try {
    const diagnosis = await diagnose({ host: `unix://${path}`, env: emptyEnv });
    assert.equal(state(diagnosis, "engine"), "failure");
    assert.match(diagnosis.tried[0]?.reason ?? "", /1500 ms|1\.5 s/);
  } finally {
    listener.close();
    await accepting;
    for (const connection of accepted) connection.close();
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("an engine that stops to answer fails each check in the time of a check", async () => {
  await withFakeEngine({}, async (path) => {
    const begin = performance.now();
    const diagnosis = await diagnose({
      host: `unix://${path}`,
      env: emptyEnv,
      checkTimeoutMs: 300,
    });
    assert.equal(state(diagnosis, "engine"), "ok");
    for (const name of ["version", "api", "storage", "cgroups", "leftovers", "container"]) {
      assert.equal(state(diagnosis, name), "failure", name);
    }
    assert.ok(performance.now() - begin < 20_000);
  });
});

Deno.test("an old engine, a slow storage driver, missing limits and an open socket are warnings", async () => {
  await withFakeEngine({
    mode: 0o666,
    version: { Version: "19.03.15", ApiVersion: "1.41", Os: "linux", Arch: "amd64" },
    info: {
      Driver: "vfs",
      DockerRootDir: "/nonexistent/data",
      CgroupVersion: "1",
      Warnings: ["WARNING: No swap limit support", "WARNING: bridge-nf-call-iptables is disabled"],
    },
  }, async (path) => {
    const diagnosis = await diagnose({
      host: `unix://${path}`,
      env: emptyEnv,
      container: false,
      checkTimeoutMs: 1_000,
    });
    for (const name of ["version", "storage", "cgroups", "warnings", "socket"]) {
      assert.equal(state(diagnosis, name), "warning", JSON.stringify(diagnosis.checks, null, 1));
      assert.ok(diagnosis.checks.find((check) => check.name === name)?.mend, name);
    }
    const warnings = diagnosis.checks.find(({ name }) => name === "warnings");
    assert.equal(warnings?.message, "bridge-nf-call-iptables is disabled");
    assert.equal(warnings?.mend, "sudo modprobe br_netfilter");
    assert.ok(diagnosis.skipped.includes("container") && diagnosis.skipped.includes("dns"));
  });
});

Deno.test("what a daemon says cannot drive the terminal", async () => {
  await withFakeEngine({
    info: { Driver: "x\x1b[2J", DockerRootDir: "/", Warnings: ["a\nb\x07"] },
    version: { Version: "20.10.0\x1b]0;owned\x07", ApiVersion: "1.41", Os: "linux", Arch: "amd64" },
  }, async (path) => {
    const { stdout } = await superorch(["doctor", "--no-container"], {
      env: { DOCKER_HOST: `unix://${path}` },
      timeoutMs: 60_000,
    });
    assert.match(stdout, /x\\x1b\[2J/);
    // deno-lint-ignore no-control-regex -- they are what must not be there
    assert.equal(/[\x00-\x09\x0b-\x1f]/.test(stdout), false, JSON.stringify(stdout));
  });
});

Deno.test("a docker context that does not exist, or a broken configuration, is told with its mend", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const variables: Record<string, string> = { DOCKER_CONFIG: directory, DOCKER_CONTEXT: "lab" };
    const env = (name: string) => variables[name];
    const missing = await diagnose({ env });
    const context = missing.checks.find(({ name }) => name === "context");
    assert.equal(context?.state, "failure");
    assert.match(context?.message ?? "", /docker context "lab": it does not exist/);
    assert.equal(context?.mend, "unset DOCKER_CONTEXT");
    variables["DOCKER_HOST"] = "unix:///nonexistent.sock";
    const both = (await diagnose({ env })).checks.find(({ name }) => name === "context");
    assert.equal(both?.state, "warning");
    delete variables["DOCKER_HOST"];
    delete variables["DOCKER_CONTEXT"];
    await Deno.writeTextFile(`${directory}/config.json`, "{");
    const broken = await diagnose({ env });
    assert.ok(broken.checks.some(({ state }) => state === "failure"));
    assert.match(JSON.stringify(broken.checks), /config\.json.*not JSON/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a socket that this user may not open names the group to join", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/s`;
  try {
    await Deno.writeTextFile(path, "");
    await Deno.chmod(path, 0o660);
    const group = Deno.uid() === 0 ? 4 : undefined; // "adm" on Debian
    if (group !== undefined) await Deno.chown(path, 0, group);
    const place = { source: "usual socket", host: `unix://${path}`, explicit: false };
    const finding = await checkSocket(
      [{ ...place, endpoint: { kind: "unix", path } }],
      [{ ...place, outcome: "failed", reason: "permission denied: this user may not" }],
    );
    assert.equal(finding?.state, "failure");
    if (group !== undefined) {
      assert.match(finding?.mend ?? "", /^sudo usermod -aG (adm|4) \$USER, then log in again$/);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a port without TLS is a warning, one with it and ssh are not", async () => {
  const place = { source: "DOCKER_HOST", host: "tcp://lab:2375", explicit: true };
  const look = (endpoint: Parameters<typeof checkSocket>[0][number]["endpoint"]) =>
    checkSocket([{ ...place, endpoint }], [{ ...place, outcome: "used" }]);
  const tcp = { kind: "tcp", hostname: "lab", port: 2375 } as const;
  assert.equal((await look(tcp))?.state, "warning");
  assert.equal((await look({ ...tcp, tls: {} }))?.state, "ok");
  const remotePath = "/var/run/docker.sock";
  assert.equal((await look({ kind: "ssh", hostname: "lab", remotePath }))?.state, "ok");
});

Deno.test("a disk is judged by its free bytes and by its free files", () => {
  const space = { path: "in /", totalBytes: 100 * 2 ** 30, freeFiles: 1e6, totalFiles: 2e6 };
  assert.equal(checkDisk({ ...space, freeBytes: 50 * 2 ** 30 }).state, "ok");
  assert.equal(checkDisk({ ...space, freeBytes: 2 * 2 ** 30 }).state, "warning");
  assert.equal(checkDisk({ ...space, freeBytes: 2 ** 20 }).state, "failure");
  assert.equal(checkDisk({ ...space, freeBytes: 50 * 2 ** 30, freeFiles: 5 }).state, "failure");
  const df = "Filesystem 1024-blocks Used Available Capacity Mounted on\n" +
    "overlay              264212084  30594040  75796872  29% /\n";
  assert.equal(parseDf(df)?.freeBytes, 75796872 * 1024);
  assert.equal(parseDf("no such thing"), undefined);
});

Deno.test("doctor takes no words, and names the option that was meant", async () => {
  assert.equal((await superorch(["doctor", "docker"])).code, 2);
  const { code, stderr } = await superorch(["doctor", "--jsno"]);
  assert.equal(code, 2);
  assert.match(stderr, /Did you mean --json/);
});
