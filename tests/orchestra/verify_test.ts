import assert from "node:assert/strict";
import { describeProblem, verifyRoot } from "../../lib/orchestra/installed/verify.ts";
import { isProgram } from "../support/debian_packages.ts";
import { runProgram } from "../support/cli.ts";
import { Project, SMALL } from "./_support.ts";

async function withRoot(
  files: Readonly<Record<string, string>>,
  work: (root: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${root}/lib64`);
    await Deno.symlink("lib64", `${root}/lib`);
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(`${root}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${root}/${path}`, text);
    }
    await work(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** The metadata and the index of a component. */
function component(name: string, files: readonly string[]): Record<string, string> {
  const base = `share/orchestra/${name}`;
  return {
    [`${base}.idx`]: [...files, `${base}.idx`, `${base}.json`].map((line) => `${line}\n`).join(""),
    [`${base}.json`]: JSON.stringify({
      component_name: name,
      build_name: "b",
      recursive_hash: "0",
      source: "build",
    }),
  };
}

async function found(root: string): Promise<readonly string[]> {
  return (await verifyRoot(root)).problems.map(describeProblem);
}

Deno.test("verifyRoot() finds files that are missing, shared or nobody's", async () => {
  await withRoot({
    ...component("a", ["bin/shared", "bin/missing", "lib/same"]),
    ...component("b", ["bin/shared", "lib64/same"]),
    "bin/shared": "",
    "lib64/same": "",
    "bin/stray": "",
    "share/orchestra/.lock": "",
  }, async (root) => {
    assert.deepEqual(await found(root), [
      "bin/missing is missing, component a has installed it",
      "bin/shared belongs to several components: a, b",
      "bin/stray belongs to no component",
      "lib64/same belongs to several components: a, b",
    ]);
  });
});

Deno.test("verifyRoot() finds metadata that is broken, and indexes that are not there", async () => {
  const { "share/orchestra/a.json": json = "" } = component("a", []);
  await withRoot({
    "share/orchestra/a.json": json,
    "share/orchestra/b.json": "{",
    "share/orchestra/b.idx": "bin/b\n",
    "bin/b": "",
  }, async (root) => {
    const problems = await found(root);
    assert.equal(problems.length, 3);
    assert.match(problems[0] ?? "", /^bin\/b belongs to no component$/);
    assert.match(problems[1] ?? "", /a\.idx is missing/);
    assert.match(problems[2] ?? "", /b\.json" is not JSON.*orc uninstall b/);
  });
});

Deno.test("verifyRoot() of nothing has nothing to say", async () => {
  await withRoot({}, async (root) => {
    assert.deepEqual(await verifyRoot(`${root}/nowhere`), {
      problems: [],
      components: 0,
      files: 0,
      pending: undefined,
    });
    assert.deepEqual(await found(root), []);
  });
});

Deno.test({
  name: "verifyRoot() looks for libraries as the dynamic linker does",
  ignore: !await isProgram("gcc"),
  fn: async () => {
    await withRoot({
      "lib.c": "int f(void) { return 0; }\n",
      "main.c": "int f(void); int main(void) { return f(); }\n",
    }, async (root) => {
      const gcc = async (...args: string[]) => {
        const { code, stderr } = await runProgram("gcc", args, { cwd: root });
        assert.equal(code, 0, stderr);
      };
      await Deno.mkdir(`${root}/opt/x`, { recursive: true });
      await Deno.mkdir(`${root}/bin`);
      await gcc("-shared", "-o", "opt/x/libf.so", "lib.c");
      await gcc("-o", "bin/good", "main.c", "-Lopt/x", "-lf", "-Wl,-rpath,$ORIGIN/../opt/x");
      await gcc("-o", "bin/lost", "main.c", "-Lopt/x", "-lf");
      await gcc("-o", "bin/fixed", "main.c", "-Lopt/x", "-lf", `-Wl,-rpath,${root}/opt/x`);
      await gcc(
        "-o",
        "bin/gone",
        "main.c",
        "-Lopt/x",
        "-lf",
        "-Wl,-rpath,/tmp/not/there:$ORIGIN/../opt/x",
      );
      for (const source of ["lib.c", "main.c"]) await Deno.remove(`${root}/${source}`);
      const programs = ["bin/good", "bin/lost", "bin/fixed", "bin/gone", "opt/x/libf.so"];
      for (const [path, text] of Object.entries(component("a", programs))) {
        await Deno.mkdir(`${root}/share/orchestra`, { recursive: true });
        await Deno.writeTextFile(`${root}/${path}`, text);
      }
      assert.deepEqual(await found(root), [
        `bin/fixed looks for libraries in ${root}/opt/x, which is not relative to it: it breaks ` +
        "when the root is moved",
        "bin/gone looks for libraries in /tmp/not/there, which is neither in the root nor there",
        "bin/lost needs the library libf.so, which is not found",
      ]);
      await Deno.remove(`${root}/opt/x/libf.so`);
      assert.ok(
        (await found(root)).includes("bin/good needs the library libf.so, which is not found"),
      );
    });
  },
});

Deno.test("orc verify prints problems on standard output and ends with 1", async () => {
  await using project = await Project.create(SMALL);
  const empty = await project.orc(["verify", "--json"]);
  assert.equal(empty.code, 0);
  assert.deepEqual(JSON.parse(empty.stdout), { ok: true, problems: [], components: 0, files: 0 });
  await project.orc(["install", "-b", "a"]);
  await Deno.remove(project.path("root/a_file"));
  await project.write("root/stray\nfile", "");
  const { code, stdout } = await project.orc(["verify"]);
  assert.equal(code, 1);
  assert.equal(
    stdout,
    "a_file is missing, component a has installed it\n" +
      "stray\\x0afile belongs to no component\n",
  );
  const json = await project.orc(["verify", "--json"]);
  assert.equal(JSON.parse(json.stdout).problems[0].kind, "missing");
});

Deno.test({
  name: "verifyRoot() finds versions of symbols that libraries do not have, link-only ones first",
  ignore: !await isProgram("gcc"),
  fn: async () => {
    await withRoot({
      "f.c": "int f(void) { return 0; }\n",
      "main.c": "int f(void); int main(void) { return f(); }\n",
      "one.map": "F_1 { global: f; };\n",
      "two.map": "F_1 { }; F_2 { global: f; } F_1;\n",
    }, async (root) => {
      const gcc = async (...args: string[]) => {
        const { code, stderr } = await runProgram("gcc", args, { cwd: root });
        assert.equal(code, 0, stderr);
      };
      const library = (path: string, map: string) =>
        gcc("-shared", "-o", path, "f.c", "-Wl,-soname,libf.so", `-Wl,--version-script=${map}`);
      await Deno.mkdir(`${root}/link-only/lib`, { recursive: true });
      await Deno.mkdir(`${root}/bin`);
      await library("lib64/libf.so", "two.map");
      await gcc("-o", "bin/main", "main.c", "-Llib64", "-lf", "-Wl,-rpath,$ORIGIN/../lib64");
      const files = ["bin/main", "lib64/libf.so", "link-only/lib/libf.so"];
      await Deno.mkdir(`${root}/share/orchestra`, { recursive: true });
      for (const [path, text] of Object.entries(component("a", files.slice(0, 2)))) {
        await Deno.writeTextFile(`${root}/${path}`, text);
      }
      for (const rest of ["main.c", "two.map"]) await Deno.remove(`${root}/${rest}`);
      const versions = async () => (await found(root)).filter((text) => text.includes("version"));
      assert.deepEqual(await versions(), []);
      await library("link-only/lib/libf.so", "one.map");
      const [index] = Object.entries(component("a", files));
      await Deno.writeTextFile(`${root}/${index![0]}`, index![1]);
      const problem = "bin/main needs version F_2 of libf.so, which";
      assert.deepEqual(await versions(), [`${problem} link-only/lib/libf.so does not have`]);
      await Deno.remove(`${root}/link-only`, { recursive: true });
      await library("lib64/libf.so", "one.map");
      assert.deepEqual(await versions(), [`${problem} lib64/libf.so does not have`]);
    });
  },
});
