/** One compiled unit, as cargo tells of it. */
export interface BuiltUnit {
  /** Name and version of its package. */
  readonly name: string;
  /** What it is: `lib`, `bin`, `proc-macro`, `custom-build`. */
  readonly kind: string;
  /** Absolute. */
  readonly files: readonly string[];
  /** Whether it was there already. */
  readonly fresh: boolean;
}

/** What `cargo build --message-format=json` has told. */
export interface CargoReport {
  /** Everything that was compiled, or was there. */
  readonly units: readonly BuiltUnit[];
  /** `OUT_DIR`s of the build scripts that ran. */
  readonly outDirs: readonly string[];
  /** Everything but paths of files, one line each, sorted: equal builds tell the same. */
  readonly told: readonly string[];
  /** The diagnostics, as a terminal shows them. */
  readonly rendered: readonly string[];
}

/** Lines about progress, which have times and an order of their own. */
const PROGRESS =
  /^\s*(?:Compiling|Checking|Finished|Fresh|Dirty|Locking|Adding|Updating|Running|Blocking|warning: build failed)\b/;

/** What is said of build scripts in containers, and of nothing else. */
const HINT = /^\s*note: this build script ran in the image /;

/**
 * Reads what cargo printed.
 *
 * @param stdout Lines of JSON.
 * @param stderr What is left for people.
 * @returns The units, and all else in an order that does not depend on which was first.
 */
export function readMessages(stdout: string, stderr: string): CargoReport {
  const units: BuiltUnit[] = [];
  const outDirs: string[] = [];
  const told: string[] = [];
  const rendered: string[] = [];
  for (const line of stdout.split("\n")) {
    if (!line.startsWith("{")) continue;
    const message = JSON.parse(line);
    if (message.reason === "compiler-artifact") {
      const { package_id: id, target, filenames, fresh } = message;
      const files = [...filenames].sort();
      units.push({ name: nameOf(id), kind: target.kind.join(), files, fresh });
      told.push(JSON.stringify({ ...message, fresh: null }));
    } else {
      if (message.reason === "build-script-executed") outDirs.push(message.out_dir);
      if (message.reason === "compiler-message") rendered.push(message.message.rendered ?? "");
      told.push(line);
    }
  }
  for (const line of stderr.split("\n")) {
    // The number of a thread is that of its process.
    const same = line.replace(/(\bthread '[^']*') \(\d+\) panicked/, "$1 panicked");
    if (!PROGRESS.test(line) && !HINT.test(line) && line !== "") told.push(same);
  }
  return { units, outDirs: outDirs.sort(), told: told.sort(), rendered };
}

/** `path+file:///x/serde#1.0.1` and `registry+…#serde@1.0.1` are both `serde 1.0.1`. */
function nameOf(id: string): string {
  const [place = "", rest = ""] = id.split("#");
  const [name, version] = rest.includes("@") ? rest.split("@") : [place.replace(/.*\//, ""), rest];
  return `${name} ${version}`;
}
