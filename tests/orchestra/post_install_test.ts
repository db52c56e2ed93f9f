// gate-timeout: 300 s
import assert from "node:assert/strict";
import { decideHeader } from "../../lib/orchestra/post_install/headers.ts";
import { readElfDynamic } from "../../lib/orchestra/post_install/elf_file.ts";
import { relocateElf } from "../../lib/orchestra/post_install/relocate_elf.ts";
import { relocatePkgConfig, relocateShebang } from "../../lib/orchestra/post_install/texts.ts";
import { isProgram } from "../support/debian_packages.ts";
import { runProgram } from "../support/cli.ts";
import { Project } from "./_support.ts";

const hasGcc = await isProgram("gcc") && await isProgram("readelf");

Deno.test("relocatePkgConfig() makes paths of the root relative and keeps one slash", () => {
  const root = "/opt/the.root";
  const relocate = (text: string) => relocatePkgConfig(text, root);
  for (
    const [text, wanted] of [
      ["prefix=/opt/the.root\n", "prefix=${pcfiledir}/../..\n"],
      ["prefix=/opt/the.root/usr\n", "prefix=${pcfiledir}/../../usr\n"],
      ["prefix=///opt/the.root///usr", "prefix=${pcfiledir}/../../usr"],
      ["Libs: -L/opt/the.root/lib -la", "Libs: -L${pcfiledir}/../../lib -la"],
      ["x=/opt/the.root:/opt/the.root/b", "x=${pcfiledir}/../..:${pcfiledir}/../../b"],
      ["x=/opt/the.root2", "x=/opt/the.root2"],
      ["x=/opt/theXroot", "x=/opt/theXroot"],
      ["x=/mnt/opt/the.root/lib", "x=/mnt/opt/the.root/lib"],
    ] as const
  ) assert.equal(relocate(text), wanted);
});

Deno.test("relocateShebang() looks for interpreters of the root in PATH", () => {
  for (
    const [text, wanted] of [
      ["#!/r/bin/python3 -u\nx", "#!/usr/bin/env python3 -u\nx"],
      ["#! /r/bin/perl\n", "#!/usr/bin/env perl\n"],
      ["#!/bin/sh\n#!/r/bin/x\n", "#!/bin/sh\n#!/r/bin/x\n"],
      ["#!/r/binary/x\n", "#!/r/binary/x\n"],
    ] as const
  ) assert.equal(relocateShebang(text, "/r"), wanted);
});

Deno.test("decideHeader() decides what depends on NDEBUG and on the address sanitizer", () => {
  const facts = { ndebug: true, asan: false };
  for (
    const [line, wanted] of [
      ["#ifdef NDEBUG", "#if 1"],
      ["#ifndef NDEBUG", "#if 0"],
      ["  #  ifndef NDEBUG // why", "  #  if 0 // why"],
      ["#if !defined(NDEBUG) && X", "#if 0 && X"],
      ["#if defined(NDEBUG)", "#if 1"],
      ["#if defined NDEBUG || ! defined ( NDEBUG )", "#if 1 || 0"],
      ["#elif defined(NDEBUG)", "#elif 1"],
      ["#ifdef NDEBUG_X", "#ifdef NDEBUG_X"],
      [
        "#if defined(MY_NDEBUG) && defined(NDEBUG_X)",
        "#if defined(MY_NDEBUG) && defined(NDEBUG_X)",
      ],
      ["#define NDEBUG", "#define NDEBUG"],
      ["int NDEBUG; // #ifdef NDEBUG", "int NDEBUG; // #ifdef NDEBUG"],
      ["#if __has_feature(address_sanitizer)", "#if 0"],
      ["#if !__has_feature( address_sanitizer )", "#if 1"],
      ["#if defined(__SANITIZE_ADDRESS__)", "#if 0"],
      ["#ifndef __SANITIZE_ADDRESS__", "#if 1"],
    ] as const
  ) assert.equal(decideHeader(line, facts), wanted);
  assert.equal(decideHeader("#ifdef NDEBUG", { ndebug: false, asan: true }), "#if 0");
  assert.equal(
    decideHeader("#if __has_feature(address_sanitizer)", { ndebug: true, asan: true }),
    "#if 1",
  );
});

const COMPONENT = `components:
  lib:
    builds:
      b:
        configure: mkdir -p "$BUILD_DIR"
        install: |
          cd "$BUILD_DIR"
          R="$TMP_ROOT$ORCHESTRA_ROOT"
          echo 'int answer(void) { return 42; }' > l.c
          gcc -shared -fPIC -Wl,-soname,libanswer.so.1 -o "$R/lib/libanswer.so.1" l.c
          ln -s libanswer.so.1 "$R/lib/libanswer.so"
  all:
    license: LICENSE
    skip_post_install: SKIP
    builds:
      b:
        dependencies: [lib]
        configure: mkdir -p "$BUILD_DIR"; echo free > "$BUILD_DIR/LICENSE"
        install: |
          cd "$BUILD_DIR"
          R="$TMP_ROOT$ORCHESTRA_ROOT"
          mkdir -p "$R/share/pkgconfig" "$R/opt/deep/er" "$R/include/x" "$R/share/locale/de"
          printf 'prefix=%s\\nusr=%s/usr\\n' "$ORCHESTRA_ROOT" "$ORCHESTRA_ROOT" > "$R/lib/pkgconfig/a.pc"
          printf 'prefix=%s\\n' "$ORCHESTRA_ROOT" > "$R/share/pkgconfig/b.pc"
          printf '#!%s/bin/python3 -u\\nprint(1)\\n' "$ORCHESTRA_ROOT" > "$R/bin/script"
          chmod 555 "$R/bin/script"
          touch "$R/lib/liba.la" "$R/share/info/x" "$R/share/locale/de/x"
          echo one > "$R/share/one"
          ln "$R/share/one" "$R/opt/deep/two"
          ln "$R/share/one" "$R/share/three"
          printf '#ifdef NDEBUG\\n#ifndef NDEBUG\\n#if !defined(NDEBUG) && X\\n' > "$R/include/x/h.h"
          touch -d '2001-02-03 04:05:06' "$R/include/x/h.h"
          printf '#ifdef NDEBUG\\n' > "$R/include/x/h.hpp"
          echo 'int answer(void); int main(void) { return answer() - 42; }' > m.c
          gcc -o "$R/opt/deep/er/prog" m.c -L"$ORCHESTRA_ROOT/lib" -lanswer -Wl,-rpath,"$RPATH_PLACEHOLDER/lib"
          gcc -o "$R/bin/bare" m.c -L"$ORCHESTRA_ROOT/lib" -lanswer -Wl,-rpath,"$ORCHESTRA_ROOT/lib"
          cp "$R/bin/bare" "$R/share/not_executable"
          chmod 644 "$R/share/not_executable"
          chmod 555 "$R/bin/bare"
          cp "$R/opt/deep/er/prog" original
`;

async function runpath(file: string): Promise<string> {
  const { stdout } = await runProgram("readelf", ["-d", file], { env: { LC_ALL: "C" } });
  return /\(RUNPATH\).*\[(.*)\]/.exec(stdout)?.[1] ?? "none";
}

Deno.test({
  name: "what is built works after the root has been moved",
  ignore: !hasGcc,
  fn: async () => {
    await using project = await Project.create(COMPONENT.replace("SKIP", "false"));
    const { code, stderr } = await project.orc(["install", "-b", "all"]);
    assert.equal(code, 0, stderr);
    const root = project.path("root");
    const read = (path: string) => Deno.readTextFile(`${root}/${path}`);
    assert.equal(
      await read("lib/pkgconfig/a.pc"),
      "prefix=${pcfiledir}/../..\nusr=${pcfiledir}/../../usr\n",
    );
    assert.equal(await read("share/pkgconfig/b.pc"), "prefix=${pcfiledir}/../..\n");
    assert.equal(await read("bin/script"), "#!/usr/bin/env python3 -u\nprint(1)\n");
    assert.equal(((await Deno.stat(`${root}/bin/script`)).mode ?? 0) & 0o777, 0o555);
    assert.equal(await read("include/x/h.h"), "#if 1\n#if 0\n#if 0 && X\n");
    const { mtime } = await Deno.stat(`${root}/include/x/h.h`);
    assert.equal(mtime?.getFullYear(), 2001);
    assert.equal(await read("include/x/h.hpp"), "#ifdef NDEBUG\n");
    assert.equal(await read("share/orchestra/all.license"), "free\n");
    for (const gone of ["lib/liba.la", "share/info/x", "share/locale"]) {
      await assert.rejects(Deno.lstat(`${root}/${gone}`), Deno.errors.NotFound);
    }
    const links = [];
    for (const path of ["share/one", "share/three", "opt/deep/two"]) {
      assert.equal(await read(path), "one\n");
      const info = await Deno.lstat(`${root}/${path}`);
      if (info.isSymlink) links.push(await Deno.readLink(`${root}/${path}`));
    }
    assert.equal(links.length, 2);
    assert.deepEqual(links, ["../opt/deep/two", "../opt/deep/two"]);

    const prog = `${root}/opt/deep/er/prog`;
    const path = await runpath(prog);
    assert.match(path, /^\$ORIGIN\/\.\.\/\.\.\/\.\.\/+lib$/);
    const before = readElfDynamic(project.path("build/all/b/original"));
    const after = readElfDynamic(prog);
    assert.equal(after?.strings.length, before?.strings.length);
    assert.equal(after?.stringsOffset, before?.stringsOffset);
    assert.equal(
      (await Deno.stat(prog)).size,
      (await Deno.stat(project.path("build/all/b/original"))).size,
    );
    assert.ok(!after?.strings.includes(root));
    assert.match(await runpath(`${root}/bin/bare`), /^\$ORIGIN\/\.\.\/+lib$/);
    assert.equal(await runpath(`${root}/share/not_executable`), `${root}/lib`);
    await Deno.remove(`${root}/share/not_executable`);
    const verified = await project.orc(["verify"]);
    assert.deepEqual(
      verified.stdout,
      "share/not_executable is missing, component all has installed it\n",
    );

    await Deno.rename(root, project.path("moved"));
    for (const program of ["moved/opt/deep/er/prog", "moved/bin/bare"]) {
      assert.equal((await runProgram(project.path(program), [])).code, 0, program);
    }
  },
});

Deno.test({
  name: "skip_post_install merges what was built as it is",
  ignore: !hasGcc,
  fn: async () => {
    await using project = await Project.create(COMPONENT.replace("SKIP", "true"));
    const { code, stderr } = await project.orc(["install", "-b", "all"]);
    assert.equal(code, 0, stderr);
    const root = project.path("root");
    assert.equal(
      await Deno.readTextFile(`${root}/lib/pkgconfig/a.pc`),
      `prefix=${root}\nusr=${root}/usr\n`,
    );
    assert.match(await Deno.readTextFile(`${root}/bin/script`), new RegExp(`^#!${root}/bin`));
    assert.ok((await Deno.lstat(`${root}/lib/liba.la`)).isFile);
    assert.equal((await Deno.lstat(`${root}/share/one`)).nlink, 3);
    assert.equal(await runpath(`${root}/bin/bare`), `${root}/lib`);
    await assert.rejects(Deno.lstat(`${root}/share/orchestra/all.license`));
    await assert.rejects(Deno.lstat(`${root}/share/locale`));
    const verified = await project.orc(["verify"]);
    assert.equal(verified.code, 1);
    assert.match(
      verified.stdout,
      /bin\/bare looks for libraries in .*root\/lib, which is not relative/,
    );
  },
});

Deno.test("a license that is nowhere fails the install and names where it was looked for", async () => {
  await using project = await Project.create(`components:
  a:
    license: COPYING
    builds:
      b:
        configure: mkdir -p "$BUILD_DIR" "$SOURCE_DIR"
        install: test -e "$SOURCE_DIR"
`);
  const { code, stderr } = await project.orc(["install", "-b", "a"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /Cannot find the license "COPYING" of a@b in ".*build\/a\/b" or ".*sources\/a"/,
  );
  await project.write("sources/a/COPYING", "text");
  assert.equal((await project.orc(["install", "-b", "a"])).code, 0);
  assert.equal(await Deno.readTextFile(project.path("root/share/orchestra/a.license")), "text");
});

Deno.test({
  name: "programs keep their setuid bit, also those that nobody may write to",
  ignore: !hasGcc,
  fn: async () => {
    await using project = await Project.create(`components:
  a:
    builds:
      b:
        configure: mkdir -p "$BUILD_DIR"
        install: |
          cd "$TMP_ROOT$ORCHESTRA_ROOT/bin"
          echo 'int main(void) { return 0; }' > m.c
          gcc -o writable m.c "-Wl,-rpath,$RPATH_PLACEHOLDER/lib"
          cp writable protected
          cp writable plain
          printf '#!%s/bin/sh\\n' "$ORCHESTRA_ROOT" > script
          rm m.c
          chmod 4755 writable script
          chmod 6555 protected
          chmod 555 plain
`);
    const { code, stderr } = await project.orc(["install", "-b", "a"]);
    assert.equal(code, 0, stderr);
    const modes = { writable: 0o4755, script: 0o4755, protected: 0o6755, plain: 0o755 };
    for (const [name, mode] of Object.entries(modes)) {
      const path = project.path(`root/bin/${name}`);
      assert.equal((await Deno.stat(path)).mode! & 0o7777, mode, name);
      if (name !== "script") assert.match(await runpath(path), /^\$ORIGIN\/\.\.\/+lib$/);
    }
  },
});

Deno.test({
  name: "relocateElf() leaves what is no path of the root, and says what does not fit",
  ignore: !hasGcc,
  fn: async () => {
    const directory = await Deno.makeTempDir();
    try {
      const file = `${directory}/prog`;
      const build = async (rpath: string) => {
        await Deno.writeTextFile(`${directory}/m.c`, "int main(void) { return 0; }\n");
        const { code, stderr } = await runProgram("gcc", [
          ...["-o", file, `${directory}/m.c`, `-Wl,-rpath,${rpath}`],
        ]);
        assert.equal(code, 0, stderr);
      };
      await build("/r2/lib:/mnt/r/lib");
      assert.deepEqual(relocateElf(file, "bin", "/r"), { kind: "untouched" });
      await build("/r/lib");
      assert.deepEqual(relocateElf(file, "bin", "/r"), { kind: "too-long", text: "/r/lib" });
      assert.equal(await runpath(file), "/r/lib");
      await build("/long/enough/root/lib:/long/enough/root");
      assert.deepEqual(relocateElf(file, "bin", "/long/enough/root"), { kind: "relocated" });
      assert.match(await runpath(file), /^\$ORIGIN\/\.\.\/+lib:\$ORIGIN\/\.\.\/+$/);
      // Files that only look like it are nobody's failure.
      for (const size of [3, 20, 64, 100, 1000]) {
        const bytes = (await Deno.readFile(file)).slice(0, size);
        await Deno.writeFile(`${directory}/cut`, bytes);
        assert.deepEqual(relocateElf(`${directory}/cut`, "bin", "/r"), { kind: "untouched" });
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
