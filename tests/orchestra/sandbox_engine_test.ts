// gate-timeout: 240 s
import assert from "node:assert/strict";
import { connectEngine } from "../../lib/engine/mod.ts";
import { debianImage } from "../support/debian_image.ts";
import { Project } from "./_support.ts";

await using engine = await connectEngine();
const image = await debianImage(engine);

/** Two components that both look for the files of the other ones. */
const COMPONENTS = `components:
  declared:
    builds:
      b:
        configure: mkdir -p "$BUILD_DIR"
        install: mkdir -p "$TMP_ROOT$ORCHESTRA_ROOT/bin"; echo yes > "$TMP_ROOT$ORCHESTRA_ROOT/declared"
  undeclared:
    builds:
      b:
        configure: mkdir -p "$BUILD_DIR"
        install: echo yes > "$TMP_ROOT$ORCHESTRA_ROOT/undeclared"
  careful:
    builds:
      b:
        dependencies: [declared]
        configure: mkdir -p "$BUILD_DIR"; cat "$ORCHESTRA_ROOT/declared" > "$BUILD_DIR/out"
        install: cp "$BUILD_DIR/out" "$TMP_ROOT$ORCHESTRA_ROOT/careful"; echo spoken
  careless:
    builds:
      b:
        dependencies: [declared]
        configure: mkdir -p "$BUILD_DIR"
        install: cp "$ORCHESTRA_ROOT/undeclared" "$TMP_ROOT$ORCHESTRA_ROOT/careless"
  online:
    builds:
      b:
        configure: mkdir -p "$BUILD_DIR"; test "$(ls /sys/class/net)" != lo
        install: "true"
  long:
    builds:
      b:
        configure: mkdir -p "$BUILD_DIR"
        install: "${": line\\n".repeat(30_000)}echo end of it"
  vandal:
    builds:
      b:
        dependencies: [declared]
        configure: mkdir -p "$BUILD_DIR"
        install: echo no > "$ORCHESTRA_ROOT/declared"
`;

Deno.test({
  name: "--in-container shows what scripts need without saying so",
  ignore: image.skip !== undefined,
  fn: async () => {
    await using project = await Project.create(COMPONENTS);
    const orc = (...words: string[]) =>
      project.orc(["install", "-b", "--in-container", image.reference ?? "", ...words], {
        timeoutMs: 90_000,
      });
    const outside = await project.orc(["install", "-b", "declared", "undeclared", "careless"]);
    assert.equal(outside.code, 0, outside.stderr);
    const careful = await orc("careful");
    assert.equal(careful.code, 0, careful.stderr);
    assert.match(careful.stderr, /^spoken$/m);
    assert.equal(await Deno.readTextFile(project.path("root/careful")), "yes\n");
    const { uid } = await Deno.stat(project.path("root/careful"));
    assert.equal(uid, Deno.uid());
    const careless = await orc("careless");
    assert.equal(careless.code, 1);
    assert.match(careless.stderr, /undeclared'?: No such file or directory/);
    assert.equal((await orc("online")).code, 1);
    const long = await orc("long");
    assert.equal(long.code, 0, long.stderr.slice(-1000));
    assert.match(long.stderr, /^end of it$/m);
    assert.deepEqual(
      [...Deno.readDirSync(project.path(".orchestra/tmproot"))].map(({ name }) => name),
      [
        "careless_b",
      ],
    );
    const vandal = await orc("vandal");
    assert.equal(vandal.code, 1);
    assert.match(vandal.stderr, /Read-only file system/);
    assert.equal(await Deno.readTextFile(project.path("root/declared")), "yes\n");
    const verified = await project.orc(["verify"]);
    assert.equal(verified.code, 0, verified.stdout);
    assert.deepEqual([...Deno.readDirSync(project.path("root/share/orchestra/.sandbox"))], []);
  },
});

Deno.test("--in-container names an image that is not there", async () => {
  await using project = await Project.create(COMPONENTS);
  const { code, stderr } = await project.orc([
    ...["install", "-b", "--in-container", "superorch.invalid/no-such-image:1", "declared"],
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /superorch\.invalid\/no-such-image:1/);
  const [, reason = ""] = /from image ".*?": (.*?) \(POST/.exec(stderr) ?? [];
  assert.equal(stderr.split(reason).length, 2, `told once: ${stderr}`);
});
