import assert from "node:assert/strict";
import {
  BuildrInputError,
  importManifest,
  planRun,
  readManifest,
  renderDryRun,
  renderGraph,
} from "../../lib/buildr/mod.ts";
import { Diagnostics, DiagnosticsError, SourceText } from "../../lib/diagnostics/mod.ts";
import { parseSpec } from "./_pure_spec.ts";

/** A small generator, so that a failure can be repeated. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const PIECES = [
  ..."[]{}:,&*!|>'\"#%@`-? \n\t\\$",
  "__proto__",
  "null",
  "<<: *x",
  "${matrix.a}",
  "${hash:*}",
  "- ",
  "needs: [a]",
  "matrix: {a: [1]}",
  "\u0000",
  "ä\u{1f600}",
  "9999999999999999999",
  "!reference [a, b]",
];

function mutated(text: string, random: (below: number) => number): string {
  let result = text;
  for (let count = 1 + random(3); count > 0; count--) {
    const at = random(result.length + 1);
    switch (random(4)) {
      case 0:
        result = result.slice(0, at) + PIECES[random(PIECES.length)] + result.slice(at);
        break;
      case 1:
        result = result.slice(0, at) + result.slice(at + 1 + random(12));
        break;
      case 2: {
        const from = random(result.length + 1);
        result = result.slice(0, at) + result.slice(from, from + random(40)) + result.slice(at);
        break;
      }
      default:
        result = result.slice(0, at) + PIECES[random(PIECES.length)] + result.slice(at + 1);
    }
  }
  return result;
}

function texts(name: RegExp): readonly (readonly [string, string])[] {
  const directory = new URL("specs/", import.meta.url);
  return [...Deno.readDirSync(directory)].flatMap(({ name: file }) => {
    const { files } = parseSpec(Deno.readTextFileSync(new URL(file, directory)));
    return [...files].filter(([path]) => name.test(path));
  });
}

Deno.test("a manifest with any mistake gives located mistakes or a plan, and nothing else", async () => {
  const all = texts(/^\.buildr/);
  let valid = 0;
  for (let seed = 1; seed <= 3_000; seed++) {
    const random = randomFrom(seed);
    const text = mutated(all[random(all.length)]![1], random);
    const diagnostics = new Diagnostics();
    const source = new SourceText(".buildr.yml", text);
    const place = { path: "/p/.buildr.yml", directory: "/p" };
    try {
      const manifest = await readManifest(source, place, diagnostics);
      for (const { range, code } of diagnostics.all) {
        assert.ok(code !== undefined);
        assert.ok(range.start >= 0 && range.start <= range.end && range.end <= text.length + 1);
      }
      if (manifest === undefined || diagnostics.errors.length > 0) continue;
      valid++;
      const plan = planRun(manifest, { facts: { env: { A: "1" } } });
      renderDryRun(plan);
      renderGraph(plan, "dot");
      assert.equal(new Set(plan.nodes.map(({ id }) => id)).size, plan.nodes.length);
    } catch (error) {
      if (error instanceof DiagnosticsError) continue;
      throw new Error(`seed ${seed}:\n${text}`, { cause: error });
    }
  }
  assert.ok(valid > 100, `${valid}`);
});

Deno.test("the import of a file with any mistake gives a valid manifest or located mistakes", async () => {
  const all = texts(/^\.(?:gitlab-ci|travis)\.yml$/);
  const directory = await Deno.makeTempDir({ prefix: "superorch-buildr-" });
  try {
    for (let seed = 1; seed <= 600; seed++) {
      const random = randomFrom(seed);
      const [name, original] = all[random(all.length)]!;
      const text = mutated(original, random);
      await Deno.writeTextFile(`${directory}/${name}`, text);
      try {
        const { text: made, notes } = await importManifest({ directory, file: name });
        const diagnostics = new Diagnostics();
        const source = new SourceText(".buildr.yml", made);
        await readManifest(source, { path: "/p/.buildr.yml", directory: "/p" }, diagnostics);
        // What is wrong in it was told, or else nothing is.
        const told = notes.some(({ message }) => message.includes("correction by hand"));
        assert.ok(told || diagnostics.errors.length === 0);
      } catch (error) {
        if (error instanceof DiagnosticsError || error instanceof BuildrInputError) continue;
        throw new Error(`seed ${seed}: ${name}\n${text}`, { cause: error });
      }
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a manifest of ten thousand lines is read and planned in a few seconds", async () => {
  const stages = Array.from({ length: 400 }, (_, index) => `s${index}`);
  const body = stages.map((name, index) => {
    const needs = index === 0 ? "[]" : `[${stages.slice(Math.max(0, index - 3), index)}]`;
    const lines = Array.from({ length: 22 }, (_, line) => `    - echo ${line}\n`).join("");
    return `${name}:\n  needs: ${needs}\n  script:\n${lines}`;
  }).join("");
  const text = `version: 2\nstages: [${stages}]\n${body}`;
  const start = performance.now();
  const diagnostics = new Diagnostics();
  const source = new SourceText(".buildr.yml", text);
  const manifest = await readManifest(source, { path: "/p/x", directory: "/p" }, diagnostics);
  assert.deepEqual(diagnostics.all, []);
  assert.ok(renderGraph(planRun(manifest!)).includes("s399"));
  assert.ok(performance.now() - start < 10_000);
});
