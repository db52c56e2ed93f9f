import { isBelow, joinPath } from "./_paths.ts";
import { InfrastructureError } from "./errors.ts";
import type { Base, Capabilities, Env, NetworkMode, Plan, PlanLinker } from "./model.ts";
import { sha256 } from "./sha256.ts";
import { SNAPSHOT_MTIME_SECONDS, type SnapshotEntry } from "./snapshot.ts";
import type { TarEntry } from "../engine/tar/mod.ts";

/** A plan without what follows from the rest. */
export interface PlanParts {
  /** Name of the unit. */
  readonly id: string;
  /** A call of rustc, or a run of a build script. */
  readonly kind: "compile" | "build-script";
  /** Image and toolchain. */
  readonly base: Base;
  /** The program and its words. */
  readonly argv: readonly string[];
  /** Sorted by name. */
  readonly env: Env;
  /** Absolute. */
  readonly cwd: string;
  /** Absolute; it is there when the program starts. */
  readonly outDir: string;
  /** Directories whose files are sent; those below others are taken for part of them. */
  readonly roots: readonly string[];
  /** Files below the roots; the last one of a path counts. */
  readonly entries: Iterable<SnapshotEntry>;
  /** What steps see of the network. */
  readonly network: NetworkMode;
  /** What links for another target. */
  readonly linker?: PlanLinker;
}

/** What the image has of its own, and what must not be hidden by our files. */
const SYSTEM =
  /^\/(?:bin|boot|dev|etc|home|lib|lib32|lib64|opt|proc|root|run|sbin|srv|sys|tmp|usr|usr\/(?:bin|include|lib|lib64|libexec|local|local\/bin|local\/lib|sbin|share)|var|var\/lib|var\/tmp)?$/;

/**
 * Puts a plan together: sorts, drops doubles, and hashes.
 *
 * @param parts What is to be done.
 * @returns The plan; equal parts give equal plans.
 * @throws {InfrastructureError} when a directory cannot be shown under its own path.
 */
export async function makePlan(parts: PlanParts): Promise<Plan> {
  const { id, kind, base, argv, env, cwd, outDir, network, linker } = parts;
  const sorted = [...new Set([...parts.roots, outDir])].sort();
  const roots = sorted.filter((path) =>
    !sorted.some((other) => other !== path && isBelow(path, other))
  );
  for (const root of roots) checkRoot(root, base);
  const byPath = new Map<string, SnapshotEntry>();
  for (const directory of [...roots, outDir, cwd]) {
    if (roots.some((root) => isBelow(directory, root))) {
      byPath.set(directory.slice(1), { entry: directoryEntry(directory) });
    }
  }
  for (const entry of parts.entries) byPath.set(entry.entry.path, entry);
  const entries = [...byPath.values()].sort((a, b) =>
    a.entry.path < b.entry.path ? -1 : a.entry.path > b.entry.path ? 1 : 0
  );
  const contents = entries.map(({ entry, digest }) => [
    entry.kind,
    entry.path,
    entry.mode ?? null,
    digest ?? ("target" in entry ? entry.target : ""),
  ]);
  const digest = await sha256(
    JSON.stringify([
      ...[id, kind, base, argv, env, cwd, outDir, roots, network, contents],
      ...linker === undefined ? [] : [linker],
    ]),
  );
  return {
    id,
    kind,
    base,
    argv,
    env,
    cwd,
    outDir,
    network,
    roots,
    entries: entries.map(({ entry }) => entry),
    digest,
    ...linker === undefined ? {} : { linker },
  };
}

function directoryEntry(path: string): TarEntry {
  return {
    kind: "directory",
    path: path.slice(1),
    mode: 0o755,
    mtimeSeconds: SNAPSHOT_MTIME_SECONDS,
  };
}

function checkRoot(root: string, base: Base): void {
  const action = `show ${JSON.stringify(root)} in the container`;
  if (SYSTEM.test(root) || isBelow(base.rustc, root)) {
    throw new InfrastructureError({ action, reason: "the image needs its own directory there" });
  }
  // A mount is written as comma-separated values in a line that the builder splits and expands.
  if (/[\s,"'\\$#]/.test(root)) {
    throw new InfrastructureError({ action, reason: "a builder cannot take such a path" });
  }
}

/** A plan as a builder takes it. */
export interface RenderedPlan {
  /** The Dockerfile. */
  readonly dockerfile: string;
  /** The stage with the results. */
  readonly target: string;
  /** Everything else of the context. */
  readonly entries: () => Generator<TarEntry>;
}

/** Where the program's results and what it printed are in the target stage. */
export const RESULT_FILES = "files/";
/** Where what the next compilation of the unit can use is. */
export const STATE_FILES = "state/";

/**
 * The same in the container. Not in its root: for a copy BuildKit looks at everything that is in the
 * directory above, which are then all files of the image (60 ms for one of 800 MB).
 */
export const OUTPUT_DIRECTORY = "/superorch-out/unit";

/**
 * Writes a plan as a Dockerfile and its context. A pure function, in the dialect that every builder
 * of the last years understands: no syntax line, no named contexts, no `COPY --link`.
 *
 * Everything is mounted at its own absolute path, writable, where what is written is dropped at the
 * end of the step: rustc writes to the very paths that cargo gave it, and what is new is copied.
 *
 * @param plan The plan.
 * @param capabilities Which mounts the builder can do; what it lacks is not written.
 * @returns Dockerfile, stage and context.
 */
export function renderPlan(
  plan: Plan,
  capabilities: Pick<Capabilities, "runNetwork"> = { runNetwork: false },
): RenderedPlan {
  const name = plan.id.toLowerCase().replace(/[^a-z0-9-]+/g, "-");
  const mounts = [
    "--mount=type=bind,source=superorch,target=/superorch",
    ...plan.roots.map((root) => `--mount=type=bind,source=root${root},target=${root},rw`),
  ];
  if (capabilities.runNetwork && plan.network === "none") mounts.unshift("--network=none");
  const dockerfile = [
    // The first line of all, or it is a comment.
    ...plan.syntax === undefined ? [] : [`# syntax=${plan.syntax}`],
    `FROM ${plan.base.image} AS rust-base`,
    `FROM rust-base AS dep-${name}`,
    "USER 0",
    // Not all builders look at what is mounted when they look for a cached layer.
    `RUN ${mounts.join(" \\\n    ")} \\\n    : inputs=${plan.digest}; exec sh /superorch/run`,
    `FROM scratch AS out-${name}`,
    `COPY --from=dep-${name} ${OUTPUT_DIRECTORY}/ /`,
    "",
  ].join("\n");
  const script = scriptOf(plan);
  return {
    dockerfile,
    target: `out-${name}`,
    *entries() {
      const mtimeSeconds = SNAPSHOT_MTIME_SECONDS;
      yield { kind: "file", path: "superorch/run", content: script, mtimeSeconds };
      for (const entry of plan.entries) yield { ...entry, path: `root/${entry.path}` };
    },
  };
}

/** A plan as one step without a Dockerfile. */
export interface RenderedStep {
  /** The program and its words; the digest of all inputs is among them. */
  readonly args: readonly string[];
  /** Where the archive of {@linkcode entries} is expected, in one piece or several. */
  readonly inputs: string;
  /** Everything that the step sees. */
  readonly entries: () => Generator<TarEntry>;
}

/** The step's own failure to unpack what it was given. */
export const NOT_UNPACKED = 96;

/**
 * Writes a plan as one step: what {@linkcode renderPlan} does with a Dockerfile and mounts, a shell
 * does here, which unpacks the same files at the same places and runs the same program.
 *
 * @param plan The plan.
 * @returns Program and files.
 */
export function renderStep(plan: Plan): RenderedStep {
  const inputs = "/superorch-in";
  const script = scriptOf(plan);
  return {
    args: [
      "/bin/sh",
      "-c",
      `: inputs=${plan.digest}; cat ${inputs}/* | tar -xf - -C / || exit ${NOT_UNPACKED}; ` +
      "exec sh /superorch/run",
    ],
    inputs,
    *entries() {
      const mtimeSeconds = SNAPSHOT_MTIME_SECONDS;
      yield { kind: "file", path: "superorch/run", content: script, mtimeSeconds };
      yield* plan.entries;
    },
  };
}

/**
 * On its way along `/a/b/../c`, the system goes through `/a/b`: cargo is told of a target directory
 * in such words, and nothing of what is sent need be there.
 */
function detours({ argv, env }: Plan): string {
  const found = new Set<string>();
  const values = Object.entries(env).filter(([name]) => !name.startsWith("CARGO_PKG_"));
  for (const text of [...argv, ...values.map(([, value]) => value)]) {
    if (!text.includes("/..")) continue;
    for (const [path] of text.matchAll(/\/[^\s=:;,"']+/g)) {
      for (const { index } of path.matchAll(/(?<=[^/])\/\.\.(?=\/|$)/g)) {
        found.add(joinPath("/", path.slice(0, index)));
      }
    }
  }
  return found.size === 0 ? "" : `mkdir -p ${[...found].sort().map(quote).join(" ")}\n`;
}

/**
 * What the step runs. The step itself succeeds whatever the program's end is: a step that fails
 * gives no files, and its output is clipped. 96 and above are failures of the step's own.
 */
function scriptOf(plan: Plan): string {
  const out = OUTPUT_DIRECTORY;
  const [program = "", ...words] = plan.argv;
  // What was there before has the snapshot's time; what is newer was made now.
  const collect = plan.kind === "build-script"
    ? `cp -a ${quote(plan.outDir)}/. ${out}/files/ || exit 98`
    : `cd ${quote(plan.outDir)} || exit 97
for file in * .[!.]*; do
  if [ -f "$file" ] && [ "$file" -nt /superorch/run ]; then cp -p "$file" ${out}/files/ || exit 98; fi
done`;
  // Without -a, files that are one in two places become two: not all readers know them as one.
  const keepState = plan.state === undefined ? "" : `
[ "$(cat ${out}/code)" != 0 ] || [ ! -d ${quote(plan.state)} ] ||
  cp -Rp ${quote(plan.state)} ${out}/state || exit 98`;
  return `umask 022
${limitOf(plan.nofile)}${JOBS}${detours(plan)}mkdir -p ${out}/files && cd ${
    quote(plan.cwd)
  } || exit 97
${plan.linker === undefined ? "" : chooseLinker(plan.linker)}${
    // Assignments of env and not of the shell, whose names are more limited.
    [
      "env",
      ...Object.entries(plan.env).map(([name, value]) => quote(`${name}=${value}`)),
      // As many as there are processors; the text is the same everywhere.
      ...plan.kind === "build-script" ? ['NUM_JOBS="${jobs:-$(nproc 2>/dev/null || echo 1)}"'] : [],
      quote(program),
      ...words.map(quote),
      ...plan.linker === undefined ? [] : ['${linker:+-C "linker=$linker"}'],
    ].join(" \\\n  ")} </dev/null >${out}/stdout 2>${out}/stderr
echo $? >${out}/code || exit 98${keepState}
${collect}
`;
}

/**
 * The variable that says how much a step may do at a time. Variables of proxies are the only ones
 * that a builder hands to a step without taking another value of them for another step: what was
 * made with two jobs is found when there are three.
 *
 * @see https://docs.docker.com/reference/dockerfile/#predefined-args
 */
export const JOBS_VARIABLE = "ftp_proxy";

/** A job server for the program, with as many tokens as are held for it outside. */
const JOBS = `jobs=
case "\${${JOBS_VARIABLE}-}" in jobs:*)
  jobs="\${${JOBS_VARIABLE}#jobs:}"
  unset ${JOBS_VARIABLE} ${JOBS_VARIABLE.toUpperCase()}
  if mkfifo /superorch-jobs && exec 9<>/superorch-jobs 8</superorch-jobs; then
    free=1
    while [ "$free" -lt "$jobs" ]; do printf + >&9; free=$((free + 1)); done
    export CARGO_MAKEFLAGS="-j --jobserver-fds=8,9 --jobserver-auth=8,9"
  fi
  rm -f /superorch-jobs ;;
esac
`;

/** What the image says counts, then what is there. */
function chooseLinker({ variable, program }: PlanLinker): string {
  const own = program === undefined
    ? ""
    : `[ -n "$linker" ] || ! command -v ${quote(program)} >/dev/null || linker=${quote(program)}\n`;
  return `linker="\${${variable}-}"\n${own}`;
}

/** Where a limit is higher than what the builder allows, that counts. */
function limitOf(nofile: string | undefined): string {
  const [soft, hard] = nofile?.split(":") ?? [];
  if (soft === undefined) return "";
  // The soft one first: a hard one below it is refused.
  return `ulimit -Sn ${soft} 2>/dev/null; ulimit -Hn ${hard} 2>/dev/null\n`;
}

/** One word for the shell, whatever is in it. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
