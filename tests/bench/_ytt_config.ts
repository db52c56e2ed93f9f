/** A generated configuration in the style of a real orchestra one. */
import type { InputFile } from "../../lib/ytt/mod.ts";

const util = `#@ load("@ytt:data", "data")
#@ load("@ytt:assert", "assert")

#@ def datavalue(name, default=None):
#@   if hasattr(data.values, name):
#@     return getattr(data.values, name)
#@   end
#@   return default
#@ end

#@ def strip_all(lines):
#@   return "\\n".join([line.rstrip() for line in lines.split("\\n")])
#@ end

#@ default_flavours = ["optimized", "debug", "release"]
`;

const create = `#@ load("@ytt:template", "template")
#@ load("/lib/util.lib.yml", "datavalue", "strip_all")

#@yaml/text-templated-strings
---
#@ def flags(flavour, extra=[], **kwargs):
CFLAGS: '(@= " ".join(["-O2" if flavour != "debug" else "-O0"] + extra) @)'
CXXFLAGS: '(@= " ".join(["-g" if flavour == "debug" else "-g0"] + extra) @)'
LDFLAGS: (@= "-L$ORCHESTRA_ROOT/lib " + flavour @)
#@ end

#@yaml/text-templated-strings
---
#@ def build(name, flavour, repository, cmake_args={}, extra_install=None, dependencies=[], build_dependencies=[]):
configure: |
  mkdir -p "$BUILD_DIR"
  cd "$BUILD_DIR"
  (@ if flavour == "debug": -@)
  export DEBUG=1
  (@ end -@)
  (@ for key, value in dict(flags(flavour)).items(): -@)
  export (@= key @)="(@= value @)"
  (@ end -@)
  cmake "$SOURCE_DIR" \\
    (@- for key, value in cmake_args.items(): @)
    -D(@= key @)="(@= str(value) @)" \\
    (@- end @)
    -DCMAKE_INSTALL_PREFIX="$ORCHESTRA_ROOT" \\
    -DCMAKE_BUILD_TYPE=(@= flavour.capitalize() @) \\
    -GNinja
install: |
  cd "$BUILD_DIR"
  cmake --build . -- -j$JOBS
  (@ if extra_install: -@)
  (@= extra_install.rstrip() @)
  (@ end -@)
  DESTDIR="$TMP_ROOT" cmake --build . --target install
  echo "(@= name @)@(@= flavour @)"
#@ if/end len(dependencies) > 0:
dependencies: #@ dependencies
#@ if/end len(build_dependencies) > 0:
build_dependencies:
#@ for/end dependency in build_dependencies:
- #@ dependency
#@ end

#@yaml/text-templated-strings
---
#@ def component(name, flavours, repository=None, dependencies=[], **kwargs):
(@= name @):
  #@ if/end repository:
  repository: #@ repository
  license: LICENSE.md
  default_build: #@ flavours[0]
  build_from_source: #@ name in datavalue("build_from_source", [])
  builds:
    #@ for flavour in flavours:
    (@= flavour @):
      _: #@ template.replace(build(name, flavour, repository, dependencies=[d + ("~" + flavour if flavour == "debug" else "") for d in dependencies], **kwargs))
    #@ end
#@ end
`;

const globals = `#@data/values
---
#@overlay/match missing_ok=True
build_from_source: []
#@overlay/match missing_ok=True
remote_base_urls: []
#@overlay/match missing_ok=True
mode: ci
`;

const user = `#@ load("@ytt:overlay", "overlay")
#@data/values
---
#@overlay/replace
build_from_source:
- lib/component0
#@overlay/replace
remote_base_urls:
- public: https://example.com/repositories
`;

const base = `#@ load("/lib/util.lib.yml", "datavalue")
---
environment:
- JOBS: $(nproc)
- LANG: C
remote_base_urls: #@ datavalue("remote_base_urls")
components: {}
`;

/** Files with `190 * scale` components in `100 * scale` files. */
export function orchestraConfig(scale = 1): InputFile[] {
  const files: InputFile[] = [
    { path: "components.yml", data: base },
    { path: "global-options.yml", data: globals },
    { path: "lib/create-component.lib.yml", data: create },
    { path: "lib/util.lib.yml", data: util },
    { path: "user_options.yml", data: user },
  ];
  for (let i = 0; i < 5; i++) {
    files.push({
      path: `lib/extra${i}.lib.yml`,
      data: `#@ def extra${i}(x):\n#@   return x + "${i}"\n#@ end\n`,
    });
  }
  const components = 190 * scale;
  const perFile = components / (100 * scale);
  let next = 0;
  for (let file = 0; file < 100 * scale; file++) {
    let text = `#@ load("@ytt:overlay", "overlay")
#@ load("@ytt:template", "template")
#@ load("/lib/create-component.lib.yml", "component")
#@ load("/lib/extra${file % 5}.lib.yml", "extra${file % 5}")

#@overlay/match by=overlay.all, expects=1
#@overlay/match-child-defaults missing_ok=True
---
#@overlay/match-child-defaults missing_ok=True
components:
`;
    for (; next < (file + 1) * perFile && next < components; next++) {
      text += componentText(next, file);
    }
    files.push({ path: `components/group${String(file).padStart(4, "0")}.yml`, data: text });
  }
  return files;
}

function componentText(index: number, file: number): string {
  const flavours = ["optimized", "debug", "release"].slice(0, index % 19 < 6 ? 3 : 2);
  const dependencies = [index - 1, index - 7].filter((other) => other >= 0)
    .map((other) => `"lib/component${other}"`).join(", ");
  const args = `{"BUILD_SHARED_LIBS": "ON", "WITH_${index}": True, "LEVEL": ${index % 4}, ` +
    `"PREFIX": extra${file % 5}("p")}`;
  return `  #! Component number ${index}
  #@ args${index} = ${args}
  #@ install${index} = "strip -s $BUILD_DIR/a\\nsed -i s/a/b/ file\\nln -s a b\\ntrue"
  _${index}: #@ template.replace(component("lib/component${index}", ${
    JSON.stringify(flavours)
  }, repository="component${index}", dependencies=[${dependencies}], build_dependencies=["cmake", "ninja"], cmake_args=args${index}, extra_install=install${index}))
`;
}
