import assert from "node:assert/strict";
import { superorch } from "../support/cli.ts";

async function inDirectory(
  files: Readonly<Record<string, string>>,
  body: (path: string) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempDir({ prefix: "superorch-compose-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${path}/${name}`, text);
    }
    await body(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

const GOOD =
  `name: shop\nservices: { web: { image: "web:\${TAG}" }, dev: { image: d, profiles: [dev] } }\n`;

Deno.test("compose config prints a project that prints itself again", async () => {
  await inDirectory({ "compose.yaml": GOOD, "dev.env": "TAG=1\n" }, async (cwd) => {
    const first = await superorch(["compose", "config", "--env-file", "dev.env"], { cwd });
    assert.equal(first.code, 0, first.stderr);
    assert.ok(
      first.stdout.startsWith("name: shop\nservices:\n  web:\n    image: web:1\n"),
      first.stdout,
    );
    assert.equal(first.stderr, "");
    await Deno.writeTextFile(`${cwd}/again.yaml`, first.stdout);
    const again = await superorch(["compose", "config", "-f", "again.yaml"], { cwd });
    assert.equal(again.stdout, first.stdout);
    const json = await superorch(
      ["compose", "config", "--env-file", "dev.env", "--json", "--profile", "dev", "-p", "other"],
      { cwd },
    );
    const model = JSON.parse(json.stdout);
    assert.equal(model.name, "other");
    assert.deepEqual(Object.keys(model.services), ["dev", "web"]);
  });
});

Deno.test("compose config lists names, warns on standard error, and is quiet when asked", async () => {
  await inDirectory({ "compose.yaml": GOOD }, async (cwd) => {
    const images = await superorch(["compose", "config", "--images"], { cwd });
    assert.equal(images.stdout, "web:\n");
    assert.match(images.stderr, /^compose\.yaml:2:\d+: warning: Variable "TAG" is not set/);
    const profiles = await superorch(["compose", "config", "--profiles"], { cwd });
    assert.equal(profiles.stdout, "dev\n");
    const quiet = await superorch(["compose", "config", "-q"], { cwd });
    assert.deepEqual([quiet.code, quiet.stdout], [0, ""]);
  });
});

Deno.test("every mistake of the user ends with exit code 2 and no trace", async () => {
  await inDirectory({
    "compose.yaml": "services:\n  web:\n    imgae: web\n    privileged: 7\n",
  }, async (cwd) => {
    const wrong = await superorch(["compose", "config"], { cwd });
    assert.equal(wrong.code, 2);
    assert.equal(wrong.stdout, "");
    assert.match(
      wrong.stderr,
      /compose\.yaml:3:5: error: Unknown key "imgae".*did you mean "image"/,
    );
    assert.ok(wrong.stderr.includes("\n  3 |     imgae: web\n    |     ^^^^^\n"), wrong.stderr);
    assert.match(wrong.stderr, /compose\.yaml:4:17: error/);
    assert.doesNotMatch(wrong.stderr, /\n\s+at /);
    for (
      const words of [
        ["config", "-f", "nope.yaml"],
        ["config", "--format", "xml"],
        ["config", "-p", "Not Good"],
        ["config", "--env-file", "nope.env"],
        ["export", "--nope"],
        ["nope"],
      ]
    ) {
      const { code, stdout, stderr } = await superorch(["compose", ...words], { cwd });
      assert.deepEqual([code, stdout], [2, ""], `${words}: ${stderr}`);
    }
  });
});

Deno.test("compose export writes a program, and never over a file", async () => {
  await inDirectory({ "compose.yaml": GOOD }, async (cwd) => {
    const printed = await superorch(["compose", "export", "--import", "./mod.ts"], { cwd });
    assert.equal(printed.code, 0, printed.stderr);
    assert.match(printed.stdout, /^import \{ container, ContainerNetwork \} from "\.\/mod\.ts";\n/);
    const words = ["compose", "export", "-o", "main.ts"];
    assert.equal((await superorch(words, { cwd })).code, 0);
    const text = await Deno.readTextFile(`${cwd}/main.ts`);
    assert.match(text, /container\("web", "web:"/);
    assert.notEqual((await superorch(words, { cwd })).code, 0);
    assert.equal(await Deno.readTextFile(`${cwd}/main.ts`), text);
  });
});
