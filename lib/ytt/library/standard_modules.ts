import { Module, type Value } from "../starlark/mod.ts";
import { assertModule } from "./assert.ts";
import { base64Module } from "./base64.ts";
import { md5Module, sha256Module } from "./digest.ts";
import type { LibraryHooks } from "./hooks.ts";
import { ipModule } from "./ip.ts";
import { jsonModule } from "./json.ts";
import { mathModule } from "./math.ts";
import { moduleModule } from "./module.ts";
import { regexpModule } from "./regexp.ts";
import { structModule } from "./struct.ts";
import { tomlModule } from "./toml.ts";
import { urlModule } from "./url.ts";
import { versionModule } from "./version.ts";
import { yamlModule } from "./yaml.ts";

const makers: Readonly<Record<string, (hooks: LibraryHooks) => ReadonlyMap<string, Value>>> = {
  assert: assertModule,
  base64: base64Module,
  ip: ipModule,
  json: jsonModule,
  math: mathModule,
  md5: md5Module,
  module: moduleModule,
  regexp: regexpModule,
  sha256: sha256Module,
  struct: structModule,
  toml: tomlModule,
  url: urlModule,
  version: versionModule,
  yaml: yamlModule,
};

/** All modules of this library by the name in `load("@ytt:name", "name")`. */
export function standardModules(hooks: LibraryHooks): ReadonlyMap<string, Module> {
  return new Map(
    Object.entries(makers).map(([name, make]) => [name, new Module(name, make(hooks))]),
  );
}
