import type { Artifact } from "./model.ts";

/** What the compiled build script is called: cargo finds ours under its name. */
export const REAL_PREFIX = "_";

/**
 * Puts a small program in the place of a compiled build script. When cargo runs it, and cargo's
 * wrapper is this one, the script runs in a container; in all other cases it runs as it is.
 *
 * @param files What the compiler made.
 * @returns The files that are written.
 */
export function buildScriptFiles(files: readonly Artifact[], outDir: string): readonly Artifact[] {
  return files.flatMap((file) => {
    if (file.path.includes(".") || (file.mode & 0o111) === 0) return [file];
    const real = `${REAL_PREFIX}${file.path}`;
    const content = new TextEncoder().encode(shimOf(`${outDir}/${real}`));
    return [{ ...file, path: real }, { path: file.path, mode: 0o755, content }];
  });
}

// Cargo tells build scripts which wrapper it uses: plain cargo none, and others are not ours to ask.
function shimOf(real: string): string {
  return `#!/bin/sh
# made by superorch rustc-wrap: the build script itself is beside it
real=${shellQuote(real)}
[ -x "$real" ] || real="\${0%/*}/\${real##*/}"
case "\${RUSTC_WRAPPER-}" in
*rustcbuildx | *cargo-green) [ -x "$RUSTC_WRAPPER" ] && exec "$RUSTC_WRAPPER" run-build-script "$real" "$0" ;;
esac
exec "$real"
`;
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
