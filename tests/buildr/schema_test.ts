import assert from "node:assert/strict";
import { manifestSchema, readManifest } from "../../lib/buildr/mod.ts";
import { Diagnostics, SourceText } from "../../lib/diagnostics/mod.ts";
import { parseYaml, plainValue } from "../../lib/yaml_tree/mod.ts";
import { Ajv } from "./_ajv.ts";
import { buildr } from "./_cli.ts";
import { parseSpec } from "./_pure_spec.ts";

const validate = new Ajv({ strict: true, strictTypes: false, allowUnionTypes: true })
  .compile(manifestSchema());

/** Mistakes that a schema can see; the others are about what the whole file says. */
const SHAPE = new Set(["unknown-key", "wrong-type", "missing-key", "bad-version"]);

async function verdicts(text: string) {
  const source = new SourceText(".buildr.yml", text);
  const [root] = await parseYaml(source, new Diagnostics()) ?? [];
  const diagnostics = new Diagnostics();
  await readManifest(source, { path: "/p/.buildr.yml", directory: "/p" }, diagnostics);
  const codes = diagnostics.errors.map(({ code }) => code ?? "");
  const data = root === undefined ? null : plainValue(root);
  return { codes, accepts: validate(data), errors: validate.errors };
}

Deno.test("the schema accepts every manifest that the validator accepts", async () => {
  let count = 0;
  for await (const { name } of Deno.readDir(new URL("specs/", import.meta.url))) {
    const { files } = parseSpec(await Deno.readTextFile(new URL(`specs/${name}`, import.meta.url)));
    const text = files.get(".buildr.yml");
    if (text === undefined) continue;
    const { codes, accepts, errors } = await verdicts(text);
    if (codes.length > 0) continue;
    count++;
    assert.ok(accepts, `${name}: ${JSON.stringify(errors)}`);
  }
  assert.ok(count > 40, `${count}`);
});

Deno.test("what the validator writes itself, the schema accepts", async () => {
  let count = 0;
  for await (const { name } of Deno.readDir(new URL("specs/", import.meta.url))) {
    if (!/^(?:init|import)_/.test(name)) continue;
    const { expected } = parseSpec(
      await Deno.readTextFile(new URL(`specs/${name}`, import.meta.url)),
    );
    if (!expected.startsWith("#")) continue;
    const text = expected.replace(/\n\n(?:\.?[\w.-]+:\d+:\d+: |others: )[^]*$/, "\n");
    const { codes, accepts, errors } = await verdicts(text);
    assert.deepEqual(codes, [], name);
    assert.ok(accepts, `${name}: ${JSON.stringify(errors)}`);
    count++;
  }
  assert.ok(count > 30, `${count}`);
});

Deno.test("the schema refuses each wrong key and type that the validator refuses", async () => {
  const stage = (body: string) => `version: 2\nstages: [a]\na: { script: x, ${body} }\n`;
  const wrong = [
    "version: 3\n",
    "version: 2\nimgae: x\n",
    "version: 2\nimage: [x]\n",
    "version: 2\ndocker: yes please\n",
    "version: 2\nstages: {a: 1}\n",
    "version: 2\nsecrets: {A: {aeg: x}}\n",
    "version: 2\ndefaults: {script: x}\n",
    "version: 2\nprepare: {needs: []}\n",
    "version: 2\nafter: {matrix: {a: [1]}}\n",
    stage("scripts: y"),
    stage("needs: [{stag: x}]"),
    stage("needs: [{matrix: {a: 1}}]"),
    stage("matrix: [1]"),
    stage("services: {db: {imgae: x}}"),
    stage("services: {db: {image: x, ready: {tcp: 0}}}"),
    stage("cache: {key: x}"),
    stage("artifacts: {when: always}"),
    stage("retry: {max: 99}"),
    stage("allow_failure: [0]"),
    stage("when: {status: maybe}"),
    stage("when: {branches: x}"),
    stage("isolated: 1"),
    "environment: {inherit: maybe}\n",
    "environment: {var: []}\n",
    "stages: [a]\nprepare: {script: {a: b}}\n",
  ];
  for (const text of wrong) {
    const { codes, accepts } = await verdicts(text);
    assert.ok(
      codes.some((code) => SHAPE.has(code) || code === "misplaced-key"),
      `${text} ${codes}`,
    );
    assert.equal(accepts, false, text);
  }
});

Deno.test("schema prints it, and writes it where editors look, out of reach of git", async () => {
  const printed = await buildr("schema");
  assert.deepEqual(JSON.parse(printed.stdout), JSON.parse(JSON.stringify(manifestSchema())));
  const directory = await Deno.makeTempDir({ prefix: "superorch-buildr-" });
  try {
    const path = `${directory}/.buildr-out/schema.json`;
    for (let round = 0; round < 2; round++) {
      assert.equal((await buildr("schema", "-o", path)).code, 0);
      assert.equal(await Deno.readTextFile(path), printed.stdout);
      assert.equal(await Deno.readTextFile(`${directory}/.buildr-out/.gitignore`), "*\n");
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("every key of the schema says what it is for", () => {
  const missing: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, one] of Object.entries(value)) {
      const where = `${path}/${name}`;
      const isProperty = path.endsWith("/properties") && !path.includes("/if/");
      const isStage = name === "prepare" && path.includes("manifest1");
      if (isProperty && !isStage && !(one as { description?: string }).description) {
        missing.push(where);
      }
      visit(one, where);
    }
  };
  visit(manifestSchema(), "");
  assert.deepEqual(missing, []);
});
