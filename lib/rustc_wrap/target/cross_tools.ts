import type { Toolchain } from "../toolchain.ts";

/** What it takes to link programs for another target, in Debian's names. */
export interface CrossTools {
  /** The linker where rustc's own choice, mostly `cc`, is that of this machine's programs. */
  readonly linker: string | undefined;
  /** A program that is there where those packages are. */
  readonly program: string | undefined;
  /** Packages with linker and C library: one of each group. */
  readonly packages: readonly (readonly string[])[];
}

/** What counts of a toolchain. */
export type CrossToolchain = Pick<Toolchain, "host" | "sysroot">;

/** Names that Debian has for processors: those of GNU's programs, and its own. */
const LINUX_GNU: readonly (readonly [rust: RegExp, gnu: string, debian: string])[] = [
  [/^aarch64-.*-gnu$/, "aarch64-linux-gnu", "arm64"],
  [/^(?:arm|armv[67]|thumbv7neon)-.*-gnueabihf$/, "arm-linux-gnueabihf", "armhf"],
  [/^(?:arm|armv[4-7]\w*)-.*-gnueabi$/, "arm-linux-gnueabi", "armel"],
  [/^i[56]86-.*-gnu$/, "i686-linux-gnu", "i386"],
  [/^x86_64-.*-gnu$/, "x86_64-linux-gnu", "amd64"],
  [/^x86_64-.*-gnux32$/, "x86_64-linux-gnux32", "x32"],
  [/^loongarch64-.*-gnu$/, "loongarch64-linux-gnu", "loong64"],
  [/^m68k-.*-gnu$/, "m68k-linux-gnu", "m68k"],
  [/^mips64el-.*-gnuabi64$/, "mips64el-linux-gnuabi64", "mips64el"],
  [/^mips64-.*-gnuabi64$/, "mips64-linux-gnuabi64", "mips64"],
  [/^mipsel-.*-gnu$/, "mipsel-linux-gnu", "mipsel"],
  [/^mips-.*-gnu$/, "mips-linux-gnu", "mips"],
  [/^powerpc64le-.*-gnu$/, "powerpc64le-linux-gnu", "ppc64el"],
  [/^powerpc64-.*-gnu$/, "powerpc64-linux-gnu", "ppc64"],
  [/^powerpc-.*-gnu$/, "powerpc-linux-gnu", "powerpc"],
  [/^riscv64\w*-.*-gnu$/, "riscv64-linux-gnu", "riscv64"],
  [/^s390x-.*-gnu$/, "s390x-linux-gnu", "s390x"],
  [/^sparc64-.*-gnu$/, "sparc64-linux-gnu", "sparc64"],
];

/**
 * Says what links programs for a target, and which Debian packages that is in.
 *
 * @param triple The target, as rustc calls it.
 * @param toolchain The compiler: its own target, and where it is.
 * @returns Linker and packages; nothing for targets that rustc links by itself, and for those that
 * Debian has nothing for.
 */
export function crossTools(triple: string, toolchain: CrossToolchain): CrossTools {
  const { host, sysroot } = toolchain;
  if (triple === host) return NOTHING;
  if (/-linux-musl/.test(triple)) return muslTools(triple, toolchain);
  // rustup's toolchains have a linker for it, and Debian's have not.
  if (triple.startsWith("wasm32-") && sysroot === "/usr") {
    return { linker: "wasm-ld", program: "wasm-ld", packages: [["lld"]] };
  }
  const mingw = /^(x86_64|i[56]86)-.*-windows-gnu$/.exec(triple);
  if (mingw !== null) {
    const name = `gcc-mingw-w64-${mingw[1] === "x86_64" ? "x86-64" : "i686"}`;
    const program = `${mingw[1]!.replace(/^i[56]86$/, "i686")}-w64-mingw32-gcc`;
    return { linker: undefined, program, packages: [[name, `${name}-posix`, `${name}-win32`]] };
  }
  const found = LINUX_GNU.find(([pattern]) => /-linux-/.test(triple) && pattern.test(triple));
  if (found === undefined) return NOTHING;
  const [, gnu, debian] = found;
  // Debian's own names have no underscores: gcc-x86-64-linux-gnu.
  const packages = [[`gcc-${gnu.replaceAll("_", "-")}`], [`libc6-dev-${debian}-cross`]];
  return { linker: `${gnu}-gcc`, program: `${gnu}-gcc`, packages };
}

const NOTHING: CrossTools = { linker: undefined, program: undefined, packages: [] };

/**
 * The C library comes with the target, and every linker for the processor will do; what `musl-gcc`
 * of Debian is for is C code, and it is there for this machine's processor only.
 */
function muslTools(triple: string, toolchain: CrossToolchain): CrossTools {
  const { host } = toolchain;
  const processor = triple.split("-")[0]!;
  if (processor === host.split("-")[0]) {
    return { linker: undefined, program: "musl-gcc", packages: [["musl-tools"]] };
  }
  return crossTools(triple.replace("-musl", "-gnu"), toolchain);
}
