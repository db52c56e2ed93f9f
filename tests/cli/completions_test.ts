// gate-timeout: 240 s
import assert from "node:assert/strict";
import { splitShellLine } from "../../cli/_shell_line.ts";
import { deno, runProgram, superorch } from "../support/cli.ts";
import { debianFiles } from "../support/debian_packages.ts";

/** What the program answers to zsh or fish: candidates without their descriptions. */
async function complete(
  words: readonly string[],
  options: { readonly name?: string; readonly cwd?: string } = {},
): Promise<{ readonly others: string; readonly values: readonly string[] }> {
  const main = new URL("../../cli/main.ts", import.meta.url).href;
  const { code, stdout, stderr } = await deno(
    ["run", "-q", "-A", main, "__complete", "fish", options.name ?? "superorch", ...words],
    { cwd: options.cwd, env: { DOCKER_HOST: "unix:///nonexistent.sock" } },
  );
  assert.deepEqual([code, stderr], [0, ""]);
  const [others, ...lines] = stdout.trimEnd().split("\n");
  return { others: others!, values: lines.map((line) => line.split("\t")[0]!) };
}

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const COMPOSE = `services:
  web: { image: a, profiles: [front] }
  worker: { image: b }
`;

Deno.test("commands, options and declared values are completed", async () => {
  assert.deepEqual((await complete(["comp"])).values, ["compose", "completions"]);
  assert.deepEqual((await complete(["compose", ""])).values, ["config", "export", "help"]);
  const { values } = await complete(["ps", "-"]);
  assert.ok(values.includes("-a") && values.includes("--all") && values.includes("--json"));
  assert.deepEqual((await complete(["compose", "config", "--prof"])).values, [
    "--profile",
    "--profiles",
  ]);
  assert.deepEqual((await complete(["completions", ""])).values, ["bash", "zsh", "fish"]);
  assert.deepEqual((await complete(["compose", "config", "--format", "y"])).values, ["yaml"]);
  assert.deepEqual((await complete(["compose", "config", "--format=j"])).values, [
    "--format=json",
  ]);
  assert.deepEqual((await complete(["help", "comp"])).values, ["compose", "completions"]);
  assert.equal((await complete(["compose", "config", "-f", ""])).others, "files");
  assert.equal((await complete(["install-links", ""])).others, "directories");
  assert.ok((await complete(["install-links", "d", ""])).values.includes("ytt"));
});

Deno.test("the hidden command that answers shells is in no list", async () => {
  assert.equal((await complete([""])).values.includes("__complete"), false);
  assert.equal((await superorch(["--help"])).stdout.includes("__complete"), false);
});

Deno.test("words after `--`, and those of a program in a container, are no options of ours", async () => {
  assert.deepEqual((await complete(["ps", "--", "--j"])).values, []);
  assert.deepEqual((await complete(["exec", "db", "ls", "--"])).values, []);
  assert.ok((await complete(["exec", "--"])).values.includes("--user"));
});

Deno.test("a command line that is wrong has no completions, and no message in between", async () => {
  for (
    const words of [["nope", ""], ["ps", "--nope", "x"], ["compose", "nope", "--"], [
      "help",
      "x",
      "",
    ]]
  ) {
    assert.equal((await complete(words)).others, "none", words.join(" "));
  }
});

Deno.test("values of the compose file in the directory, or of the one named, are completed", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/compose.yaml`, COMPOSE);
    await Deno.writeTextFile(`${directory}/other.yaml`, COMPOSE.replaceAll("front", "back"));
    const options = { cwd: directory };
    const config = ["compose", "config"];
    assert.deepEqual((await complete([...config, "--profile", ""], options)).values, ["front"]);
    const named = [...config, "-f", "other.yaml", "--profile", ""];
    assert.deepEqual((await complete(named, options)).values, ["back"]);
    await Deno.writeTextFile(`${directory}/compose.yaml`, "services: [");
    assert.deepEqual((await complete([...config, "--profile", ""], options)).values, []);
  });
});

Deno.test("other names of the program complete the words of their command", async () => {
  assert.deepEqual((await complete(["fm"], { name: "ytt" })).values, ["fmt"]);
  assert.ok((await complete(["--data-value"], { name: "ytt" })).values.includes("--data-value"));
  assert.ok((await complete(["ytt", "--data-value"])).values.includes("--data-value"));
  assert.equal((await complete(["-f", ""], { name: "ytt" })).others, "files");
  // An alias of the person's own.
  assert.deepEqual((await complete(["comp"], { name: "so" })).values, ["compose", "completions"]);
});

Deno.test("components of orchestra are completed, with their builds", async () => {
  await withDirectory(async (directory) => {
    const config = `${directory}/.orchestra/config`;
    await Deno.mkdir(config, { recursive: true });
    await Deno.writeTextFile(
      `${config}/components.yml`,
      `components:
  compiler:
    builds:
      debug: { configure: "true", install: "true" }
      release: { configure: "true", install: "true" }
  library:
    builds:
      default: { configure: "true", install: "true" }
`,
    );
    const orc = async (...words: string[]) =>
      (await complete(words, { name: "orc", cwd: directory })).values;
    assert.deepEqual(await orc("inst"), ["install"]);
    assert.deepEqual(await orc("help", "inst"), ["install"]);
    assert.deepEqual(await orc("install", "lib"), [], "a tab key is no first run");
    assert.deepEqual([...Deno.readDirSync(config)].map(({ name }) => name), ["components.yml"]);
    await Deno.writeTextFile(`${config}/user_options.yml`, "");
    assert.deepEqual(await orc("install", "lib"), ["library"]);
    assert.deepEqual(await orc("install", "compiler@"), ["compiler@debug", "compiler@release"]);
    assert.deepEqual(
      (await complete(["-C", directory, "install", "l"], { name: "orchestra" })).values,
      [
        "library",
      ],
    );
  });
});

Deno.test("a line is split as bash does, and nothing in it is evaluated", () => {
  const split = (line: string) => {
    const { words, replaced, quoted } = splitShellLine(line);
    return [words, replaced, quoted];
  };
  assert.deepEqual(split("a b"), [["a", "b"], 0, false]);
  assert.deepEqual(split("a  b "), [["a", "b", ""], 0, false]);
  assert.deepEqual(split(`a 'b c' "d \\" e`), [["a", "b c", 'd " e'], 0, true]);
  assert.deepEqual(split("a --b=c:d"), [["a", "--b=c:d"], 6, false]);
  assert.deepEqual(split("a b\\ c"), [["a", "b c"], 0, false]);
  assert.deepEqual(split("a $(rm x) `y`"), [["a", "$(rm", "x)", "`y`"], 0, false]);
  assert.deepEqual(split(""), [[""], 0, false]);
  assert.deepEqual(split(`a "`), [["a", ""], 0, true]);
  assert.deepEqual(split("a \\"), [["a", ""], 0, false]);
});

async function scriptFor(shell: string, directory: string, ...names: string[]): Promise<string> {
  const { code, stdout, stderr } = await superorch(["completions", shell, ...names]);
  assert.equal(code, 0, stderr);
  const path = `${directory}/completions.${shell}`;
  await Deno.writeTextFile(path, stdout);
  return path;
}

/** Types into a bash without any start-up file what a person would, and gives what it offers. */
async function inBash(script: string, line: string, cwd: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await runProgram("bash", [
    "--norc",
    "-c",
    BASH,
    "bash",
    script,
    line,
  ], {
    cwd,
  });
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  return stdout.split("\n").filter((text) => text !== "");
}

// What readline does: it looks up the function for the command, and gives it the line.
const BASH = `set -u
source "$1"
source "$1" # a second time, as a shell that starts another one does
line=$2
name=\${line%% *}
spec=$(complete -p "$name") || exit 3
[[ $spec =~ -F\\ ([^ ]+) ]] || exit 4
COMP_LINE=$line COMP_POINT=\${#line} COMP_WORDS=($name) COMP_CWORD=0
"\${BASH_REMATCH[1]}" "$name" "" ""
((\${#COMPREPLY[@]})) && printf '%s\\n' "\${COMPREPLY[@]}"
true`;

Deno.test("bash without bash-completion completes, under each name", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/compose.yaml`, COMPOSE.replace("[front]", '["a b"]'));
    const script = await scriptFor("bash", directory);
    const bash = (line: string) => inBash(script, line, directory);
    assert.deepEqual(await bash("superorch comp"), ["compose", "completions"]);
    assert.deepEqual(await bash("ytt fm"), ["fmt"]);
    // bash puts the answer where the last break of the word was.
    assert.deepEqual(await bash("superorch compose config --format=y"), ["yaml"]);
    assert.deepEqual(await bash("superorch compose config --profile "), ["'a b'"]);
    assert.deepEqual(await bash("superorch compose config --profile 'a"), ["a b"]);
  });
});

Deno.test("what is typed is never run by the completion", async () => {
  await withDirectory(async (directory) => {
    const script = await scriptFor("bash", directory);
    for (
      const evil of ["$(touch owned) ", "`touch owned` ", "; touch owned; ", "'; touch owned; "]
    ) {
      await inBash(script, `superorch ps ${evil}`, directory);
    }
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name);
    assert.deepEqual(names, ["completions.bash"]);
  });
});

/** A person at a terminal: types, and waits for what must appear. */
async function atTerminal(
  command: string,
  dialogue: readonly (readonly [type: string, appears: RegExp])[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<void> {
  const child = new Deno.Command("script", {
    args: ["-qefc", command, "/dev/null"],
    cwd: options.cwd,
    env: { TERM: "xterm", ...options.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  try {
    for (const [type, appears] of dialogue) {
      seen = "";
      await writer.write(new TextEncoder().encode(type));
      while (!appears.test(seen)) {
        const { value, done } = await reader.read();
        if (done) assert.fail(`${appears} did not appear after ${JSON.stringify(type)}: ${seen}`);
        seen += value;
      }
    }
    await writer.write(new TextEncoder().encode("\x15exit\n"));
    await writer.close();
    while (!(await reader.read()).done);
  } catch (error) {
    try {
      child.kill("SIGKILL");
    } catch {
      // it has ended, which may be why
    }
    throw error;
  } finally {
    clearTimeout(timer);
    reader.releaseLock();
    await child.status;
  }
}

const isLinux = Deno.build.os === "linux"; // script(1) differs elsewhere

Deno.test("the tab key in a real bash completes a word", { ignore: !isLinux }, async () => {
  await withDirectory(async (directory) => {
    const script = await scriptFor("bash", directory);
    await Deno.writeTextFile(`${directory}/some_file.yaml`, "");
    await atTerminal("bash --norc --noprofile -i", [
      [`PS1='READY''> '\n`, /READY> $/],
      [`source ${script}; PS1='DONE''> '\n`, /DONE> $/],
      ["superorch engine stat\t", /engine status $/],
      ["\x15superorch compose config -f some_\t", /some_file\.yaml $/],
      ["\x15superorch compose config --format=j\t", /--format=json $/],
    ], { cwd: directory });
  });
});

const zsh = await debianFiles({ packages: ["zsh", "zsh-common"] });
const fish = await debianFiles({ packages: ["fish", "fish-common"] });

Deno.test({
  name: `the tab key in a real zsh completes a word${zsh.skip ? ` (skipped: ${zsh.skip})` : ""}`,
  ignore: zsh.root === undefined || !isLinux,
  fn: async () => {
    await withDirectory(async (directory) => {
      const script = await scriptFor("zsh", directory);
      await Deno.writeTextFile(`${directory}/some_file.yaml`, "");
      const { root } = zsh as { root: string };
      const functions = await firstThat(`${root}/usr/share/zsh/functions`);
      const env = {
        HOME: directory,
        ZDOTDIR: directory,
        FPATH: await fpath(functions),
        // Of this zsh and not of the machine's.
        MODULES: `${root}/usr/lib/${Deno.build.arch}-linux-gnu/zsh`,
      };
      await atTerminal(`${await firstThat(`${root}/usr/bin/zsh`, `${root}/bin/zsh`)} -f -i +Z`, [
        ["module_path=($MODULES/*); setopt zle; PS1='READY''> '\n", /READY> /],
        [`source ${script}; PS1='DONE''> '\n`, /DONE> /],
        ["superorch engine stat\t", /engine status/],
        ["\x15superorch compose config -f some_\t", /some_file\.yaml/],
        ["\x15superorch compose config --format=j\t", /--format=json/],
        ["\x15ytt fm\t", /ytt fmt/],
      ], { cwd: directory, env });
    });
  },
});

async function firstThat(...paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    if (await Deno.lstat(path).then(() => true, () => false)) return path;
  }
  throw new Error(`None of ${paths.join(", ")} is there`);
}

async function fpath(directory: string): Promise<string> {
  const found = [directory];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) found.push(await fpath(`${directory}/${name}`));
  }
  return found.join(":");
}

Deno.test({
  name: `a real fish completes words${fish.skip ? ` (skipped: ${fish.skip})` : ""}`,
  ignore: fish.root === undefined,
  fn: async () => {
    await withDirectory(async (directory) => {
      const script = await scriptFor("fish", directory);
      await Deno.writeTextFile(`${directory}/some_file.yaml`, "");
      const { root } = fish as { root: string };
      const ask = async (line: string) => {
        const ran = await runProgram(`${root}/usr/bin/fish`, [
          "--no-config",
          "-c",
          `set -p fish_function_path ${root}/usr/share/fish/functions; source ${script}
          complete -C '${line}'`,
        ], {
          cwd: directory,
          env: {
            HOME: directory,
            XDG_CONFIG_HOME: directory,
            XDG_DATA_HOME: directory,
            LD_LIBRARY_PATH: `${root}/usr/lib/${Deno.build.arch}-linux-gnu`,
          },
        });
        assert.equal(ran.code, 0, ran.stderr);
        return ran.stdout.split("\n").filter((text) => text !== "");
      };
      const [first] = await ask("superorch engine stat");
      assert.match(first ?? "", /^status\tShow which engine/);
      assert.deepEqual((await ask("ytt fm")).map((one) => one.split("\t")[0]), ["fmt"]);
      assert.deepEqual(await ask("superorch compose config -f some_"), ["some_file.yaml"]);
      assert.deepEqual(
        (await ask("superorch compose config --format=j")).map((one) => one.split("\t")[0]),
        ["--format=json"],
      );
      assert.deepEqual((await ask("superorch comp")).length, 2);
    });
  },
});

Deno.test("an unknown shell or name is a mistake with the ones that there are", async () => {
  const shell = await superorch(["completions", "tcsh"]);
  assert.equal(shell.code, 2);
  assert.match(shell.stderr, /bash, zsh, fish/);
  const name = await superorch(["completions", "bash", "nope"]);
  assert.equal(name.code, 2);
  assert.match(name.stderr, /the names are superorch/);
});
