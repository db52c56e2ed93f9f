import assert from "node:assert/strict";
import { linkNames } from "../../cli/install_links.ts";
import { calledAs, NAMES, resolveName } from "../../cli/names.ts";
import { deno, runProgram, superorch } from "../support/cli.ts";

const ROOT = new URL("../../", import.meta.url);

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The commands that there are, from the help text. */
async function commands(): Promise<readonly string[]> {
  const { stdout } = await superorch(["--help"]);
  return [...stdout.matchAll(/^ {2}([a-z][\w-]*) /gm)].map((match) => match[1]!);
}

Deno.test("a name stands for the words of its command; cargo's own word is dropped", () => {
  const resolve = (name: string, ...words: string[]) => resolveName([calledAs(name), ...words]);
  assert.deepEqual(resolve("orc", "build", "x"), ["orc", "build", "x"]);
  assert.deepEqual(resolve("orchestra", "build"), ["orc", "build"]);
  assert.deepEqual(resolve("buildr"), ["buildr"]);
  assert.deepEqual(resolve("rustcbuildx", "rustc", "-vV"), ["rustc-wrap", "rustc", "-vV"]);
  assert.deepEqual(resolve("cargo-green", "green", "build"), ["cargo", "build"]);
  assert.deepEqual(resolve("cargo-green", "build", "green"), ["cargo", "build", "green"]);
  assert.deepEqual(resolve("ytt", "-f", "-"), ["ytt", "-f", "-"]);
  assert.deepEqual(resolve("superorch", "ps"), ["ps"]);
  assert.deepEqual(resolve("toString", "ps"), ["ps"]);
  assert.deepEqual(resolveName(["ps", calledAs("ytt")]), ["ps", calledAs("ytt")]);
  assert.deepEqual(resolveName([]), []);
});

Deno.test("links are made for each name whose command there is, and each starts it", async () => {
  await withDirectory(async (directory) => {
    const known = await commands();
    const names = linkNames(known);
    assert.ok(names.includes("superorch") && names.includes("ytt"));
    for (const [name, [command]] of Object.entries(NAMES)) {
      assert.equal(names.includes(name), command === undefined || known.includes(command), name);
    }
    const bin = `${directory}/some 'bin`;
    const { code, stdout, stderr } = await superorch(["install-links", bin]);
    assert.deepEqual([code, stdout], [0, names.map((name) => `${bin}/${name}\n`).join("")], stderr);
    assert.deepEqual([...Deno.readDirSync(bin)].map(({ name }) => name).sort(), [...names].sort());
    for (const name of names) {
      // A command may call itself by the name that it was started as.
      const ran = await runProgram(`${bin}/${name}`, ["--help"], { cwd: directory });
      const same = await superorch([...NAMES[name]!, "--help"]);
      assert.equal(ran.code, same.code, `${name}: ${ran.stderr}`);
      assert.ok(!ran.stderr.includes("unknown command"), ran.stderr);
    }
    const ytt = await runProgram(`${bin}/ytt`, ["-f", "-"], {
      stdin: "#@ x = 1 + 2\na: #@ x\n",
      cwd: directory,
    });
    assert.deepEqual([ytt.code, ytt.stdout], [0, "a: 3\n"]);
    assert.equal((await superorch(["install-links", bin])).code, 0, "its own links are replaced");
  });
});

Deno.test("words with blanks, quotes and nothing in them reach the command as they are", async () => {
  await withDirectory(async (directory) => {
    await superorch(["install-links", directory, "ytt"]);
    const value = `it's a "value" $HOME \\ `;
    const inspected = await runProgram(
      `${directory}/ytt`,
      ["-f", "-", "-v", `x=${value}`, "--data-values-inspect", "-o", "json"],
      { stdin: '#@data/values\n---\nx: ""\n', cwd: directory },
    );
    assert.equal(inspected.code, 0, inspected.stderr);
    assert.deepEqual(JSON.parse(inspected.stdout), { x: value });
  });
});

Deno.test("install-links leaves alone what is not its own, writes nothing then, and knows its names", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/ytt`, "mine");
    const refused = await superorch(["install-links", directory]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /something else is there; --force replaces it/);
    assert.equal(await Deno.readTextFile(`${directory}/ytt`), "mine");
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["ytt"]);
    assert.equal((await superorch(["install-links", "-f", directory, "ytt"])).code, 0);
    assert.notEqual(await Deno.readTextFile(`${directory}/ytt`), "mine");
    const unknown = await superorch(["install-links", directory, "yttt", "nope"]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /Cannot link "yttt": did you mean "ytt"\?/);
    assert.match(unknown.stderr, /Cannot link "nope": the names are /);
    const below = await superorch(["install-links", `${directory}/ytt/bin`]);
    assert.equal(below.code, 2);
    assert.match(below.stderr, /it is not a directory/);
    await Deno.mkdir(`${directory}/d/ytt`, { recursive: true });
    assert.equal((await superorch(["install-links", "-f", `${directory}/d`, "ytt"])).code, 2);
    assert.deepEqual([...Deno.readDirSync(`${directory}/d`)].map(({ name }) => name), ["ytt"]);
  });
});

Deno.test("install-links --json names each link and its path", async () => {
  await withDirectory(async (directory) => {
    const { stdout } = await superorch(["install-links", "--json", `${directory}/`, "ytt"]);
    assert.deepEqual(JSON.parse(stdout), [{ name: "ytt", path: `${directory}/ytt` }]);
  });
});

Deno.test("a link finds another Deno in PATH when its own is gone, and says what else is", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await withDirectory(async (directory) => {
    await superorch(["install-links", directory, "superorch"]);
    const path = `${directory}/superorch`;
    const text = await Deno.readTextFile(path);
    assert.ok(text.includes(Deno.execPath()));
    await Deno.writeTextFile(path, text.replace(Deno.execPath(), "/nonexistent/deno"));
    await Deno.symlink(Deno.execPath(), `${directory}/deno`);
    const env = { PATH: `${directory}:/usr/bin:/bin` };
    assert.match((await runProgram(path, ["--version"], { env })).stdout, /^superorch \d/);
    await Deno.remove(`${directory}/deno`);
    const without = await runProgram(path, ["--version"], { env: { PATH: "/nonexistent" } });
    assert.equal(without.code, 127);
    assert.match(without.stderr, /^superorch: cannot find Deno/);
    const main = new URL("cli/main.ts", ROOT).pathname;
    await Deno.writeTextFile(path, text.replaceAll(main, "/nonexistent/main.ts"));
    const gone = await runProgram(path, ["--version"]);
    assert.equal(gone.code, 127);
    assert.equal(
      gone.stderr,
      "superorch: /nonexistent/main.ts is gone; run superorch install-links again\n",
    );
  });
});

Deno.test("a copy of the sources is found by the links that it made itself", async () => {
  await withDirectory(async (directory) => {
    const copy = `${directory}/a copy`;
    await Deno.mkdir(copy);
    for (const name of ["cli", "lib", "deno.json"]) {
      const { success } = await new Deno.Command("cp", {
        args: ["-r", new URL(name, ROOT).pathname, copy],
      }).output();
      assert.ok(success);
    }
    await deno([
      "run",
      "-q",
      "-A",
      "--no-lock",
      `${copy}/cli/main.ts`,
      "install-links",
      directory,
      "ytt",
    ]);
    assert.ok((await Deno.readTextFile(`${directory}/ytt`)).includes(`${copy}/cli/main.ts`));
    const ran = await runProgram(`${directory}/ytt`, ["version"], { cwd: "/" });
    assert.match(ran.stdout, /^ytt version /);
  });
});
