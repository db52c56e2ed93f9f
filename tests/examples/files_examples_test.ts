import assert from "node:assert/strict";

/** Runs an example in a directory of its own. */
async function runExample(
  name: string,
  prepare: (dir: string) => Promise<void> = async () => {},
): Promise<{ readonly stdout: string; readonly stderr: string; readonly left: string[] }> {
  const dir = await Deno.makeTempDir({ prefix: "superorch-examples-" });
  const temp = `${dir}/temp`;
  const cwd = `${dir}/cwd`;
  try {
    await Deno.mkdir(temp);
    await Deno.mkdir(cwd);
    await prepare(cwd);
    const script = new URL(`../../examples/${name}`, import.meta.url).href;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", script],
      cwd,
      env: { TMPDIR: temp, TEMP: temp, TMP: temp, NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const text = { stdout: decode(stdout), stderr: decode(stderr) };
    assert.equal(code, 0, `${text.stdout}${text.stderr}`);
    assert.deepEqual([...Deno.readDirSync(temp)], [], "the example left something behind");
    return { ...text, left: filesBelow(cwd).map((path) => path.slice(cwd.length + 1)).sort() };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function filesBelow(dir: string): string[] {
  return [...Deno.readDirSync(dir)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${dir}/${name}`) : [`${dir}/${name}`]
  );
}

Deno.test("example paths: resolves, and tells what is missing", async () => {
  const { stdout, stderr, left } = await runExample("paths.ts");
  assert.equal(stderr, "");
  assert.match(stdout, /the file: {6}.*\.gitignore/);
  assert.match(stdout, /acquirePath\(path: "\.\/logs\/nonexistent"\)/);
  assert.match(stdout, /acquireDirPath\(path: "\.\/logs\/\.gitignore"\) -> is not a directory/);
  assert.match(stdout, /acquireFilePath\(path: "\.\/logs"\) -> is not a file/);
  assert.deepEqual(left, []);
});

Deno.test("example file_options: writes, appends, and shows both error shapes", async () => {
  const { stdout, stderr, left } = await runExample("file_options.ts");
  assert.equal(stderr, "");
  assert.match(stdout, /writeText\(path: "\.\/nonexistent\/example\.log"\)/);
  assert.match(stdout, /acquireDirPath\(path: "\.\/nonexistent"\)/);
  assert.match(stdout, /acquireFilePath\(path: ".*nonexistent\.log"\)/);
  assert.deepEqual(left, []);
});

Deno.test("example clean: removes temporary dockerfiles and logs, and nothing else", async () => {
  const { stdout, stderr, left } = await runExample("clean.ts", async (cwd) => {
    await Deno.mkdir(`${cwd}/dockerfiles`);
    await Deno.mkdir(`${cwd}/logs/kept.log`, { recursive: true });
    const names = [
      "dockerfiles/__tmp.dockerfile",
      "dockerfiles/web.tmp.dockerfile",
      "dockerfiles/web.dockerfile",
      "logs/a.log",
      "logs/a.log.gz",
      "logs/.gitignore",
      "logs/kept.log/b.log",
    ];
    for (const name of names) await Deno.writeTextFile(`${cwd}/${name}`, "");
  });
  assert.equal(stderr, "");
  assert.match(stdout, /\.\/dockerfiles: removed __tmp\.dockerfile, web\.tmp\.dockerfile\n/);
  assert.match(stdout, /\.\/logs: removed a\.log\n/);
  const kept = ["dockerfiles/web.dockerfile", "logs/.gitignore", "logs/a.log.gz"];
  assert.deepEqual(left, [...kept, "logs/kept.log/b.log"]);
});

Deno.test("example clean: has nothing to do in an empty directory", async () => {
  const { stdout, left } = await runExample("clean.ts");
  assert.match(stdout, /\.\/dockerfiles: removed nothing\n\.\/logs: removed nothing\n/);
  assert.deepEqual(left, []);
});
