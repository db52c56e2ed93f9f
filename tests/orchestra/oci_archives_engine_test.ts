import assert from "node:assert/strict";
import { archiveTag } from "../../lib/orchestra/archives/oci_transfer.ts";
import { registryProblem, startRegistry } from "../support/registry_server.ts";
import { Project, SMALL, SMALL_HASH } from "./_support.ts";

const ignore = await registryProblem() !== undefined;
const ARCHIVE = `linux-x86-64/a/b/none_${SMALL_HASH}.tar.xz`;

Deno.test("archiveTag() makes tags that are unique, whatever the names are", async () => {
  const paths = ["a/b", "a_b", "A/b", "-x/b", `${"long".repeat(60)}/b`]
    .map((name) => `linux-x86-64/${name}/default/none_${SMALL_HASH}.tar.xz`);
  const tags = await Promise.all(paths.map(archiveTag));
  assert.equal(new Set(tags).size, tags.length);
  for (const tag of tags) assert.match(tag, /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
  assert.match(await archiveTag(ARCHIVE), /^a\.b-64ac87c9a880-[0-9a-f]{40}$/);
});

Deno.test({
  name: "archives are pushed to an OCI registry, and installed from it elsewhere",
  ignore,
  fn: async () => {
    await using registry = await startRegistry();
    const remote = `binary_archives:\n  - one: oci://${registry.host}/build/archives\n`;
    await using project = await Project.create(`${SMALL}${remote}`);
    const before = await project.orc(["install", "a"]);
    assert.equal(before.code, 100, before.stderr);
    assert.match(before.stderr, /not found\. Try `orc update`/);
    const built = await project.orc(["install", "-b", "--create-binary-archives", "a"]);
    assert.equal(built.code, 0, built.stderr);
    const pushed = await project.orc(["binary-archives", "push", "--json", "one"]);
    assert.deepEqual(JSON.parse(pushed.stdout), [{ remote: "one", path: ARCHIVE }], pushed.stderr);
    assert.equal((await project.orc(["binary-archives", "push", "--json"])).stdout, "[]\n");

    await using elsewhere = await Project.create(`${SMALL}${remote}`);
    const { code, stderr } = await elsewhere.orc(["install", "a"]);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /The following script/);
    const base = elsewhere.path(`.orchestra/binary_archives/one/${ARCHIVE}`);
    for (const path of [base, base.replace(".tar.xz", ".sha256")]) {
      assert.ok((await Deno.stat(path)).isFile);
    }
    assert.match(
      await Deno.readTextFile(base.replace(".tar.xz", ".hash-material.yml")),
      /"configure"/,
    );
    assert.deepEqual(
      await Deno.readFile(base),
      await Deno.readFile(project.path(`.orchestra/binary_archives/one/${ARCHIVE}`)),
    );
    const metadata = await Deno.readTextFile(elsewhere.path("root/share/orchestra/a.json"));
    assert.equal(JSON.parse(metadata).source, "binary archives");
  },
});

Deno.test("a registry that is not there is named, and nothing is done", async () => {
  await using project = await Project.create(
    `${SMALL}binary_archives:\n  - one: oci+http://127.0.0.1:9/archives\n`,
  );
  const { code, stderr } = await project.orc(["install", "a"]);
  assert.equal(code, 100);
  assert.match(stderr, /127\.0\.0\.1:9/);
  await assert.rejects(Deno.stat(project.path("root")), Deno.errors.NotFound);
});
