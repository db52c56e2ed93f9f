import { InfrastructureError } from "../errors.ts";
import type { Toolchain } from "../toolchain.ts";

/** Where a component is that has no list of files: Debian's are packages. */
const PLACES: Readonly<Record<string, string>> = {
  "cargo": "bin/cargo",
  "clippy": "bin/clippy-driver",
  "llvm-tools": "lib/rustlib/HOST/bin/llvm-objcopy",
  "rust-analyzer": "bin/rust-analyzer",
  "rust-docs": "share/doc/rust/html",
  "rust-src": "lib/rustlib/src",
  "rustc": "bin/rustc",
  "rustfmt": "bin/rustfmt",
};

/**
 * The files of components of this machine's toolchain, as rustup calls them. The compiler and all
 * that is below `lib` (standard libraries, `rust-src`, `llvm-tools`) is in every image; what these
 * add is programs that build scripts start, as `rustfmt` and `cargo`.
 *
 * @param toolchain The toolchain.
 * @param components Names, as `rustup component add` takes them.
 * @returns Absolute paths of files and directories.
 * @throws {InfrastructureError} when one is not installed.
 */
export function componentFiles(
  toolchain: Toolchain,
  components: readonly string[],
): readonly string[] {
  return components.flatMap((component) => {
    const found = listedFiles(toolchain, component) ?? knownPlace(toolchain, component);
    if (found !== undefined) return found;
    throw new InfrastructureError({
      action: `put the component ${JSON.stringify(component)} into a base image`,
      reason: `this machine's toolchain in ${toolchain.sysroot} does not have it`,
      lasting: true,
    });
  });
}

/** rustup keeps a list of each component's files; some names end in `-preview`, most in a target. */
function listedFiles({ sysroot, host }: Toolchain, component: string): string[] | undefined {
  for (const name of [component, `${component}-preview`]) {
    for (const suffix of [`-${host}`, ""]) {
      let text: string;
      try {
        text = Deno.readTextFileSync(`${sysroot}/lib/rustlib/manifest-${name}${suffix}`);
      } catch {
        continue;
      }
      return [...text.matchAll(/^(?:file|dir):(.+)$/gm)].map(([, path]) => `${sysroot}/${path}`);
    }
  }
  return undefined;
}

function knownPlace({ sysroot, host }: Toolchain, component: string): string[] | undefined {
  const place = PLACES[component.replace(/-preview$/, "")]?.replace("HOST", host);
  if (place === undefined) return undefined;
  try {
    Deno.statSync(`${sysroot}/${place}`);
    return [`${sysroot}/${place}`];
  } catch {
    return undefined;
  }
}
