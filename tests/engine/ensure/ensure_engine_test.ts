import assert from "node:assert/strict";
import { BareMachine, type Outcome } from "./bare_machine.ts";

const problem = await BareMachine.problem();

/** Ends on SIGTERM, which a first process ignores otherwise: dockerd waits 10 s for those. */
const OBEDIENT = ["sh", "-c", "trap exit TERM; sleep 1000 & wait"];

function bareTest(name: string, work: (machine: BareMachine) => Promise<void>): void {
  Deno.test({
    name: problem === undefined ? name : `${name} [skipped: ${problem}]`,
    ignore: problem !== undefined,
    fn: async () => {
      await using machine = await BareMachine.start();
      await work(machine);
    },
  });
}

// One line, after those that say what was done before.
function assertRefused(outcome: Outcome, pattern: RegExp): void {
  const lines = outcome.stderr.trimEnd().split("\n");
  assert.match(lines.at(-1) ?? "", pattern);
  const progress = /^(Starting|Installing|Checking|Waiting) .*$/;
  assert.deepEqual(lines.slice(0, -1).filter((line) => !progress.test(line)), []);
  assert.equal(outcome.stdout, "");
  assert.equal(outcome.code, 1);
}

bareTest(
  "engine ensure starts an engine that runs containers, and is silent afterwards; stop leaves nothing",
  async (machine) => {
    const first = await machine.engine(["ensure"]);
    assert.equal(first.code, 0, first.stderr);
    assert.equal(first.stdout, "");
    assert.match(
      first.stderr,
      /^Starting dockerd on unix:\/\/\S+\/docker\.sock: \d+\.\d s\nChecking that containers run: \d+\.\d s\n$/,
    );

    const second = await machine.engine(["ensure"]);
    assert.deepEqual(second, { code: 0, stdout: "", stderr: "" });
    const asked = JSON.parse((await machine.engine(["ensure", "--json"])).stdout);
    assert.deepEqual(asked, {
      host: `unix://${machine.socket}`,
      started: false,
      installed: [],
      steps: [],
      warnings: [],
    });
    const status = JSON.parse((await machine.engine(["status", "--json"])).stdout);
    assert.equal(status.used.host, `unix://${machine.socket}`);
    assert.equal(status.used.ours, true);
    assert.equal(status.used.dataDirectory, `${machine.state}/engine/data`);
    assert.equal(status.own.state, "running");
    assert.equal((await machine.processes("dockerd --config")).length, 1);
    // The engine gave its container back, and the image for it stays.
    assert.deepEqual(await machine.docker("GET", "/containers/json?all=1"), []);

    await machine.docker("POST", "/networks/create", { Name: "left" });
    await machine.startContainer("stubborn", ["sleep", "1000"]);
    const stopped = await machine.engine(["stop"]);
    assert.match(
      stopped.stdout,
      /^Stopped the engine; removed 1 container and 1 network: \d+\.\d s\n$/,
    );
    assert.deepEqual(await machine.leftovers(), []);
    assert.deepEqual(
      [...Deno.readDirSync(`${machine.state}/engine`)].map(({ name }) => name).sort(),
      ["daemon.json", "data", "dockerd.log", "exec"],
    );
    const { builder } = JSON.parse(await Deno.readTextFile(`${machine.state}/engine/daemon.json`));
    assert.equal(builder.gc.enabled, true);
    assert.match((await machine.engine(["stop"])).stdout, /^No engine of superorch runs\n$/);

    const again = await machine.engine(["ensure", "-q"]);
    assert.deepEqual(again, { code: 0, stdout: "", stderr: "" });
    const images = await machine.docker("GET", "/images/json") as { RepoTags: string[] }[];
    assert.deepEqual(images.map(({ RepoTags }) => RepoTags), [["superorch/busybox:local"]]);
    const purged = await machine.engine(["stop", "--purge"]);
    assert.match(purged.stdout, /Removed its images, volumes and logs\n$/);
    assert.deepEqual([...Deno.readDirSync(machine.state)], []);
  },
);

bareTest("ensureEngine() called twice at once starts one dockerd", async (machine) => {
  const both = await Promise.all([1, 2, 3].map(() => machine.engine(["ensureEngine"])));
  assert.deepEqual(both.map(({ code }) => code), [0, 0, 0], both.map((b) => b.stderr).join());
  const results = both.map(({ stdout }) => JSON.parse(stdout));
  assert.equal(results.filter(({ started }) => started).length, 1);
  assert.deepEqual(new Set(results.map(({ host }) => host)), new Set([`unix://${machine.socket}`]));
  assert.equal((await machine.processes("dockerd --config")).length, 1);
});

bareTest(
  "ensureEngine() repairs what a kill -9 of dockerd leaves, and stopEngine() clears it away",
  async (machine) => {
    assert.equal((await machine.engine(["ensure"])).code, 0);
    await machine.startContainer("survivor", OBEDIENT);
    await machine.sh(`kill -9 "$(cat ${machine.state}/engine/dockerd.pid)"`);
    assert.match((await machine.engine(["status"])).stdout, /The engine of superorch is stopped/);
    const repaired = await machine.engine(["ensure"]);
    assert.equal(repaired.code, 0, repaired.stderr);
    assert.match(repaired.stderr, /^Starting dockerd/);
    const [container] = await machine.docker("GET", "/containers/json?all=1") as {
      State: string;
    }[];
    assert.equal(container?.State, "exited");

    await machine.docker("POST", "/containers/survivor/start");
    await machine.sh(`kill -9 "$(cat ${machine.state}/engine/dockerd.pid)"`);
    assert.equal((await machine.processes("sleep 1000")).length, 2);
    // A number that belongs to somebody else by now, as after a restart of the machine.
    await Deno.writeTextFile(`${machine.state}/engine/dockerd.pid`, "1");
    const stopped = await machine.engine(["stop"]);
    assert.equal(stopped.code, 0, stopped.stderr);
    assert.deepEqual(await machine.leftovers(), []);
    assert.deepEqual(await machine.processes("sleep 1000"), []);

    await Deno.writeTextFile(`${machine.state}/engine/dockerd.pid`, "1");
    assert.equal((await machine.engine(["ensure"])).code, 0);
  },
);

bareTest(
  "ensureEngine() says so when its dockerd hangs, and stopEngine() ends it all the same",
  async (machine) => {
    assert.equal((await machine.engine(["ensure"])).code, 0);
    await machine.startContainer("survivor", OBEDIENT);
    await machine.sh(`kill -STOP "$(cat ${machine.state}/engine/dockerd.pid)"`);
    assertRefused(
      await machine.engine(["ensureEngine", '{"startTimeoutMs":300}']),
      /^Error: Cannot use the engine at unix:\S+: its dockerd runs and does not answer; see .*dockerd\.log, or end it with: superorch engine stop$/,
    );
    assert.match((await machine.engine(["status"])).stdout, /and does not answer/);
    const stopped = await machine.engine(["stopEngine", '{"graceMs":200}']);
    assert.equal(stopped.code, 0, stopped.stderr);
    assert.equal(JSON.parse(stopped.stdout).outcome, "killed");
    assert.deepEqual(await machine.leftovers(), []);
    assert.deepEqual(await machine.processes("sleep 1000"), []);
  },
);

bareTest("ensureEngine() never replaces an engine that is named explicitly", async (machine) => {
  const env = { DOCKER_HOST: "unix:///nowhere/docker.sock" };
  const outcome = await machine.engine(["ensure"], { env });
  assert.equal(outcome.code, 1);
  assert.match(outcome.stderr, /unix:\/\/\/nowhere\/docker\.sock \(DOCKER_HOST\): no such socket/);
  await Deno.mkdir(`${machine.home}/.docker`);
  await Deno.writeTextFile(`${machine.home}/.docker/config.json`, '{"currentContext":"gone"}');
  const context = await machine.engine(["ensure"]);
  assert.equal(context.code, 1);
  assert.match(context.stderr, /docker context "gone"/);
  assert.deepEqual(await machine.processes("dockerd"), []);
  await assert.rejects(Deno.stat(machine.state), Deno.errors.NotFound);
});

bareTest("ensureEngine() goes on where one that was killed had stopped", async (machine) => {
  const { state } = machine;
  await machine.sh(`${machine.engineArgv(["ensure"]).join(" ")} &
    until [ -s '${state}/engine/dockerd.pid' ]; do sleep 0.01; done; kill -9 $!`);
  const outcome = await machine.engine(["ensure"]);
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.equal((await machine.processes("dockerd --config")).length, 1);
  assert.equal((await machine.engine(["stop"])).code, 0);
  assert.deepEqual(await machine.leftovers(), []);
});

bareTest("ensureEngine() tells that dockerd copies every layer on overlayfs", async (machine) => {
  const directory = `${machine.home}/overlay`;
  await machine.sh(`mkdir -p ${directory}; mount -t tmpfs none ${directory}; cd ${directory}
    mkdir lower upper work merged
    mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work none merged`);
  const env = { XDG_STATE_HOME: `${directory}/merged` };
  const outcome = await machine.engine(["ensure"], { env });
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.match(
    outcome.stderr,
    /^Warning: Images take much space and time: .* is on overlay; set XDG_STATE_HOME/m,
  );
});

bareTest("ensureEngine() ends an engine whose containers do not run", async (machine) => {
  const PATH = await machine.pathWith("runc", "echo broken runc >&2; exit 1");
  const outcome = await machine.engine(["ensure"], { env: { PATH } });
  assertRefused(outcome, /^Error: Cannot run a container: .*runc did not terminate successfully/);
  assert.deepEqual(await machine.leftovers(), []);
});

bareTest("ensureEngine() leaves a dockerd of somebody else alone", async (machine) => {
  // Only the name of the process and its network namespace tell: it answers nowhere.
  await machine.sh(`bash -c 'exec -a dockerd sleep 60' >/dev/null 2>&1 &
    until grep -q ^dockerd /proc/$!/cmdline; do sleep 0.01; done`);
  assertRefused(
    await machine.engine(["ensure"]),
    /^Error: Cannot start an engine beside dockerd \(process \d+\), which does not answer at any usual place; set DOCKER_HOST/,
  );
  assert.equal((await machine.processes("dockerd")).length, 1);
});

bareTest("stopEngine() does not end a process that its pid file names wrongly", async (machine) => {
  assert.equal((await machine.engine(["ensure"])).code, 0);
  const { pid } = JSON.parse((await machine.engine(["status", "--json"])).stdout).own;
  const { stdout } = await machine.sh(`sleep 300 >/dev/null 2>&1 & echo $!`);
  await machine.sh(`kill -9 ${pid}`);
  await Deno.writeTextFile(`${machine.state}/engine/dockerd.pid`, stdout);
  assert.equal((await machine.engine(["stop"])).stdout, "No engine of superorch runs\n");
  assert.equal((await machine.processes("sleep 300")).length, 1);
  assert.deepEqual(await machine.leftovers(), []);
});

bareTest(
  "ensureEngine() that is aborted ends the dockerd that it was starting",
  async (machine) => {
    const PATH = await machine.pathWith("dockerd", "exec sleep 300");
    const aborted = await machine.engine(["ensureEngine", '{"abortAfterMs":1000}'], {
      env: { PATH },
    });
    assert.match(aborted.stderr, /^Error: .*time.*\n$/);
    assert.deepEqual(await machine.processes("sleep 300"), []);
    const slow = await machine.engine(["ensureEngine", '{"startTimeoutMs":200}'], {
      env: { PATH },
    });
    assertRefused(
      slow,
      /^Error: Cannot start dockerd: it does not answer after 0.2 s, its last words are: none; see/,
    );
    assert.deepEqual(await machine.processes("sleep 300"), []);
  },
);

/** Calls `ensureEngine()` where it cannot work, and requires one line, code 1, and no engine. */
function refusalTest(
  name: string,
  pattern: RegExp,
  work: (machine: BareMachine) => Promise<Outcome>,
): void {
  bareTest(`ensureEngine() refuses in one line: ${name}`, async (machine) => {
    assertRefused(await work(machine), pattern);
    assert.deepEqual(await machine.leftovers(), []);
  });
}

refusalTest(
  "a socket path of more than 107 bytes",
  /^Error: Cannot keep an engine in ".*": the path of a socket holds at most 107 bytes, and one of the engine's would have \d+; set XDG_STATE_HOME/,
  (machine) => {
    const XDG_STATE_HOME = `${machine.home}/${"x".repeat(60)}`;
    return machine.engine(["ensure"], { env: { XDG_STATE_HOME } });
  },
);

refusalTest(
  "a path that dockerd takes for a format",
  /^Error: Cannot keep an engine in ".*100%20.*": dockerd does not work with "%" in a path; set/,
  (machine) => {
    const XDG_STATE_HOME = `${machine.home}/100%20`;
    return machine.engine(["ensure"], { env: { XDG_STATE_HOME } });
  },
);

refusalTest(
  "no state directory",
  /^Error: Cannot find the state directory: .*; set HOME or XDG_STATE_HOME$/,
  (machine) => machine.engine(["ensure"], { env: { HOME: "" } }),
);

refusalTest(
  "a state directory that cannot be written to",
  /^Error: Cannot lock ".*": .*; set XDG_STATE_HOME to a directory/,
  async (machine) => {
    await machine.sh(`mkdir "$HOME/file"; touch "$HOME/file/superorch"`);
    return await machine.engine(["ensure"], { env: { XDG_STATE_HOME: `${machine.home}/file` } });
  },
);

refusalTest(
  "neither root nor sudo",
  /^Error: Cannot start an engine: only root can, and sudo is not installed; run this as root$/,
  async (machine) => {
    const PATH = await machine.pathWithout("sudo");
    return await machine.engine(["ensureEngine"], { nobody: true, env: { PATH } });
  },
);

refusalTest(
  "a sudo that wants a password",
  /^Error: Cannot start an engine: only root can, and sudo refuses to work without a password \(a password is required\); run sudo -v/,
  async (machine) => {
    const PATH = await machine.pathWith("sudo", "echo a password is required >&2; exit 1");
    return await machine.engine(["ensureEngine"], { nobody: true, env: { PATH } });
  },
);

refusalTest(
  "root that may not mount, as in a container",
  /^Error: Cannot start an engine: root is not allowed to mount file systems here; in a container/,
  (machine) =>
    machine.run("setpriv", [
      ...[
        "--bounding-set=-sys_admin",
        "--inh-caps=-sys_admin",
        "--",
        "sh",
        "-c",
        'exec "$@"',
        "sh",
      ],
      ...machine.engineArgv(["ensure"]),
    ]),
);

refusalTest(
  "no control groups",
  /^Error: Cannot start an engine: no control groups are mounted; run as root: mount -t cgroup2/,
  async (machine) => {
    await machine.sh("umount -l /sys/fs/cgroup");
    return await machine.engine(["ensure"]);
  },
);

refusalTest(
  "a disk that is almost full",
  /^Error: Cannot keep images and containers in ".*\/small\/.*": 1000 MB of free space are needed, 5\d MB are there; make room/,
  async (machine) => {
    await machine.sh(`mkdir "$HOME/small"; mount -t tmpfs -o size=50m none "$HOME/small"`);
    return await machine.engine(["ensure"], { env: { XDG_STATE_HOME: `${machine.home}/small` } });
  },
);

refusalTest(
  "a dockerd that ends at once, with its last words",
  /^Error: Cannot start dockerd: it ended with: failed to start daemon: no luck \(exit status 3\); see \S+\.log$/,
  async (machine) => {
    const words = 'echo "failed to start daemon: no luck"; echo "(exit status 3)"; echo; exit 1';
    const PATH = await machine.pathWith("dockerd", words);
    return await machine.engine(["ensure"], { env: { PATH } });
  },
);

refusalTest(
  "--no-install without dockerd",
  /^Error: Cannot start an engine: dockerd not found, and installing packages is switched off; install docker\.io/,
  async (machine) => {
    await machine.sh("mount --bind /dev/null /usr/sbin/dockerd");
    return await machine.engine(["ensure", "--no-install"]);
  },
);

refusalTest(
  "no apt-get",
  /^Error: Cannot install docker\.io: there is no apt-get, so this is not Debian or Ubuntu; install/,
  async (machine) => {
    await machine.emptyPackageDatabase();
    const PATH = await machine.pathWithout("apt-get");
    return await machine.engine(["ensure"], { env: { PATH } });
  },
);

refusalTest(
  "no network for apt",
  /^Error: Cannot install docker\.io: apt-get has no network \(.*Temporary failure resolving.*\); check/,
  async (machine) => {
    await machine.emptyPackageDatabase();
    return await machine.engine(["ensure"]);
  },
);

for (const path of ["/var/lib/dpkg/lock-frontend", "/var/lib/apt/lists/lock"]) {
  refusalTest(
    `another apt that holds ${path}`,
    new RegExp(
      `^Error: Cannot install docker\\.io within 1.5 s: ${path} is held by process \\d+ \\(perl\\); wait`,
    ),
    async (machine) => {
      await machine.emptyPackageDatabase();
      // apt's locks are those of fcntl(2), which flock(1) does not take.
      await machine.sh(`mkfifo "$HOME/held"; perl -MFcntl -e '
        open F, "+>", "${path}"; my $lock = pack "s s x4 q q l", F_WRLCK, 0, 0, 0, 0;
        fcntl(F, F_SETLK, $lock) or die; open H, ">", "$ENV{HOME}/held"; close H; sleep 60
      ' >/dev/null 2>&1 & cat "$HOME/held"`);
      return await machine.engine(["ensureEngine", '{"aptLockTimeoutMs":1500}']);
    },
  );
}

bareTest(
  "ensureEngine() starts an engine without busybox, and says what that costs",
  async (machine) => {
    const PATH = await machine.pathWithout("busybox");
    const outcome = await machine.engine(["ensure", "--no-install"], { env: { PATH } });
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.match(
      outcome.stderr,
      /^Warning: Whether containers run was not checked: busybox-static/m,
    );
    assert.equal((await machine.engine(["stop"])).code, 0);
    await machine.sh(`mkdir "$HOME/bin"; cp /bin/true "$HOME/bin/apt-get"`);
    const withApt = { PATH: `${machine.home}/bin:${await machine.pathWithout("busybox")}` };
    const installing = await machine.engine(["ensure"], { env: withApt });
    assert.equal(installing.code, 0, installing.stderr);
    assert.match(installing.stderr, /^Installing busybox-static: \d+\.\d s\n/);
  },
);
