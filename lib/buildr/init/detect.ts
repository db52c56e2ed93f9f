import {
  deno,
  dotnet,
  elixir,
  go,
  gradle,
  haskell,
  maven,
  node,
  php,
  python,
  ruby,
  rust,
  scala,
  swift,
  zig,
} from "./_languages.ts";
import type { ProjectFiles, ProjectKind } from "./_project.ts";
import { autotools, bazel, cmake, compose, docker, make, meson } from "./_tools.ts";

export type { ProjectFiles, ProjectKind };

type Detector = (files: ProjectFiles) => Promise<ProjectKind | undefined> | ProjectKind | undefined;

const DETECTORS: readonly Detector[] = [
  deno,
  node,
  rust,
  go,
  python,
  maven,
  gradle,
  ruby,
  php,
  dotnet,
  elixir,
  scala,
  swift,
  haskell,
  zig,
  meson,
  cmake,
  autotools,
  bazel,
  make,
  compose,
  docker,
];

/**
 * Finds out what kind of project something is, from the files at its top.
 *
 * @param files The files.
 * @returns Every kind that fits, the likeliest first.
 */
export async function detectProject(files: ProjectFiles): Promise<readonly ProjectKind[]> {
  const kinds: ProjectKind[] = [];
  for (const detect of DETECTORS) {
    const kind = await detect(files);
    if (kind !== undefined) kinds.push(kind);
  }
  return kinds;
}
