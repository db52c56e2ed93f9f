import assert from "node:assert/strict";
import { container, specHash } from "../../lib/containers/mod.ts";

const ID = "sha256:1234";

Deno.test("the order of keys does not matter, at any depth", async () => {
  const one = container("a", "x", {
    env: { A: "1", B: "2" },
    ports: [{ container: 80, host: 81 }],
    memoryBytes: 1,
  });
  const two = container("a", "x", {
    memoryBytes: 1,
    ports: [{ host: 81, container: 80 }],
    env: { B: "2", A: "1" },
  });
  assert.equal(await specHash(one, ID), await specHash(two, ID));
});

Deno.test("whatever matters to the container changes the hash, the rest does not", async () => {
  const base = await specHash(container("a", "x", { env: { A: "1" } }), ID);
  assert.match(base, /^[0-9a-f]{64}$/);
  const same = container("a", "other-name-of-the-image", {
    env: { A: "1" },
    dependsOn: ["b"],
    allowUnsuccessful: true,
    forward: false,
    log: true,
    recordLimitBytes: 1,
    logLimitBytes: 1,
    pull: "always",
  });
  assert.equal(await specHash(same, ID), base);
  for (
    const different of [
      container("b", "x", { env: { A: "1" } }),
      container("a", "x", { env: { A: "2" } }),
      container("a", "x", { env: { A: "1" }, command: [] }),
      container("a", "x", { env: { A: "1" }, tty: false }),
    ]
  ) assert.notEqual(await specHash(different, ID), base);
  assert.notEqual(await specHash(container("a", "x", { env: { A: "1" } }), "sha256:9"), base);
});

Deno.test("the order of a list matters", async () => {
  const one = await specHash(container("a", "x", { command: ["a", "b"] }), ID);
  assert.notEqual(await specHash(container("a", "x", { command: ["b", "a"] }), ID), one);
});

Deno.test("another process gets the same hash", async () => {
  const module = new URL("../../lib/containers/mod.ts", import.meta.url).href;
  const code = `
    const { container, specHash } = await import(${JSON.stringify(module)});
    const spec = container("a", "x", { volumes: [{ tmpfs: "/t", mode: 0o755 }], env: { É: "ü" } });
    console.log(await specHash(spec, ${JSON.stringify(ID)}));`;
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", code],
  }).output();
  assert.ok(success);
  const spec = container("a", "x", { env: { É: "ü" }, volumes: [{ mode: 0o755, tmpfs: "/t" }] });
  assert.equal(new TextDecoder().decode(stdout).trim(), await specHash(spec, ID));
});

Deno.test("what is copied in counts by what it is, not by where it is", async () => {
  const one = await Deno.makeTempDir({ prefix: "superorch-hash-" });
  const two = await Deno.makeTempDir({ prefix: "superorch-hash-" });
  try {
    for (const directory of [one, two]) {
      await Deno.mkdir(`${directory}/in`);
      await Deno.writeTextFile(`${directory}/in/file`, "text", { mode: 0o600 });
      await Deno.symlink("file", `${directory}/in/link`);
    }
    const hash = (source: string) =>
      specHash(container("a", "x", { files: [{ source, target: "/t" }] }), ID);
    const file = await hash(`${one}/in/file`);
    const tree = await hash(`${one}/in`);
    assert.notEqual(tree, file);
    assert.equal(await hash(`${two}/in/file`), file);
    assert.equal(await hash(`${two}/in`), tree);
    await Deno.utime(`${two}/in/file`, 0, 0);
    assert.equal(await hash(`${two}/in`), tree);
    await Deno.chmod(`${two}/in/file`, 0o700);
    assert.notEqual(await hash(`${two}/in/file`), file);
    assert.notEqual(await hash(`${two}/in`), tree);
    await Deno.writeTextFile(`${one}/in/file`, "other");
    assert.notEqual(await hash(`${one}/in/file`), file);
    assert.notEqual(await hash(`${one}/in`), tree);
    assert.notEqual(await hash(`${one}/absent`), file);
    const bytes = (byte: number) =>
      specHash(
        container("a", "x", { files: [{ content: new Uint8Array([byte]), target: "/t" }] }),
        ID,
      );
    assert.equal(await bytes(1), await bytes(1));
    assert.notEqual(await bytes(1), await bytes(2));
  } finally {
    await Deno.remove(one, { recursive: true });
    await Deno.remove(two, { recursive: true });
  }
});
