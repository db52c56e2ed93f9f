// gate-timeout: 300 s
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { ContainerStartError, findKept, removeKept } from "../../lib/containers/mod.ts";
import { compareVersions } from "../../lib/engine/mod.ts";
import { tarStream } from "../../lib/engine/tar/mod.ts";
import { makeTls } from "../support/tls_material.ts";
import { sceneTest, shell, sleeper, tempDir, textOf, thrownBy, within } from "./support.ts";

/** One of 256 networks that no other test uses, so that two runs at once seldom meet. */
function subnet(): string {
  return `10.214.${crypto.getRandomValues(new Uint8Array(1))[0]}`;
}

sceneTest(
  "static IPv4, IPv6 and MAC addresses are those that the container has, in the network's ranges",
  async ({ network: make, engine }) => {
    const v4 = subnet();
    const v6 = `fd${v4.split(".")[2]!.padStart(2, "0").slice(-2)}:5053::`;
    const network = await make("addresses", {
      ipv6: true,
      subnets: [
        { subnet: `${v4}.0/24`, gateway: `${v4}.254`, range: `${v4}.64/26` },
        { subnet: `${v6}/64` },
      ],
    });
    network.add(
      sleeper("fixed", { ipv4: `${v4}.9`, ipv6: `${v6}9`, mac: "02:42:0a:d6:00:09" }),
      sleeper("free"),
      shell("pinger", `ping -c1 -W5 ${v4}.9 && ping6 -c1 -W5 ${v6}9`, { dependsOn: ["fixed"] }),
    );
    await network.run();
    await network.wait(["pinger"], { timeoutMs: 20_000 });
    const fixed = network.container("fixed");
    const addresses = (await fixed.exec(["ip", "address", "show", "eth0"])).stdoutText();
    assert.match(addresses, new RegExp(`inet ${v4}\\.9/24`));
    assert.match(addresses, new RegExp(`inet6 ${v6}9/64`));
    assert.match(addresses, /link\/ether 02:42:0a:d6:00:09/);
    assert.equal(await fixed.ipv6Address(), `${v6}9`);
    const route = (await fixed.exec(["ip", "route"])).stdoutText();
    assert.match(route, new RegExp(`default via ${v4}\\.254 `));
    const given = Number((await network.container("free").ipAddress()).split(".")[3]);
    assert.ok(given >= 64 && given < 128, `${given} is not in the range`);
    const { IPAM, EnableIPv6 } = await engine.networks.inspect(network.engineName);
    assert.equal(EnableIPv6, true);
    assert.deepEqual(IPAM.Config?.map(({ Subnet }) => Subnet), [`${v4}.0/24`, `${v6}/64`]);
  },
);

sceneTest("a UDP port is published, and is no TCP port", async ({ network: make }) => {
  const network = await make();
  network.add(sleeper("a", { ports: [{ container: 7000, protocol: "udp" }] }));
  await network.run();
  const { host, port } = await network.container("a").publishedPort(7000, "udp");
  assert.equal(host, "127.0.0.1");
  await thrownBy(TypeError, network.container("a").publishedPort(7000));
  const { Ports } = (await network.container("a").inspect()).NetworkSettings;
  assert.deepEqual(Ports, { "7000/udp": [{ HostIp: host, HostPort: String(port) }] });
  // The engine has taken the port of this machine.
  const socket = createSocket("udp4");
  const code = await new Promise((resolve) => {
    socket.on("error", (error: { code?: string }) => resolve(error.code));
    socket.bind(port, host, () => resolve("free"));
  });
  socket.close();
  assert.equal(code, "EADDRINUSE");
});

sceneTest(
  "named volumes outlive a run, tmpfs has its size and mode, and both can be read-only",
  async ({ network: make, engine }) => {
    const volume = `features-${crypto.randomUUID()}`;
    const [first, second] = [await make(), await make()];
    try {
      first.add(shell("writer", "echo kept > /data/file; stat -c %a /scratch; df -k /scratch", {
        volumes: [
          { volume, target: "/data" },
          { tmpfs: "/scratch", sizeBytes: 3 * 1024 * 1024, mode: 0o750 },
        ],
      }));
      await first.run();
      const text = (await first.wait()).get("writer")!.stdoutText();
      assert.match(text, /^750\n/);
      assert.match(text, /\n(tmpfs|none) +3072 .*\/scratch\n/);
      await first.terminateAll();

      second.add(
        shell("reader", "cat /data/file; echo x > /data/file", {
          volumes: [{ volume, target: "/data", readOnly: true }],
          allowUnsuccessful: true,
        }),
        // The directory has files in the image.
        shell("empty", "ls -A /etc", {
          volumes: [{ volume: `${volume}-etc`, target: "/etc", noCopy: true }],
        }),
      );
      await second.run();
      const results = await second.wait();
      assert.equal(results.get("reader")!.stdoutText(), "kept\n");
      assert.match(results.get("reader")!.stderrText(), /Read-only file system/);
      assert.doesNotMatch(results.get("empty")!.stdoutText(), /passwd/);
    } finally {
      for (const network of [first, second]) await network.terminateAll();
      for (const name of [volume, `${volume}-etc`]) {
        await engine.volumes.remove(name, { force: true });
      }
    }
  },
);

sceneTest(
  "files, directories, bytes and tar streams go in before and after the start, and come out again",
  async ({ network: make }) => {
    await using directory = await tempDir();
    const from = `${directory.path}/from`;
    await Deno.mkdir(`${from}/inner`, { recursive: true });
    await Deno.writeTextFile(`${from}/inner/script`, "#!/bin/sh\necho ran\n");
    await Deno.chmod(`${from}/inner/script`, 0o750);
    const network = await make();
    network.add(
      shell("a", "/in/inner/script; stat -c '%a %u %g' /in/inner/script /own; sleep 1000", {
        files: [
          { target: "/in", source: from },
          { target: "/own", content: "text", mode: 0o604, uid: 12, gid: 34 },
        ],
      }),
    );
    await network.run();
    await network.waitFor("a", { log: "604 12 34" }, { timeoutMs: 10_000 });
    const a = network.container("a");
    assert.match(new TextDecoder().decode(a.stdout()), /^ran\n750 \d+ \d+\n604 12 34\n$/);

    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251);
    await a.copyIn("/later/deep/bytes", { content: bytes });
    await a.copyIn("/later/file", { source: `${from}/inner/script` });
    await a.copyIn("/unpacked", {
      tar: tarStream([{
        kind: "file",
        path: "x/y",
        content: new TextEncoder().encode("tar"),
        mode: 0o640,
      }]),
    });
    const seen = await a.exec([
      "sh",
      "-c",
      "stat -c %a /later/file /unpacked/x/y; cat /unpacked/x/y; md5sum < /later/deep/bytes",
    ]);
    assert.match(seen.stdoutText(), /^750\n640\ntar[0-9a-f]{32} /);

    await a.copyOut("/later", directory.path);
    assert.deepEqual(await Deno.readFile(`${directory.path}/later/deep/bytes`), bytes);
    assert.equal((await Deno.stat(`${directory.path}/later/file`)).mode! & 0o777, 0o750);
    assert.equal(new TextDecoder().decode(await a.readFile("/own")), "text");
    assert.equal(await a.exists("/own"), true);
    assert.equal(await a.exists("/nowhere"), false);
    await a.stop({ timeoutMs: 0 });
    assert.deepEqual(await a.readFile("/later/deep/bytes"), bytes, "also when it does not run");
  },
);

sceneTest(
  "the input of an attachment can end before the output does",
  async ({ network: make }) => {
    const network = await make();
    network.add(shell("counter", "wc -c; echo done >&2", { stdin: true }));
    await network.run();
    const counter = network.container("counter");
    const pieces = { stdout: "", stderr: "" };
    await using attachment = await counter.attach({
      onOutput: (stream, piece) => pieces[stream] += new TextDecoder().decode(piece),
    });
    for (let round = 0; round < 16; round++) await attachment.write(new Uint8Array(65_536));
    await attachment.closeInput();
    await within(20_000, attachment.ended);
    assert.deepEqual(pieces, { stdout: "1048576\n", stderr: "done\n" });
    assert.equal((await network.wait()).get("counter")?.stdoutText(), "1048576\n");
  },
);

sceneTest("a health check is defined in all its parts", async ({ network: make }) => {
  const network = await make();
  network.add(
    sleeper("a", {
      health: { test: ["true"], intervalMs: 250, timeoutMs: 1500, retries: 7, startPeriodMs: 2000 },
    }),
    sleeper("b", { health: "test -e /" }),
  );
  await network.run();
  const check = async (name: string) =>
    (await network.container(name).inspect()).Config.Healthcheck;
  assert.deepEqual(await check("a"), {
    Test: ["CMD", "true"],
    Interval: 250e6,
    Timeout: 1500e6,
    StartPeriod: 2000e6,
    Retries: 7,
  });
  assert.deepEqual((await check("b"))?.Test, ["CMD-SHELL", "test -e /"]);
});

sceneTest(
  "limits of memory, processors, processes and files are what the kernel holds it to",
  async ({ network: make }) => {
    const network = await make();
    network.add(sleeper("a", {
      memoryBytes: 64 * 1024 * 1024,
      memorySwapBytes: 64 * 1024 * 1024,
      cpus: 0.5,
      cpuset: "0",
      pidsLimit: 50,
      ulimits: { nofile: { soft: 123, hard: 456 }, core: { soft: 0 } },
      shmBytes: 5 * 1024 * 1024,
      oomScoreAdj: 321,
    }));
    await network.run();
    const a = network.container("a");
    const read = async (script: string) => (await a.exec(["sh", "-c", script])).stdoutText().trim();
    // Control groups of version 1, else those of version 2.
    const group = (one: string, two: string) =>
      read(`cat /sys/fs/cgroup/${one} 2>/dev/null || cat /sys/fs/cgroup/${two}`);
    assert.equal(await group("memory/memory.limit_in_bytes", "memory.max"), "67108864");
    assert.match(await group("cpu/cpu.cfs_quota_us", "cpu.max"), /^50000( 100000)?$/);
    assert.equal(await group("cpuset/cpuset.cpus", "cpuset.cpus"), "0");
    assert.equal(await group("pids/pids.max", "pids.max"), "50");
    // Of its first process: that of an exec may have the hard limit as its soft one, where runc was
    // built with a Go that raises it for itself.
    const limits = await read("cat /proc/1/limits");
    assert.match(limits, /^Max open files +123 +456 /m);
    assert.match(limits, /^Max core file size +0 +0 /m);
    assert.match(await read("df -k /dev/shm"), /\n\S+ +5120 /);
    assert.equal(await read("cat /proc/1/oom_score_adj"), "321");
  },
);

sceneTest(
  "quotas, rules for devices and the volumes of others are what is inside",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      sleeper("owner", { volumes: [{ volume: "data", target: "/data" }] }),
      sleeper("a", {
        cpuPeriodUs: 50_000,
        cpuQuotaUs: 20_000,
        deviceCgroupRules: ["c 7:9 r"],
        volumesFrom: ["owner:ro"],
        cgroup: "private",
      }),
    );
    await network.run();
    const read = async (name: string, script: string) =>
      (await network.container(name).exec(["sh", "-c", script])).stdoutText().trim();
    await read("owner", "echo from owner >/data/x");
    assert.equal(await read("a", "cat /data/x"), "from owner");
    assert.equal(await read("a", "touch /data/y 2>/dev/null || echo refused"), "refused");
    const quota = await read(
      "a",
      "cat /sys/fs/cgroup/cpu.max 2>/dev/null || " +
        "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us",
    );
    assert.match(quota, /^20000\s50000$/);
    const { HostConfig } = await network.container("a").inspect();
    assert.deepEqual(HostConfig.DeviceCgroupRules, ["c 7:9 r"]);
    assert.equal(await read("a", "cut -d: -f3 /proc/1/cgroup | sort -u"), "/");
    const twice = await make();
    twice.add(sleeper("b", { cpus: 1, cpuQuotaUs: 10_000 }));
    const error = await thrownBy(TypeError, twice.run());
    assert.match(error.message, /"cpus" and "cpuQuotaUs" say the same/);
  },
);

sceneTest(
  "what the engine does otherwise than asked is told",
  async ({ engine, network: make, progress }) => {
    const network = await make();
    network.add(
      sleeper("a", { health: { test: ["true"], intervalMs: 500, startIntervalMs: 100 } }),
    );
    await network.run();
    const { Config } = await network.container("a").inspect();
    const knows = compareVersions(engine.apiVersion, "1.44") >= 0;
    const told = progress.filter((line) => line.startsWith('warning: container "a": '));
    assert.equal(told.length, knows ? 0 : 1, told.join("\n"));
    assert.equal(
      (Config.Healthcheck as { StartInterval?: number }).StartInterval ?? 0,
      knows ? 1e8 : 0,
    );
  },
);

sceneTest(
  "capabilities, kernel parameters, devices and an init are what is inside",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      sleeper("plain"),
      sleeper("special", {
        capAdd: ["NET_ADMIN"],
        capDrop: ["CHOWN"],
        sysctls: { "net.ipv4.ip_unprivileged_port_start": "17" },
        devices: [{ host: "/dev/zero", container: "/dev/nothing", permissions: "r" }],
        init: true,
        readOnly: true,
        groups: ["4711"],
        securityOptions: ["no-new-privileges"],
        extraHosts: { elsewhere: "192.0.2.7" },
        dns: ["192.0.2.53"],
        dnsSearch: ["example.org"],
      }),
    );
    await network.run();
    const inside = async (name: string, script: string) =>
      (await network.container(name).exec(["sh", "-c", script])).stdoutText().trim();
    const capabilities = async (name: string) =>
      BigInt(`0x${await inside(name, "grep CapEff /proc/1/status | cut -f2")}`);
    const CHOWN = 1n << 0n;
    const NET_ADMIN = 1n << 12n;
    const plain = await capabilities("plain");
    assert.equal(plain & (CHOWN | NET_ADMIN), CHOWN);
    assert.equal(await capabilities("special"), (plain | NET_ADMIN) & ~CHOWN);

    assert.equal(
      await inside("special", "cat /proc/sys/net/ipv4/ip_unprivileged_port_start"),
      "17",
    );
    assert.equal(
      await inside("special", "head -c 4 /dev/nothing | md5sum"),
      await inside(
        "plain",
        "head -c 4 /dev/zero | md5sum",
      ),
    );
    assert.match(await inside("special", "cat /proc/1/cmdline"), /init/);
    assert.match(await inside("plain", "cat /proc/1/cmdline"), /^sleep/);
    assert.match(await inside("special", "touch /x 2>&1"), /Read-only file system/);
    assert.match(await inside("special", "id -G"), /\b4711\b/);
    assert.match(await inside("special", "cat /proc/1/status"), /NoNewPrivs:\t1/);
    assert.match(await inside("special", "cat /etc/hosts"), /^192\.0\.2\.7\telsewhere$/m);
    const { HostConfig } = await network.container("special").inspect();
    assert.equal(HostConfig.Devices?.[0]?.CgroupPermissions, "r"); // /dev/zero is everybody's
    assert.deepEqual(HostConfig.Dns, ["192.0.2.53"]); // its resolv.conf names the engine's resolver
    assert.match(await inside("special", "cat /etc/resolv.conf"), /^search example\.org$/m);
  },
);

sceneTest(
  "a privileged container has every capability, or the engine says that it has not got them all",
  async ({ network: make }) => {
    const network = await make();
    network.add(shell("a", "grep CapEff /proc/1/status; ls /dev", { privileged: true }));
    try {
      await network.run();
    } catch (error) {
      // An engine that was itself not given everything, as in some virtual machines.
      assert.match(textOf(error), /unable to apply caps: operation not permitted/);
      return;
    }
    const text = (await network.wait()).get("a")!.stdoutText();
    const effective = BigInt(`0x${/CapEff:\t([0-9a-f]+)/.exec(text)?.[1]}`);
    assert.equal(effective >> 21n & 1n, 1n, "SYS_ADMIN");
    assert.match(text, /^kmsg$/m);
  },
);

sceneTest(
  "user, directory, environment and host name are those inside",
  async ({ network: make }) => {
    const network = await make();
    network.add(shell("a", "id -u; id -g; pwd; echo $GREETING; hostname; hostname -f", {
      user: "1234:567",
      workdir: "/made/for/it",
      env: { GREETING: "hello $HOME\tand\\n" },
      hostname: "other",
      domainname: "example.org",
    }));
    await network.run();
    const text = (await network.wait()).get("a")!.stdoutText();
    assert.match(
      text,
      /^1234\n567\n\/made\/for\/it\nhello \$HOME\sand\\n\nother\nother\.example\.org\n$/,
    );
  },
);

sceneTest("a platform that the image is not for is refused", async ({ network: make }) => {
  const own = Deno.build.arch === "x86_64" ? "amd64" : "arm64";
  const other = own === "amd64" ? "arm64" : "amd64";
  const network = await make();
  network.add(shell("right", "true", { platform: `linux/${own}` }));
  await network.run();
  await network.wait();
  const wrong = await make();
  wrong.add(shell("wrong", "true", { platform: `linux/${other}`, pull: "never" }));
  const error = await thrownBy(Error, wrong.run());
  assert.match(textOf(error), /does not match the specified platform|wrong/);
  assert.ok(textOf(error).includes(ContainerStartError.name), textOf(error));
});

sceneTest(
  "pause, restart, rename, kill and stop do what they say, and the run goes on",
  async ({ network: make, engine }) => {
    const network = await make();
    network.add(
      shell(
        "a",
        "trap 'echo hangup' HUP; trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done",
        {
          restart: { onFailure: { maxRetries: 0 } },
          allowUnsuccessful: true,
        },
      ),
    );
    await network.run();
    await network.waitFor("a", { log: "ready" }, { timeoutMs: 10_000 });
    const a = network.container("a");
    const state = async () => (await a.inspect()).State;
    await a.pause();
    assert.equal((await state()).Status, "paused");
    await a.unpause();
    assert.equal((await state()).Status, "running");

    const before = (await state()).StartedAt;
    await a.restart({ timeoutMs: 5_000 });
    assert.notEqual((await state()).StartedAt, before);
    assert.deepEqual(network.activeNames, ["a"]);
    await network.waitFor("a", { log: "ready", times: 2 }, { timeoutMs: 10_000 });

    await a.kill("SIGHUP");
    await network.waitFor("a", { log: "hangup" }, { timeoutMs: 10_000 });

    const name = `renamed-${crypto.randomUUID()}`;
    await engine.containers.rename(a.id, name);
    assert.equal((await a.inspect()).Name, `/${name}`);
    assert.equal((await a.exec(["true"])).exitCode, 0);

    await a.stop({ timeoutMs: 5_000 });
    const result = (await network.wait(["a"], { timeoutMs: 10_000 })).get("a");
    assert.equal(result?.exitCode, 3);
  },
);

sceneTest("a restart policy is the engine's", async ({ network: make }) => {
  const network = await make();
  network.add(
    sleeper("a", { restart: "unless-stopped" }),
    sleeper("b", { restart: { onFailure: { maxRetries: 4 } } }),
  );
  await network.run();
  const policy = async (name: string) =>
    (await network.container(name).inspect()).HostConfig.RestartPolicy;
  assert.deepEqual(await policy("a"), { Name: "unless-stopped", MaximumRetryCount: 0 });
  assert.deepEqual(await policy("b"), { Name: "on-failure", MaximumRetryCount: 4 });
});

sceneTest(
  "an HTTP condition speaks TLS to whom it trusts, and asks no proxy for what is here",
  async () => {
    const { ca, server } = await makeTls();
    await using directory = await tempDir();
    await Deno.writeTextFile(`${directory.path}/ca.pem`, ca);
    const holds = async (scheme: string, env: Readonly<Record<string, string>>) => {
      const tls = scheme === "https";
      await using web = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {}, ...tls ? server : {} },
        () => new Response("hello"),
      );
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", HTTP_CONDITION, scheme, String(web.addr.port)],
        env,
        stdin: "null",
        signal: AbortSignal.timeout(60_000),
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout);
    };
    assert.equal(await holds("https", { DENO_CERT: `${directory.path}/ca.pem` }), "true\n");
    assert.equal(await holds("https", {}), "false\n");
    assert.equal(await holds("http", { HTTP_PROXY: "http://127.0.0.1:9" }), "true\n");
  },
);

const HTTP_CONDITION = new URL("programs/http_condition.ts", import.meta.url).pathname;
const KEPT = new URL("programs/kept.ts", import.meta.url).pathname;

sceneTest(
  "what is kept is found again by other processes, made again when it changed, and made once by two",
  async ({ engine }) => {
    const project = `kept-${crypto.randomUUID().slice(0, 8)}`;
    const up = async (words: string): Promise<Readonly<Record<string, string>>> => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", KEPT, project, words],
        stdin: "null",
        signal: AbortSignal.timeout(60_000),
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      return JSON.parse(new TextDecoder().decode(stdout));
    };
    try {
      const [first, second] = await Promise.all([up("one"), up("one")]);
      assert.deepEqual(second, first, "two at once");
      const changed = await up("two");
      assert.equal(changed["same"], first["same"]);
      assert.notEqual(changed["words"], first["words"]);
      const { containers } = (await findKept(engine, project))!;
      assert.deepEqual(
        Object.fromEntries([...containers].map(([name, { Id }]) => [name, Id])),
        changed,
      );
    } finally {
      await removeKept(engine, project, { graceMs: 0 });
    }
    assert.equal(await findKept(engine, project), undefined);
  },
);
