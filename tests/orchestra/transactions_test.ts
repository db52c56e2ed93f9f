// gate-timeout: 300 s
import assert from "node:assert/strict";
import { completeTransaction } from "../../lib/orchestra/installed/complete_transaction.ts";
import { FileConflictError } from "../../lib/orchestra/installed/conflicts.ts";
import { mergeIntoRoot, removeFromRoot } from "../../lib/orchestra/installed/merge.ts";
import { readInstalled } from "../../lib/orchestra/installed/read_installed.ts";
import { lockRoot } from "../../lib/orchestra/installed/root_lock.ts";
import { describeProblem, verifyRoot } from "../../lib/orchestra/installed/verify.ts";
import { listTree } from "../../lib/orchestra/installed/list_tree.ts";
import type { InstalledBuild } from "../../lib/orchestra/model.ts";
import { LockTimeoutError } from "../../lib/files/mod.ts";
import { deno } from "../support/cli.ts";

type Files = Readonly<Record<string, string>>;

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function installed(component: string, build = "b"): InstalledBuild {
  return {
    component,
    build,
    recursiveHash: "0".repeat(40),
    source: "build",
    manuallyInstalled: true,
    installTimeSeconds: 1.5,
    binaryArchivePath: null,
  };
}

/** Makes what a build of a component would have installed; a text that begins with `->` is a link. */
async function stage(directory: string, files: Files): Promise<void> {
  await Deno.mkdir(`${directory}/lib64`, { recursive: true });
  await Deno.symlink("lib64", `${directory}/lib`);
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(`${directory}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    if (text.startsWith("->")) await Deno.symlink(text.slice(2), `${directory}/${path}`);
    else await Deno.writeTextFile(`${directory}/${path}`, text);
  }
}

async function merge(
  directory: string,
  component: string,
  files: Files,
  more: {
    readonly build?: string;
    readonly replacing?: readonly string[];
    readonly keep?: boolean;
  } = {},
): Promise<void> {
  const from = `${directory}/from`;
  await Deno.remove(from, { recursive: true }).catch(() => {});
  await stage(from, files);
  const { build = "b", ...rest } = more;
  await mergeIntoRoot({
    root: `${directory}/root`,
    from,
    files: Object.keys(files),
    installed: installed(component, build),
    ...rest,
  });
}

/** What is in a root, without metadata. */
async function contents(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const path of (await listTree(root)).files) {
    const info = await Deno.lstat(`${root}/${path}`);
    if (/^share\/orchestra\/[^/]*\.(json|idx)$/.test(path)) continue;
    found[path] = info.isSymlink
      ? `->${await Deno.readLink(`${root}/${path}`)}`
      : await Deno.readTextFile(`${root}/${path}`);
  }
  return found;
}

async function problems(root: string): Promise<readonly string[]> {
  return (await verifyRoot(root)).problems.map(describeProblem);
}

Deno.test("mergeIntoRoot() puts files, an index and metadata in the original's formats", async () => {
  await inDirectory(async (directory) => {
    await merge(directory, "lib/a", { "bin/a": "program", "lib64/liba.so": "->liba.so.1" });
    const root = `${directory}/root`;
    assert.deepEqual(await contents(root), {
      "bin/a": "program",
      "lib": "->lib64",
      "lib64/liba.so": "->liba.so.1",
    });
    assert.equal(
      await Deno.readTextFile(`${root}/share/orchestra/lib_a.idx`),
      "bin/a\nlib64/liba.so\nshare/orchestra/lib_a.idx\nshare/orchestra/lib_a.json\n",
    );
    assert.equal(
      await Deno.readTextFile(`${root}/share/orchestra/lib_a.json`),
      '{"component_name": "lib/a", "build_name": "b", "recursive_hash": "' + "0".repeat(40) +
        '", "source": "build", "manually_installed": true, "install_time": 1.5, ' +
        '"binary_archive_path": null}',
    );
    assert.deepEqual((await readInstalled(root)).get("lib/a"), installed("lib/a"));
    assert.deepEqual(await problems(root), []);
  });
});

Deno.test("mergeIntoRoot() replaces the old build, also files by directories and back", async () => {
  await inDirectory(async (directory) => {
    const root = `${directory}/root`;
    await merge(directory, "a", { "bin/old": "1", "share/x": "file", "share/y/deep/z": "1" });
    await merge(directory, "a", { "bin/new": "2", "share/x/inner": "2", "share/y": "2" }, {
      build: "c",
    });
    assert.deepEqual(await contents(root), {
      "bin/new": "2",
      "lib": "->lib64",
      "share/x/inner": "2",
      "share/y": "2",
    });
    assert.equal((await readInstalled(root)).get("a")?.build, "c");
    assert.deepEqual(await problems(root), []);
  });
});

Deno.test("mergeIntoRoot() changes nothing when files of others are in the way", async () => {
  await inDirectory(async (directory) => {
    const root = `${directory}/root`;
    await merge(directory, "p", { "bin/x": "p", "lib64/l": "p" });
    await merge(directory, "q", { "bin/q": "old" });
    const before = await contents(root);
    await assert.rejects(
      merge(directory, "q", { "bin/x": "q", "lib/l": "q", "lib64/new": "q" }),
      (error) => {
        assert.ok(error instanceof FileConflictError);
        assert.deepEqual(error.files, ["bin/x", "lib/l"]);
        assert.equal(
          error.message,
          "File conflicts detected:\nbin/x\nlib/l\nAborting merge",
        );
        return true;
      },
    );
    assert.deepEqual(await contents(root), before);
    assert.deepEqual(await problems(root), []);
    assert.equal(await Deno.readTextFile(`${directory}/from/bin/x`), "q");
  });
});

Deno.test("mergeIntoRoot() does not write through a link that leads out of the root", async () => {
  await inDirectory(async (directory) => {
    const root = `${directory}/root`;
    await Deno.mkdir(`${directory}/outside`);
    await merge(directory, "p", { "share/out": `->${directory}/outside` });
    await assert.rejects(merge(directory, "q", { "share/out/file": "q" }), /leads out of the root/);
    assert.deepEqual([...Deno.readDirSync(`${directory}/outside`)], []);
    assert.deepEqual(await problems(root), []);
  });
});

Deno.test("mergeIntoRoot() is stopped by links that lead nowhere, unless they go", async () => {
  await inDirectory(async (directory) => {
    const root = `${directory}/root`;
    await merge(directory, "p", { "share/x": "->nowhere" });
    await assert.rejects(merge(directory, "q", { "share/x/file": "q" }), FileConflictError);
    await merge(directory, "p", { "share/x/file": "p", "share/y": "p" });
    assert.deepEqual(await contents(root), {
      "lib": "->lib64",
      "share/x/file": "p",
      "share/y": "p",
    });
    await merge(directory, "p", { "share/x": "->d", "share/d/file": "p" });
    await merge(directory, "p", { "share/x/file": "new", "share/d/file": "p" });
    assert.equal(await Deno.readTextFile(`${root}/share/x/file`), "new");
    assert.deepEqual(await problems(root), []);
  });
});

Deno.test("mergeIntoRoot() refuses names that an index cannot hold", async () => {
  await inDirectory(async (directory) => {
    await assert.rejects(
      merge(directory, "a", { "bin/two\nlines": "1" }),
      /Cannot merge a file named "bin\/two\\nlines": it has a newline/,
    );
    await stage(`${directory}/odd`, { "bin/a": "1" });
    const script = 'printf x > "$1/bin/$(printf "\\377")"';
    await new Deno.Command("sh", { args: ["-c", script, "sh", `${directory}/odd`] }).output();
    const { files } = await listTree(`${directory}/odd`, { odd: true });
    await assert.rejects(
      mergeIntoRoot({
        root: `${directory}/root`,
        from: `${directory}/odd`,
        files,
        installed: installed("a"),
      }),
      /it is not UTF-8/,
    );
    assert.deepEqual(await problems(`${directory}/root`), []);
  });
});

Deno.test("mergeIntoRoot() leaves what it merges where it is, if that is wanted", async () => {
  await inDirectory(async (directory) => {
    await merge(directory, "a", { "bin/a": "1" }, { keep: true });
    assert.equal(await Deno.readTextFile(`${directory}/from/bin/a`), "1");
    assert.equal(await Deno.readTextFile(`${directory}/root/bin/a`), "1");
  });
});

Deno.test("removeFromRoot() removes what is listed, and directories that are empty then", async () => {
  await inDirectory(async (directory) => {
    const root = `${directory}/root`;
    await merge(directory, "a", { "bin/a": "1", "share/a/one": "1" });
    await merge(directory, "b", { "bin/b": "1" });
    await Deno.remove(`${root}/share/a/one`); // somebody was faster
    await removeFromRoot(root, ["a", "unknown"]);
    assert.deepEqual(await contents(root), { "bin/b": "1", "lib": "->lib64" });
    await assert.rejects(Deno.stat(`${root}/share/a`), Deno.errors.NotFound);
    assert.deepEqual((await readInstalled(root)).all().map(({ component }) => component), ["b"]);
  });
});

Deno.test("an index that leads out of the root removes nothing", async () => {
  await inDirectory(async (directory) => {
    const root = `${directory}/root`;
    await merge(directory, "a", { "bin/a": "1" });
    await Deno.writeTextFile(`${directory}/precious`, "1");
    const index = `${root}/share/orchestra/a.idx`;
    for (const path of ["../precious", `${directory}/precious`, "bin/../../precious"]) {
      await Deno.writeTextFile(index, `bin/a\n${path}\n`);
      await assert.rejects(removeFromRoot(root, ["a"]), { name: "BrokenMetadataError" });
      assert.equal(await Deno.readTextFile(`${root}/bin/a`), "1");
      assert.equal(await Deno.readTextFile(`${directory}/precious`), "1");
      assert.match((await problems(root)).join("\n"), /which is not in the root/);
    }
  });
});

Deno.test("a SIGKILL at any step of a merge leaves a root that is in order and is repaired", async () => {
  await everyKill({
    kind: "merge",
    before: { "bin/a": "1", "bin/gone": "1", "share/x": "file", "share/old/one": "1" },
    after: { "bin/a": "2", "bin/new": "2", "lib64/deep/l": "2", "share/x/inner": "2" },
  });
});

Deno.test("a SIGKILL at any step of an uninstall leaves a root that is in order", async () => {
  await everyKill({
    kind: "remove",
    before: { "bin/a": "1", "share/a/one": "1" },
    after: {},
  });
});

/** Kills a change before its first step, its second one, … until it gets to its end. */
async function everyKill(
  { kind, before, after }: { readonly kind: string; readonly before: Files; readonly after: Files },
): Promise<void> {
  await inDirectory(async (base) => {
    const dependant = { "bin/dependant": "1" };
    const bystander = { "bin/bystander": "1" };
    let kills = 0;
    for (let step = 1; step < 100; step++) {
      const directory = `${base}/${step}`;
      const root = `${directory}/root`;
      await merge(directory, "a", before);
      await merge(directory, "dependant", dependant);
      await merge(directory, "bystander", bystander);
      const old = await contents(root);
      await stage(`${directory}/from`, after);
      const change = kind === "merge"
        ? {
          from: `${directory}/from`,
          files: Object.keys(after),
          installed: installed("a", "c"),
          replacing: ["dependant"],
        }
        : { components: ["a", "dependant"] };
      const { code } = await deno([
        ...["run", "-q", "-A", new URL("_killed_change.ts", import.meta.url).href, `${step}`],
        JSON.stringify({ kind, root, ...change }),
      ]);
      assert.deepEqual(await problems(root), [], `after a kill before step ${step}`);
      const { pending } = await verifyRoot(root);
      const names = (await readInstalled(root)).all().map(({ component }) => component);
      await completeTransaction(root);
      const now = await contents(root);
      assert.deepEqual(await problems(root), []);
      assert.deepEqual(
        names,
        (await readInstalled(root)).all().map(({ component }) => component),
        "what is installed was known before the repair",
      );
      const done = { ...after, ...bystander, lib: "->lib64" };
      const isOld = JSON.stringify(now) === JSON.stringify(old);
      if (code === 0 || pending !== undefined) assert.deepEqual(now, done, `step ${step}`);
      else if (!isOld) assert.deepEqual(now, done, `step ${step}`);
      await assert.rejects(Deno.stat(`${root}/share/orchestra/.transaction`));
      if (code === 0) break;
      kills++;
    }
    assert.ok(kills > 8 && kills < 98, `${kills} kills`);
  });
}

Deno.test("lockRoot() keeps others out, and says who has it", async () => {
  await inDirectory(async (directory) => {
    const root = `${directory}/root`;
    const env = () => undefined;
    await using _lock = await lockRoot(root, { purpose: "install a", env });
    await assert.rejects(
      lockRoot(root, { purpose: "install b", timeoutMs: 0, env }),
      (error) => {
        assert.ok(error instanceof LockTimeoutError);
        assert.equal(error.holder?.purpose, "install a");
        return true;
      },
    );
    const real = await Deno.realPath(root);
    await assert.rejects(
      lockRoot(root, { purpose: "install b", env: () => real }),
      /this runs in a script of a command that has locked/,
    );
  });
});

Deno.test("lockRoot() completes what another run was interrupted in", async () => {
  await inDirectory(async (directory) => {
    const root = `${directory}/root`;
    await merge(directory, "a", { "bin/a": "1" });
    await Deno.mkdir(`${root}/share/orchestra/.transaction/new/bin`, { recursive: true });
    await Deno.writeTextFile(`${root}/share/orchestra/.transaction/new/bin/half`, "1");
    const repairs: string[] = [];
    const options = {
      purpose: "test",
      env: () => undefined,
      onRepair: (purpose: string) => void repairs.push(purpose),
    };
    await (await lockRoot(root, options)).release();
    assert.deepEqual(repairs, []);
    assert.deepEqual(await contents(root), { "bin/a": "1", "lib": "->lib64" });
    await Deno.mkdir(`${root}/share/orchestra/.transaction`);
    await Deno.writeTextFile(
      `${root}/share/orchestra/.transaction/journal.json`,
      JSON.stringify({
        version: 1,
        purpose: "uninstall a",
        remove: ["bin/a", "share/orchestra/a.idx", "share/orchestra/a.json"],
        add: [],
        moves: [],
        directories: [],
        links: [],
      }),
    );
    await (await lockRoot(root, options)).release();
    assert.deepEqual(repairs, ["uninstall a"]);
    assert.deepEqual(await contents(root), { "lib": "->lib64" });
  });
});

Deno.test("a journal that leads out of the root is refused", async () => {
  await inDirectory(async (directory) => {
    const root = `${directory}/root`;
    await Deno.mkdir(`${root}/share/orchestra/.transaction`, { recursive: true });
    const journal = {
      purpose: "x",
      remove: ["../x"],
      add: [],
      moves: [],
      directories: [],
      links: [],
    };
    const path = `${root}/share/orchestra/.transaction/journal.json`;
    for (const text of ["{", JSON.stringify({ version: 1, ...journal }), '{"version": 2}']) {
      await Deno.writeTextFile(path, text);
      await assert.rejects(completeTransaction(root), /Cannot go on with an interrupted change/);
    }
  });
});
