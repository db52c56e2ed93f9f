import { nameOf } from "../_paths.ts";
import { rustcOptions } from "../args.ts";
import type { KeyContext, KeyParts, RemapOptions, WorkKey } from "../key.ts";
import type { Source, Unit } from "../model.ts";
import { targetDirOf } from "../portable.ts";
import { directoryDigest } from "../records.ts";
import { sha256 } from "../sha256.ts";
import { locateSource } from "../source.ts";
import { RemapPaths } from "./remap_paths.ts";
import { remapRoots } from "./roots.ts";

/** Another number is another meaning of keys: nothing of before is found. */
const FORMAT = 1;

/**
 * Hashes all that a call of rustc depends on, but for its sources and for where everything lies.
 *
 * The compiler works with the real paths, so that whatever asks for one gets the right one, and is
 * told what to write instead of them. What has a real path in it nevertheless is good for that alone.
 *
 * Cargo's digits (`-C metadata`, and the ends of names) have the path of a package in them that is
 * outside of the workspace, and of all that depends on it. Those units get digits of ours; cargo
 * allows no two packages outside of registries with one name and version in a lock file.
 *
 * @param unit The call.
 * @param parts What the key is made of beside its words.
 * @param context Variables and image.
 * @param options The compiler's directory.
 * @returns The key; `undefined` where a path cannot be told apart in texts.
 */
export async function remappedKey(
  unit: Unit,
  parts: KeyParts,
  context: KeyContext,
  options: RemapOptions,
): Promise<WorkKey | undefined> {
  const { env, needed, directories } = parts;
  const targetDir = targetDirOf(unit.profileDir, unit.targetTriple);
  const source = locateSource({ input: unit.input, cwd: unit.cwd, targetDir, env: context.env });
  const roots = remapRoots({ source, targetDir, sysroot: options.sysroot, env: context.env });
  if (roots === undefined) return undefined;
  const paths = new RemapPaths(targetDir, roots);
  const renamed = options.rename && isRenamed(unit, source, parts);
  const key = await sha256(JSON.stringify([
    ["remap", FORMAT, "compile", context.identity, unit.crate],
    wordsFor(unit, paths, renamed),
    paths.away(unit.cwd),
    Object.entries(env).map(([name, value]) => [name, paths.away(value)]),
    needed.files.map(({ path, digest }) => [plainName(path), digest])
      .sort((a, b) => a.join() < b.join() ? -1 : 1),
    await Promise.all(
      directories.map(async (path) => [paths.away(path), await directoryDigest(path)]),
    ),
  ]));
  const placeKey = await sha256(JSON.stringify([key, paths.place]));
  const common = { ...parts, key, placeKey };
  if (!renamed) return { ...common, portable: paths, argv: [...paths.flags, ...unit.argv] };
  const digits = key.slice(0, 16);
  const own = unit.id === unit.crate
    ? undefined
    : { cargos: unit.id, ours: `${unit.crate}-${digits}` };
  const portable = own === undefined ? paths : paths.renamed(own);
  const argv = [...paths.flags, ...withDigits(unit, digits, own !== undefined)];
  return { ...common, portable, argv, renamed: true };
}

/** A dynamic library is called by its name when a program starts, so it keeps that. */
function isRenamed(unit: Unit, source: Source, { needed }: KeyParts): boolean {
  return (source.kind === "path" || needed.renamed) &&
    !unit.types.some((type) => type === "dylib" || type === "sdylib");
}

/** The words as they count: other crates by name, as their content is in the key anyway. */
function wordsFor(unit: Unit, paths: RemapPaths, renamed: boolean): readonly string[] {
  return rustcOptions(unit.argv).flatMap(({ name, value = "", words }) => {
    if (name === "--extern") return [`--extern ${externWord(value)}`];
    if (renamed && isDigits(name, value)) return [];
    return words.map((word) => paths.away(word));
  });
}

function isDigits(name: string, value: string): boolean {
  return (name === "-C" || name === "--codegen") && /^(?:metadata|extra-filename)=/.test(value);
}

function withDigits(unit: Unit, digits: string, hasExtra: boolean): string[] {
  return rustcOptions(unit.argv).flatMap(({ name, value = "", words }) => {
    if (!isDigits(name, value)) return words;
    if (value.startsWith("metadata=")) return ["-C", `metadata=${digits}`];
    return hasExtra ? ["-C", `extra-filename=-${digits}`] : words;
  });
}

/** A file's name without cargo's digits. */
function plainName(path: string): string {
  return nameOf(path).replace(/-[0-9a-f]{16}(?=\.|$)/, "");
}

/** `priv:name=/path/libname-0123456789abcdef.rlib` without path and digits. */
function externWord(value: string): string {
  const equals = value.indexOf("=");
  if (equals === -1) return value;
  return value.slice(0, equals + 1) + plainName(value.slice(equals + 1));
}
