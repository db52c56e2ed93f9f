import { preload } from "../../../lib/ytt/library/mod.ts";
import { standardModule } from "../../../lib/ytt/template/standard_modules.ts";
import { testSpecs } from "../starlark/_spec.ts";

await preload(["@ytt:regexp", "@ytt:toml"]);

testSpecs(new URL("specs/", import.meta.url), (path) => {
  const name = path.replace("@ytt:", "");
  const module = standardModule(name);
  if (module === undefined) throw new Error("no such module");
  return new Map([[name, module]]);
});
