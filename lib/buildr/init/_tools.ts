import { first, type ProjectFiles, type ProjectKind, stage } from "./_project.ts";

function debian(
  name: string,
  file: string,
  title: string,
  packages: string,
  stages: ProjectKind["stages"],
): ProjectKind {
  return {
    name,
    title: `${title} (${file})`,
    image: "debian:12",
    prepare: ["apt-get update", `apt-get install -y --no-install-recommends ${packages}`],
    inputs: [],
    stages,
  };
}

/** Finds a project of Meson. */
export function meson(files: ProjectFiles): ProjectKind | undefined {
  if (!files.names.has("meson.build")) return undefined;
  return debian("meson", "meson.build", "a Meson project", "build-essential meson pkg-config", [
    stage("build", "meson setup build", "meson compile -C build"),
    stage("test", "meson test -C build"),
  ]);
}

/** Finds a project of CMake. */
export function cmake(files: ProjectFiles): ProjectKind | undefined {
  if (!files.names.has("CMakeLists.txt")) return undefined;
  return debian("cmake", "CMakeLists.txt", "a CMake project", "build-essential cmake", [
    stage("build", "cmake -S . -B build", "cmake --build build"),
    stage("test", "ctest --test-dir build --output-on-failure"),
  ]);
}

/** Finds a project of Autotools. */
export function autotools(files: ProjectFiles): ProjectKind | undefined {
  const file = first(files, "configure.ac", "configure.in", "configure");
  if (file === undefined) return undefined;
  const generates = file !== "configure" && !files.names.has("configure");
  return debian(
    "autotools",
    file,
    "an Autotools project",
    `build-essential${generates ? " autoconf automake libtool" : ""}`,
    [
      stage("build", ...generates ? ["autoreconf -fi"] : [], "./configure", "make"),
      stage("test", "make check"),
    ],
  );
}

/** Finds a project of Bazel. */
export function bazel(files: ProjectFiles): ProjectKind | undefined {
  const file = first(files, "MODULE.bazel", "WORKSPACE", "WORKSPACE.bazel");
  if (file === undefined) return undefined;
  return {
    name: "bazel",
    title: `a Bazel project (${file})`,
    image: "gcr.io/bazel-public/bazel:7.1.0",
    prepare: [],
    inputs: [],
    stages: [stage("build", "bazel build //..."), stage("test", "bazel test //...")],
  };
}

/** Finds a project of make. */
export async function make(files: ProjectFiles): Promise<ProjectKind | undefined> {
  const file = first(files, "GNUmakefile", "makefile", "Makefile");
  if (file === undefined) return undefined;
  const targets = [...(await files.read(file)).matchAll(/^([\w-]+)\s*:(?!=)/gm)].map((one) =>
    one[1]!
  );
  const test = targets.find((name) => name === "test" || name === "check");
  return debian("make", file, "a project with a makefile", "build-essential", [
    stage("build", "make"),
    ...test === undefined ? [] : [stage("test", `make ${test}`)],
  ]);
}

/** Finds a project of compose files. */
export function compose(files: ProjectFiles): ProjectKind | undefined {
  const file = first(
    files,
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
  );
  if (file === undefined) return undefined;
  return {
    name: "compose",
    title: `a project of containers (${file})`,
    image: "docker:cli",
    prepare: [],
    inputs: [],
    stages: [
      stage("build", "docker compose build"),
      stage("test", "docker compose up --wait", "docker compose down"),
    ],
  };
}

/** Finds a project of a Dockerfile. */
export function docker(files: ProjectFiles): ProjectKind | undefined {
  if (!files.names.has("Dockerfile")) return undefined;
  return {
    name: "docker",
    title: "a project with a Dockerfile",
    image: "docker:cli",
    prepare: [],
    inputs: [],
    stages: [stage("build", "docker build .")],
  };
}
