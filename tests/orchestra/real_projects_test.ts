import assert from "node:assert/strict";
import { debianFiles, isProgram, libraryPath } from "../support/debian_packages.ts";
import { runProgram } from "../support/cli.ts";
import { bareRepository, gitHome } from "./_git.ts";
import { Project } from "./_support.ts";

const hasTools = await isProgram("gcc") && await isProgram("make") && await isProgram("perl");

async function cmakeDirectory(): Promise<string | undefined> {
  if (await isProgram("cmake")) return "";
  const { root } = await debianFiles({ packages: ["cmake"] });
  return root === undefined ? undefined : `${root}/usr/bin`;
}

/** Variables with which autoconf and automake work from where they are unpacked. */
async function autotools(scratch: string): Promise<Record<string, string> | undefined> {
  const { root } = await debianFiles({ packages: ["autoconf", "automake", "m4"] });
  if (root === undefined) return undefined;
  const names = [...Deno.readDirSync(`${root}/usr/share`)].map(({ name }) => name);
  const version = names.find((name) => /^automake-\d/.test(name))?.slice("automake-".length);
  const share = `${root}/usr/share`;
  const settings = await Deno.readTextFile(`${share}/autoconf/autom4te.cfg`);
  await Deno.writeTextFile(
    `${scratch}/autom4te.cfg`,
    settings.replaceAll("/usr/share/autoconf", `${share}/autoconf`),
  );
  return {
    PATH: `${root}/usr/bin:${Deno.env.get("PATH")}`,
    LD_LIBRARY_PATH: libraryPath(root),
    PERL5LIB: `${share}/automake-${version}`,
    M4: `${root}/usr/bin/m4`,
    AUTOM4TE: `${root}/usr/bin/autom4te`,
    AUTOM4TE_CFG: `${scratch}/autom4te.cfg`,
    AC_MACRODIR: `${share}/autoconf`,
    autom4te_perllibdir: `${share}/autoconf`,
    trailer_m4: `${share}/autoconf/autoconf/trailer.m4`,
    AUTOTOOLS_SHARE: share,
    AUTOMAKE_VERSION: version ?? "",
  };
}

const CMAKE_SOURCES = {
  "CMakeLists.txt": `cmake_minimum_required(VERSION 3.10)
project(answer C)
add_library(answer SHARED answer.c)
install(TARGETS answer DESTINATION lib)
install(FILES answer.h DESTINATION include)
file(WRITE \${CMAKE_BINARY_DIR}/answer.pc "prefix=\${CMAKE_INSTALL_PREFIX}\\n")
install(FILES \${CMAKE_BINARY_DIR}/answer.pc DESTINATION lib/pkgconfig)
`,
  "answer.c": '#include "answer.h"\nint answer(void) { return 42; }\n',
  "answer.h": "#ifndef NDEBUG\n#define ANSWER_CHECKS 1\n#endif\nint answer(void);\n",
};

const AUTOTOOLS_SOURCES = {
  "configure.ac": `AC_INIT([hello],[1.0])
AM_INIT_AUTOMAKE([foreign])
AC_PROG_CC
AC_CHECK_HEADER([answer.h], [], [AC_MSG_ERROR([answer.h is missing])])
AC_SEARCH_LIBS([answer], [answer], [], [AC_MSG_ERROR([libanswer is missing])])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
`,
  "Makefile.am": "bin_PROGRAMS = hello\nhello_SOURCES = hello.c\n",
  "hello.c": `#include <answer.h>
#include <stdio.h>
int main(void) {
#ifdef ANSWER_CHECKS
  puts("checked");
#endif
  printf("%d\\n", answer());
  return 0;
}
`,
};

const COMPONENTS = `components:
  answer:
    repository: answer
    builds:
      default:
        configure: |
          cmake -G "Unix Makefiles" -S "$SOURCE_DIR" -B "$BUILD_DIR" -DCMAKE_INSTALL_PREFIX="$ORCHESTRA_ROOT"
        install: |
          cmake --build "$BUILD_DIR"
          cmake --install "$BUILD_DIR"
  hello:
    repository: hello
    builds:
      default:
        dependencies: [answer]
        configure: |
          mkdir -p "$BUILD_DIR"
          cp -r "$SOURCE_DIR/." "$BUILD_DIR"
          cd "$BUILD_DIR"
          aclocal-"$AUTOMAKE_VERSION" --system-acdir="$AUTOTOOLS_SHARE/aclocal" --automake-acdir="$AUTOTOOLS_SHARE/aclocal-$AUTOMAKE_VERSION"
          autoconf
          automake-"$AUTOMAKE_VERSION" --libdir="$AUTOTOOLS_SHARE/automake-$AUTOMAKE_VERSION" --add-missing --copy
          ./configure --prefix="$ORCHESTRA_ROOT" CPPFLAGS="-I$ORCHESTRA_ROOT/include" LDFLAGS="-L$ORCHESTRA_ROOT/lib -Wl,-rpath,$RPATH_PLACEHOLDER/lib"
        install: |
          cd "$BUILD_DIR"
          make
          make install
branches: [master]
remote_base_urls:
  - local: BASE
binary_archives:
  - shared: dir:../shared
`;

Deno.test({
  name: "a CMake library and an autotools program are built, archived, moved and run",
  ignore: !hasTools,
  fn: async () => {
    await using home = await gitHome();
    await using project = await Project.create("");
    const tools = await autotools(project.directory);
    const cmake = await cmakeDirectory();
    if (tools === undefined || cmake === undefined) return; // no packages to be had
    const env = { ...home.env, ...tools, PATH: `${cmake}:${tools["PATH"]}` };
    await Deno.mkdir(project.path("remotes"));
    await bareRepository(home, project.path("remotes/answer"), CMAKE_SOURCES);
    await bareRepository(home, project.path("remotes/hello"), AUTOTOOLS_SOURCES);
    await project.configure({
      "components.yml": COMPONENTS.replace("BASE", project.path("remotes")),
    });
    const orc = (...words: string[]) => project.orc(words, { env, timeoutMs: 100_000 });
    assert.equal((await orc("update", "--no-config")).code, 0);
    const built = await orc("install", "-b", "-j", "2", "--create-binary-archives", "hello");
    assert.equal(built.code, 0, built.stderr);
    const verified = await orc("verify");
    assert.equal(verified.code, 0, verified.stdout);
    assert.equal(
      await Deno.readTextFile(project.path("root/lib/pkgconfig/answer.pc")),
      "prefix=${pcfiledir}/../..\n",
    );
    // The header says what it was built with, whatever its users define.
    assert.match(await Deno.readTextFile(project.path("root/include/answer.h")), /^#if 0\n/);
    const run = (root: string) => runProgram(project.path(`${root}/bin/hello`), []);
    assert.equal((await run("root")).stdout, "42\n");
    await Deno.rename(project.path("root"), project.path("moved"));
    assert.equal((await run("moved")).stdout, "42\n");

    await orc("binary-archives", "push");
    for (const path of ["build", ".orchestra/binary_archives"]) {
      await Deno.remove(project.path(path), { recursive: true });
    }
    const installed = await orc("install", "hello");
    assert.equal(installed.code, 0, installed.stderr);
    assert.equal((await run("root")).stdout, "42\n");
    assert.equal((await orc("verify")).code, 0);
    await orc("uninstall", "answer");
    const broken = await orc("verify");
    assert.equal(broken.code, 1);
    assert.equal(broken.stdout, "bin/hello needs the library libanswer.so, which is not found\n");
  },
});
