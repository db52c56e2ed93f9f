import { isBelow, joinPath } from "../_paths.ts";
import type { Env, Source } from "../model.ts";

/** All virtual directories are in here: nobody has such a directory, and messages tell who made it. */
const VIRTUAL = "/rustc-wrap";

/** A directory of this machine, and what stands for it everywhere. */
export interface RemapRoot {
  /** Absolute. */
  readonly real: string;
  /** Absolute; no virtual directory is below another. */
  readonly virtual: string;
}

/** What tells which directories a unit knows. */
export interface RootsQuestion {
  /** Its sources. */
  readonly source: Source;
  /** Where cargo puts what it makes. */
  readonly targetDir: string;
  /** The compiler's directory. */
  readonly sysroot: string;
  /** Variables of the call. */
  readonly env: Env;
  /** Whether it works in its package, and need not know of a workspace. Default `false`. */
  readonly inPackage?: boolean;
}

/**
 * Chooses what stands for the directories that a unit can know of: its package or workspace, the
 * target directory, its own `OUT_DIR`, cargo's home and the toolchain. It is the same on all
 * machines: a package of a registry has the same name there, in whatever directory it lies.
 *
 * @param question Sources and directories.
 * @returns The directories; `undefined` where a path has characters that JSON, make or a builder
 * would write in another way, so that it could not be found again in what they print.
 */
export function remapRoots(question: RootsQuestion): readonly RemapRoot[] | undefined {
  const { source, targetDir, sysroot, env } = question;
  const cargoHome = env["CARGO_HOME"] ?? joinPath(env["HOME"] ?? "/", ".cargo");
  const outDir = env["OUT_DIR"];
  const name = packageName(env);
  const roots = new Map<string, string>([[targetDir, `${VIRTUAL}/target`]]);
  // As cargo writes it, which may have `..` in it; that is what the compiler finds in its words.
  const written = env["CARGO_MANIFEST_DIR"];
  const addPackage = (virtual: string) => {
    if (written !== undefined && joinPath("/", written) === source.packageDir) {
      add(written, virtual);
    }
    add(source.packageDir, virtual);
  };
  const add = (real: string, virtual: string) => {
    if (real !== "/" && !roots.has(real)) roots.set(real, virtual);
  };
  // Its name has cargo's digits, and those of a package have its path in them.
  if (outDir !== undefined && isBelow(outDir, targetDir)) add(outDir, `${VIRTUAL}/out/${name}`);
  if (question.inPackage === true && /^(?:member|path)$/.test(source.kind)) {
    addPackage(`${VIRTUAL}/package/${name}`);
  }
  switch (source.kind) {
    case "registry":
    case "vendored":
      addPackage(`${VIRTUAL}/registry/${name}`);
      break;
    case "git":
      break; // below cargo's home, and called after repository and revision
    case "path":
      add(source.root, `${VIRTUAL}/path/${name}`);
      break;
    default:
      add(source.root, `${VIRTUAL}/workspace`);
  }
  add(cargoHome, `${VIRTUAL}/cargo`);
  if (sysroot !== "/usr") add(sysroot, `${VIRTUAL}/toolchain`);
  const found = [...roots].map(([real, virtual]) => ({ real, virtual }));
  return found.every(({ real }) => isPlain(real)) ? found : undefined;
}

function packageName(env: Env): string {
  const name = env["CARGO_PKG_NAME"] ?? "unnamed";
  const version = env["CARGO_PKG_VERSION"] ?? "0";
  return `${name}-${version}`.replace(/[^\w.+-]/g, "_");
}

/** Letters of all languages are written as they are by everybody. */
function isPlain(path: string): boolean {
  return /^(?:\/[\p{L}\p{N}\p{M}_.+@~-]+)+$/u.test(path);
}
