// gate-timeout: 300 s
import assert from "node:assert/strict";
import { schedule, type Task } from "../../lib/orchestra/actions/scheduler.ts";
import { exists, Project } from "./_support.ts";

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!await check()) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Components of one build each, whose install scripts are given. */
function tree(
  components: Readonly<Record<string, { install: string; needs?: readonly string[] }>>,
) {
  return `components:\n${
    Object.entries(components).map(([name, { install, needs = [] }]) =>
      `  ${name}:
    builds:
      b:
        dependencies: ${JSON.stringify(needs)}
        configure: mkdir -p "$BUILD_DIR"
        install: |
          ${install.replaceAll("\n", "\n          ")}
`
    ).join("")
  }`;
}

Deno.test("schedule() keeps the order, runs so many at a time, and stops after a failure", async () => {
  const events: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const task = (id: string, ...after: string[]): Task => {
    gates.set(id, Promise.withResolvers());
    return {
      id,
      after,
      run: async () => {
        events.push(`+${id}`);
        await gates.get(id)?.promise;
        events.push(`-${id}`);
      },
    };
  };
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  const running = schedule([task("a"), task("b"), task("c", "a"), task("d"), task("e", "d")], {
    jobs: 2,
  });
  assert.deepEqual(events, ["+a", "+b"]);
  gates.get("a")?.resolve();
  await settle();
  assert.deepEqual(events.slice(2), ["-a", "+c"]);
  gates.get("b")?.reject(new Error("b"));
  await settle();
  gates.get("c")?.resolve();
  const result = await running;
  assert.deepEqual(result.done, ["a", "c"]);
  assert.deepEqual(result.failed.map(({ id }) => id), ["b"]);
  assert.deepEqual(result.skipped, ["d", "e"]);
});

Deno.test("schedule() goes on with what does not need what failed", async () => {
  const task = (id: string, after: readonly string[], fails = false): Task => ({
    id,
    after,
    run: () => fails ? Promise.reject(new Error(id)) : Promise.resolve(),
  });
  const result = await schedule(
    [task("a", [], true), task("b", ["a"]), task("c", ["b"]), task("d", ["elsewhere"])],
    { jobs: 1, keepGoing: true },
  );
  assert.deepEqual(result.done, ["d"]);
  assert.deepEqual(result.skipped, ["b", "c"]);
});

Deno.test("--jobs runs independent components at the same time, each with a log of its own", async () => {
  // Each waits for the other one: one at a time they would never end.
  const meet = (mine: string, other: string) =>
    `touch "$ORCHESTRA_DOTDIR/${mine}"
echo says ${mine}
for _ in $(seq 1000); do test -e "$ORCHESTRA_DOTDIR/${other}" && break; sleep 0.02; done
test -e "$ORCHESTRA_DOTDIR/${other}"
echo 1 > "$TMP_ROOT$ORCHESTRA_ROOT/${mine}"`;
  await using project = await Project.create(tree({
    one: { install: meet("one", "two") },
    two: { install: meet("two", "one") },
    top: { install: 'echo 1 > "$TMP_ROOT$ORCHESTRA_ROOT/top"', needs: ["one", "two"] },
  }));
  const { code, stderr } = await project.orc(["install", "-b", "--jobs", "2", "top"]);
  assert.equal(code, 0, stderr);
  for (const name of ["one", "two", "top"]) assert.ok(await exists(project.path(`root/${name}`)));
  assert.match(stderr, /Executing Action install \(build or binary archives\) of one@b\n/);
  assert.match(stderr, /\[6\/6\] install top@b: done after \d+\.\d s/);
  assert.doesNotMatch(stderr, /says one/);
  const log = await Deno.readTextFile(project.path(".orchestra/cache/logs/install_one@b.log"));
  assert.equal(log, "says one\n");
  assert.equal((await project.orc(["verify"])).code, 0);
});

Deno.test("--jobs installs several requested components in one plan", async () => {
  const install = (name: string) => ({ install: `touch "$TMP_ROOT$ORCHESTRA_ROOT/${name}"` });
  await using project = await Project.create(tree({ one: install("one"), two: install("two") }));
  const { code, stdout } = await project.orc(["install", "-b", "-j2", "--json", "one", "two"]);
  assert.equal(code, 0);
  const result = JSON.parse(stdout);
  assert.deepEqual([...result.done].sort(), [
    ...["configure one@b", "configure two@b", "install one@b", "install two@b"],
  ]);
  const metadata = await Deno.readTextFile(project.path("root/share/orchestra/two.json"));
  assert.equal(JSON.parse(metadata).manually_installed, true);
});

Deno.test("--keep-going does what it can, tells what failed, and ends with 1", async () => {
  await using project = await Project.create(tree({
    bad: { install: "echo reason; false" },
    needs: { install: 'touch "$TMP_ROOT$ORCHESTRA_ROOT/needs"', needs: ["bad"] },
    good: { install: 'touch "$TMP_ROOT$ORCHESTRA_ROOT/good"' },
  }));
  const stops = await project.orc(["install", "-b", "-j", "1", "bad", "good"]);
  assert.equal(stops.code, 1);
  assert.equal(await exists(project.path("root/good")), false);
  const goes = await project.orc(["install", "-b", "-k", "--jobs", "2", "needs", "good"]);
  assert.equal(goes.code, 1);
  assert.ok(await exists(project.path("root/good")));
  assert.match(goes.stderr, /Action install \(build or binary archives\) of bad@b failed:/);
  assert.match(goes.stderr, /Script failed with exit code 1\nOutput stream:\nreason/);
  assert.match(goes.stderr, /All of its output is in .*logs\/install_bad@b\.log/);
  assert.match(goes.stderr, /Not tried:\nconfigure needs@b\ninstall needs@b/);
  for (const words of [["--jobs", "0"], ["--jobs", "x"], ["--lfs-retries", "-1"]]) {
    assert.equal((await project.orc(["install", ...words, "good"])).code, 2);
  }
});

Deno.test("SIGINT ends the scripts with everything that they have started, and is told", async () => {
  await using project = await Project.create(tree({
    a: { install: 'sleep 300 & echo $! > "$ORCHESTRA_DOTDIR/pid"; wait' },
  }));
  const main = new URL("../../cli/main.ts", import.meta.url).href;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", main, "orc", "install", "-b", "a"],
    cwd: project.directory,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const pidFile = project.path(".orchestra/pid");
  await until(
    "the script",
    async () => await exists(pidFile) && (await Deno.readTextFile(pidFile)) !== "",
  );
  child.kill("SIGINT");
  const { code, stderr } = await child.output();
  assert.equal(code, 100);
  assert.match(new TextDecoder().decode(stderr), /Interrupted by SIGINT/);
  const pid = (await Deno.readTextFile(pidFile)).trim();
  await until("the end of sleep", async () => !await isRunning(pid));
  assert.equal((await project.orc(["verify"])).code, 0);
});

Deno.test("a SIGKILL at any moment of an install leaves a root that the next run goes on with", async () => {
  const files = Array.from({ length: 300 }, (_, index) => `f${index}`).join(" ");
  const install = (text: string) =>
    `cd "$TMP_ROOT$ORCHESTRA_ROOT"; mkdir -p d; for f in ${files}; do echo ${text} > d/$f; done`;
  await using project = await Project.create(tree({
    a: { install: `${install("1")}\nsleep 300 & echo $! > "$ORCHESTRA_DOTDIR/pid"; kill $!` },
    b: { install: 'touch "$TMP_ROOT$ORCHESTRA_ROOT/b"', needs: ["a"] },
  }));
  assert.equal((await project.orc(["install", "-b", "b"])).code, 0);
  const main = new URL("../../cli/main.ts", import.meta.url).href;
  for (let round = 0; round < 12; round++) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-A", main, "orc", "install", "-b", "--no-uninstall-dependants", "a"],
      cwd: project.directory,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    // Somewhere between the start of the program and the end of the merge.
    const timer = setTimeout(() => {
      try {
        child.kill("SIGKILL");
      } catch {
        // it was faster
      }
    }, 150 + round * 40);
    await child.status;
    clearTimeout(timer);
    const verified = await project.orc(["verify", "--json"]);
    assert.equal(verified.code, 0, verified.stdout);
    assert.equal(JSON.parse(verified.stdout).components, 2);
  }
  const last = await project.orc(["install", "-b", "a"]);
  assert.equal(last.code, 0, last.stderr);
  assert.equal(await Deno.readTextFile(project.path("root/d/f299")), "1\n");
  assert.equal((await project.orc(["verify"])).code, 0);
});

async function isRunning(pid: string): Promise<boolean> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return status !== "" && !/^State:\s+Z/m.test(status);
}
