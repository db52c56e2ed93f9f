import assert from "node:assert/strict";
import { container, type ContainerOptions } from "../../lib/containers/mod.ts";
import { createBody } from "../../lib/containers/create_body.ts";

// One file for each: a specification, and the body of the engine's create call that it becomes, or
// an error. `UPDATE=1` rewrites the second half.
const SPECS = new URL("./specs/create_body/", import.meta.url);

for (const { name } of [...Deno.readDirSync(SPECS)].toSorted((a, b) => a.name < b.name ? -1 : 1)) {
  Deno.test(`createBody: ${name.replace(/\.txt$/, "").replaceAll("_", " ")}`, async () => {
    const url = new URL(name, SPECS);
    const text = await Deno.readTextFile(url);
    const match = /^=== spec\n(.*?)=== body\n(.*)$/s.exec(text);
    assert.ok(match, "a spec has the sections spec and body");
    const [, input = "", expected = ""] = match;
    const actual = bodyOf(JSON.parse(input));
    if (Deno.env.get("UPDATE") === "1") {
      await Deno.writeTextFile(url, `=== spec\n${input}=== body\n${actual}`);
    } else {
      assert.equal(actual, expected);
    }
  });
}

function bodyOf(options: ContainerOptions): string {
  try {
    const body = createBody(container("c", "busybox", options), {
      image: "sha256:1",
      network: "net",
      labels: { "org.superorch.run": "r" },
      resolveBind: (path) => path.startsWith("/") ? path : `/cwd/${path}`,
      resolveVolume: (volume) => `run_${volume}`,
      resolveContainer: (other) => other === "other" ? "id-of-other" : other,
    });
    return `${JSON.stringify(body, null, 2)}\n`;
  } catch (error) {
    assert.ok(error instanceof Error);
    return `${error.name}: ${error.message}\n`;
  }
}
