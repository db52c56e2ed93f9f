/** Library functions of a stranger's template: few steps, but each of them a lot of work. */
import assert from "node:assert/strict";
import { preload } from "../../../lib/ytt/library/mod.ts";
import { compile, exec, parse, StarlarkError, Thread } from "../../../lib/ytt/starlark/mod.ts";
import { standardModule } from "../../../lib/ytt/template/standard_modules.ts";

await preload(["@ytt:regexp"]);

const hungry: Record<string, string> = {
  "encoding shared lists": `load("@ytt:json", "json")
x = [1]
for i in range(60):
  x = [x, x]
end
json.encode(x)`,
  "encoding shared dicts": `load("@ytt:yaml", "yaml")
x = {}
for i in range(60):
  x = {"a": x, "b": x}
end
yaml.encode(x)`,
  "replacing every letter": `load("@ytt:regexp", "regexp")
regexp.replace("a", "a" * 5000000, "bb")`,
  "encoding a long text again and again": `load("@ytt:base64", "base64")
x = "a" * 5000000
for i in range(100000000):
  base64.encode(x)
end`,
  "failing again and again": `load("@ytt:assert", "assert")
for i in range(100000000):
  assert.try_to(lambda: [0 for j in range(1000)])
end`,
};

for (const [name, source] of Object.entries(hungry)) {
  Deno.test(`a limit ends ${name}`, () => {
    const thread = new Thread({
      limits: { maxSteps: 1_000_000, maxMemoryBytes: 64 * 2 ** 20 },
      load: (path) => {
        const module = path.replace("@ytt:", "");
        return new Map([[module, standardModule(module)!]]);
      },
    });
    const start = performance.now();
    assert.throws(
      () => exec(compile(parse(source, "t.star"), () => false), thread),
      (error: Error) => error instanceof StarlarkError && /too m(any|uch)/.test(error.message),
    );
    assert.ok(performance.now() - start < 5000, `${performance.now() - start} ms`);
  });
}
