/**
 * What the parts of the wrapper hand to each other. Plain data but for {@linkcode Runner} and
 * {@linkcode BlobStore}, which are where other ways to compile and other places to keep come in.
 */

import type { TarEntry } from "../engine/tar/mod.ts";

/** Environment variables by name. */
export type Env = Readonly<Record<string, string>>;

/**
 * What one call is: `compile` is forwarded, `probe` and `driver` (clippy's) are run as they are,
 * `other` is a call of ours (`env`, `--help`) or nothing that is known.
 */
export type CallKind = "compile" | "probe" | "driver" | "other";

/** The words of a call, told apart. */
export interface Call {
  /** What it is. */
  readonly kind: CallKind;
  /** The compiler, as cargo has it. */
  readonly tool: string;
  /** The words after it. */
  readonly rest: readonly string[];
}

/** One `--extern`. */
export interface Extern {
  /** Name of the crate as the code has it. */
  readonly name: string;
  /** Absolute path; `undefined` for crates of the sysroot, as `--extern proc_macro`. */
  readonly path: string | undefined;
}

/** One `-L`. */
export interface LibPath {
  /** `dependency`, `native`, `crate`, `framework` or `all`. */
  readonly kind: string;
  /** Absolute path. */
  readonly path: string;
}

/** One call of rustc for one crate, as far as the wrapper has to understand it. */
export interface Unit {
  /** `<crate>-<16 hexadecimal digits>`, or the crate's name alone where cargo gives no digits. */
  readonly id: string;
  /** `--crate-name`. */
  readonly crate: string;
  /** Every `--crate-type`, in order; empty for tests and plain programs. */
  readonly types: readonly string[];
  /** Kinds of `--emit`, in order. */
  readonly emit: readonly string[];
  /** In order. */
  readonly externs: readonly Extern[];
  /** In order. */
  readonly libPaths: readonly LibPath[];
  /** The crate's root file, absolute. */
  readonly input: string;
  /** `--out-dir`, absolute. */
  readonly outDir: string;
  /** The directory above `deps`, `build` and `examples`, absolute: `target/debug`. */
  readonly profileDir: string;
  /** Whether it was called with `--test`. */
  readonly test: boolean;
  /** Whether what comes out is linked: a program, a dynamic library, a procedural macro. */
  readonly links: boolean;
  /** Whether it is the build script of a package. */
  readonly buildScript: boolean;
  /** `--target`. */
  readonly targetTriple: string | undefined;
  /** `-C incremental`, absolute; `undefined`: compiled as a whole. */
  readonly incremental: string | undefined;
  /** Current directory of the call, absolute. */
  readonly cwd: string;
  /** The words for rustc in cargo's order, without incremental compilation and terminal width. */
  readonly argv: readonly string[];
}

/** Where a crate's sources come from. */
export type SourceKind = "member" | "path" | "vendored" | "registry" | "git" | "generated";

/** The sources of a unit. */
export interface Source {
  /** Where they come from. */
  readonly kind: SourceKind;
  /** The package's directory: where its `Cargo.toml` is. Absolute. */
  readonly packageDir: string;
  /** The directory that is sent: the workspace, the checkout, or the package. Absolute. */
  readonly root: string;
  /** Whether the sources are public: a registry's or a public repository's. */
  readonly visibility: Visibility;
}

/** `private` results never leave this machine by themselves. */
export type Visibility = "public" | "private";

/** What runs in the container: image and toolchain. */
export interface Base {
  /** As in `FROM`. */
  readonly image: string;
  /** Changes with everything that can change a result; part of every key. */
  readonly identity: string;
  /** How the compiler is called there: `rustc`, or an absolute path. */
  readonly rustc: string;
}

/** What is compiled or run, complete and independent of who does it. */
export interface Plan {
  /** Name of the unit: stages are called after it. */
  readonly id: string;
  /** A call of rustc, or a run of a build script. */
  readonly kind: "compile" | "build-script";
  /** Image and toolchain. */
  readonly base: Base;
  /** The words of the program, the program first. */
  readonly argv: readonly string[];
  /** Everything it finds in its environment beside what the image sets; sorted by name. */
  readonly env: Env;
  /** Absolute. */
  readonly cwd: string;
  /** Where its results appear, absolute: the files there that were not sent. */
  readonly outDir: string;
  /**
   * Directories that appear in the container at their own absolute paths; none is below another.
   */
  readonly roots: readonly string[];
  /** All files below the roots, sorted; `path` is absolute without its leading slash. */
  readonly entries: readonly TarEntry[];
  /** SHA-256 over all of the above. */
  readonly digest: string;
  /** `none` unless the settings say otherwise. */
  readonly network: NetworkMode;
  /** A directory whose files are wanted too, absolute and below the roots: rustc's own state. */
  readonly state?: string;
  /** The frontend that reads the Dockerfile; absent: the builder's own. */
  readonly syntax?: string;
  /** How many files the program may have open: `SOFT:HARD`; absent: as many as the builder says. */
  readonly nofile?: string;
  /** What links for another target, where cargo has not said; absent: rustc's own choice. */
  readonly linker?: PlanLinker;
}

/** A linker that the image has. */
export interface PlanLinker {
  /** A variable of the image that names it, as the images of `cross` have. */
  readonly variable: string;
  /** Its name where that is not set; absent: rustc's own choice. */
  readonly program?: string;
}

/** What RUN steps see of the network. */
export type NetworkMode = "none" | "default" | "host";

/** One file that came out. */
export interface Artifact {
  /** Path below the plan's `outDir`; a directory's ends in a slash. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** Its bytes; empty for links and directories. */
  readonly content: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the content, where it is known. */
  readonly digest?: string;
  /** The text of a symbolic link. */
  readonly target?: string;
}

/** How a unit ended, whoever ran it. */
export interface UnitResult {
  /** The program's own exit code; 128 + n after signal n. */
  readonly code: number;
  /** All that it printed. */
  readonly stdout: Uint8Array<ArrayBuffer>;
  /** All that it complained. */
  readonly stderr: Uint8Array<ArrayBuffer>;
  /** What it made, sorted by path. */
  readonly files: readonly Artifact[];
  /** What is in the plan's `state`, by path in it; nobody but the next compilation needs it. */
  readonly state?: readonly Artifact[];
}

/** What a builder can do; probed once, and remembered for its versions. */
export interface Capabilities {
  /** `docker`, `buildx`, `podman`, `buildah`, or `engine` for the HTTP API. */
  readonly program: string;
  /** Versions of client and server: what the rest was probed for. */
  readonly versions: string;
  /** Named contexts: `--build-context`. */
  readonly buildContext: boolean;
  /** `COPY --link`. */
  readonly copyLink: boolean;
  /** `ADD --checksum`. */
  readonly addChecksum: boolean;
  /** `RUN --network`. */
  readonly runNetwork: boolean;
  /** Variables in the target of a mount. */
  readonly mountEnv: boolean;
  /** `<Dockerfile>.dockerignore` counts. */
  readonly sidecarIgnore: boolean;
  /** The context may be an archive on the input. */
  readonly tarStdin: boolean;
  /** The result may be an archive on the output. */
  readonly tarStdout: boolean;
  /** The layer cache notices changes of what is mounted; where not, the digest in RUN does. */
  readonly bindMountInCacheKey: boolean;
  /** Kinds of `--cache-to`: `inline`, `registry`, `local`. */
  readonly cacheTo: readonly string[];
}

/** How a runner is asked. */
export interface RunOptions {
  /** Whether nothing cached is used. Default `false`. */
  readonly noCache?: boolean;
  /** Whether others may see the result. Default `false`. */
  readonly isPublic?: boolean;
  /** How much the program may do at a time; default: as much as there are processors. */
  readonly jobs?: number;
  /** Ends the work, wherever it goes on. */
  readonly signal?: AbortSignal;
}

/** What a runner gives back. */
export interface RunnerResult extends UnitResult {
  /** Whether the program ran; `false`: the builder had its result already. */
  readonly ran: boolean;
  /** How many bytes were sent. */
  readonly sentBytes: number;
}

/**
 * Carries out plans. A program that fails is a result; {@linkcode Runner.run} throws
 * `InfrastructureError` for everything that is not the program's own doing.
 */
export interface Runner extends AsyncDisposable {
  /** Its name in the settings. */
  readonly name: string;
  /** What it can do. */
  capabilities(options?: { readonly signal?: AbortSignal }): Promise<Capabilities>;
  /** Carries out one plan. */
  run(plan: Plan, options?: RunOptions): Promise<RunnerResult>;
}

/** The two kinds of things that are kept: results by their inputs, and what inputs there were. */
export type BlobKind = "result" | "inputs";

/** A place that keeps bytes by key. Keys are 64 hexadecimal digits. */
export interface BlobStore extends AsyncDisposable {
  /** For messages: `disk`, or where it is. */
  readonly name: string;
  /** Whether {@linkcode BlobStore.put} may be called with private results. */
  readonly keepsPrivate: boolean;
  /** The bytes, or `undefined`. What cannot be read or is damaged counts as not there. */
  get(
    kind: BlobKind,
    key: string,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Keeps the bytes, all or nothing. */
  put(
    kind: BlobKind,
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    options?: { readonly signal?: AbortSignal; readonly label?: string },
  ): Promise<void>;
}

/** One set of inputs that gave one result; a unit has as many as versions of its sources. */
export interface InputList {
  /** SHA-256 of the content by absolute path; of the names in it where that ends in a slash. */
  readonly files: Readonly<Record<string, string>>;
  /** Variables that the compiler looked at; `null`: not set. */
  readonly env: Readonly<Record<string, string | null>>;
  /** The only target directory that it is good for; `undefined`: it is good for all. */
  readonly targetDir?: string;
  /** Key of the result. */
  readonly result: string;
  /** Whether others may see the result; it is not sent anywhere without this. */
  readonly public?: boolean;
}

/** What is kept of results, whatever it is kept in. */
export interface ResultStore extends AsyncDisposable {
  /** The result of a key; damaged ones count as not there, and are removed. */
  get(key: string, options?: { readonly signal?: AbortSignal }): Promise<UnitResult | undefined>;
  /** Keeps a result. Never throws for a full or broken place: then nothing is kept. */
  put(key: string, result: UnitResult, options: StoreOptions): Promise<void>;
  /** What inputs a unit has had, the newest first: here, or with `far` in shared places too. */
  inputs(
    key: string,
    options?: { readonly signal?: AbortSignal; readonly far?: boolean },
  ): Promise<readonly InputList[]>;
  /** Adds one set of inputs. */
  addInputs(key: string, inputs: InputList, options: StoreOptions): Promise<void>;
}

/** How something is kept. */
export interface StoreOptions {
  /** Who may see it. */
  readonly visibility: Visibility;
  /** Name for listings: the unit's id. */
  readonly label: string;
  /** Ends the attempt. */
  readonly signal?: AbortSignal;
}

/** How much is traced. */
export type LogLevel = "off" | "error" | "warn" | "info" | "debug" | "trace";

/** Whether levels of a trace have colours. */
export type LogStyle = "auto" | "always" | "never";

/** What is tried out. */
export type Experiment =
  | "cachebuildkit"
  | "finalpathcomments"
  | "finalpathnonprimary"
  | "incremental"
  | "repro";

/** When local rustc steps in: never, for failures that are not rustc's, or for those too. */
export type FallbackMode = "never" | "infra" | "always";

/** What the user decides about single calls. */
export interface Policy {
  /** When local rustc steps in. Default `infra`. */
  readonly fallback: FallbackMode;
  /** What steps see of the network. Default `none`. */
  readonly network: NetworkMode;
  /** Whether build scripts run in the container, or here. Default `true`. */
  readonly sandboxBuildScripts: boolean;
  /** Whether paths are made equal on all machines (`--remap-path-prefix`). Default `false`. */
  readonly remap: boolean;
}

/** The settings that the wrapper itself needs; where they come from is the affair of `settings`. */
export interface Settings extends Policy {
  /** `buildkit` (default), `docker`, `buildx`, `podman`, `buildah`, `local` or `none`. */
  readonly runner: string;
  /** As in `FROM`; `undefined`: one that is made of the local toolchain. */
  readonly baseImage: string | undefined;
  /** Debian packages of the base beside `gcc`, `libc6-dev` and `ca-certificates`; sorted. */
  readonly packages: readonly string[];
  /** Packages of Alpine for an image of that kind; sorted. */
  readonly apkPackages: readonly string[];
  /** Lines of a Dockerfile that are added to the image; empty for none. */
  readonly inlineSteps: string;
  /** Components of the toolchain that the image has beside the compiler; sorted. */
  readonly components: readonly string[];
  /** Images for other targets, by the target as it is in names of variables. */
  readonly targetImages: Readonly<Record<string, string>>;
  /** Names of further variables that the container gets; sorted. */
  readonly setEnvs: readonly string[];
  /** Where results are kept; `undefined`: nowhere. */
  readonly cacheDir: string | undefined;
  /** How much may be kept. */
  readonly cacheLimitBytes: number;
  /** Shared places that results are taken from: directories, `http(s)://`, `docker-image://`. */
  readonly cacheFrom: readonly string[];
  /** Shared places that results are sent to. */
  readonly cacheTo: readonly string[];
  /** Kinds of sources whose results are sent there. */
  readonly share: readonly SourceKind[];
  /** Where a trace goes: a file, `-` for the error output, `undefined`: nowhere. */
  readonly logPath: string | undefined;
  /** How much of it. */
  readonly log: LogLevel;
  /** Its colours. */
  readonly logStyle: LogStyle;
  /** Builder of buildx; empty: the one that docker has chosen; `undefined`: one that we make. */
  readonly builder: string | undefined;
  /** BuildKit of the builder that we make. */
  readonly builderImage: string;
  /** Mirrors of docker.io for it, in order. */
  readonly registryMirrors: readonly string[];
  /** The frontend that reads Dockerfiles; `undefined`: the builder's own. */
  readonly syntax: string | undefined;
  /** How many files programs may have open: `SOFT:HARD`. */
  readonly nofile: string | undefined;
  /** Whether the state of incremental compilation is kept. */
  readonly incremental: boolean;
  /** Where a build of programs writes one Dockerfile of them. */
  readonly finalPath: string | undefined;
  /** What is tried out. */
  readonly experiments: readonly Experiment[];
}
