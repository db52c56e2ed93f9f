/** How a value is written, and what it must look like. */
export type SettingKind =
  | "text"
  | "path"
  | "choice"
  | "flag"
  | "limit"
  | "size"
  | "names"
  | "packages"
  | "image"
  | "images"
  | "hosts"
  | "places";

/** One setting: its names, its form and its meaning. */
export interface SettingRow {
  /** Its name in TOML; one with a dot is in a table of its own. */
  readonly key: string;
  /** Its variables; the first one that is set counts. */
  readonly names: readonly string[];
  /** Whether only a variable can set it. */
  readonly envOnly?: boolean;
  /** Whether there is one for each target, whose name is in the place of `TRIPLE`. */
  readonly perTarget?: boolean;
  /** Its form. */
  readonly kind: SettingKind;
  /** Of `choice` and `names`: what it can be. */
  readonly choices?: readonly string[];
  /** What counts where nobody sets it, as it is written. */
  readonly fallback: string;
  /** What the table says instead, where the default is not a value. */
  readonly fallbackText?: string;
  /** One sentence without a stop. */
  readonly meaning: string;
}

const both = (name: string) => [`CARGOGREEN_${name}`, `RUSTCBUILDX_${name}`];

/** All settings, in the order in which they are shown. */
export const SETTINGS: readonly SettingRow[] = [
  {
    key: "profile",
    names: both("PROFILE"),
    envOnly: true,
    kind: "text",
    fallback: "",
    fallbackText: "`ci` where `CI` is set, else none",
    meaning:
      "which `profile.NAME` table of each file counts over the rest of that file; `global` is there by itself",
  },
  {
    key: "team-file",
    names: both("TEAM_FILE"),
    envOnly: true,
    kind: "path",
    fallback: "",
    fallbackText: "none",
    meaning: "a TOML file that a team shares; it counts over the user's own file",
  },
  {
    key: "runner",
    names: both("RUNNER"),
    kind: "choice",
    choices: ["buildkit", "docker", "buildx", "podman", "buildah", "local", "none"],
    fallback: "buildkit",
    meaning:
      "who compiles: BuildKit over the engine's API, a client program, `local` (this compiler, results kept), or `none` (results that are there, else this compiler)",
  },
  {
    key: "builder",
    names: [...both("BUILDER"), "BUILDX_BUILDER"],
    envOnly: true,
    kind: "text",
    fallback: "",
    fallbackText: "`supergreen`, which is made where it is missing",
    meaning:
      "builder of the runner `buildx`; another name must exist, and nothing stands for the one that docker has chosen; for `docker`, only a name counts",
  },
  {
    key: "builder-image",
    names: both("BUILDER_IMAGE"),
    envOnly: true,
    kind: "image",
    fallback: "docker-image://docker.io/moby/buildkit:latest",
    meaning: "BuildKit of the builder that is made; another one makes it anew",
  },
  {
    key: "registry-mirrors",
    names: both("REGISTRY_MIRRORS"),
    kind: "hosts",
    fallback: "mirror.gcr.io,public.ecr.aws/docker",
    meaning: "mirrors of docker.io, the first one first, for the builder that is made",
  },
  {
    key: "syntax",
    names: ["CARGOGREEN_SYNTAX_IMAGE", "RUSTCBUILDX_SYNTAX", "RUSTCBUILDX_DOCKER_SYNTAX"],
    envOnly: true,
    kind: "image",
    fallback: "",
    fallbackText: "none; none is needed",
    meaning: "frontend that reads the Dockerfiles: `docker/dockerfile`, with tag or digest",
  },
  {
    key: "base-image",
    names: [...both("BASE_IMAGE"), "RUSTCBUILDX_DOCKER_IMAGE"],
    kind: "image",
    fallback: "",
    fallbackText: "made of this machine's toolchain",
    meaning: "image to compile in; with a digest it is never asked for again",
  },
  {
    key: "target.TRIPLE.base-image",
    names: both("TARGET_TRIPLE_BASE_IMAGE"),
    perTarget: true,
    kind: "image",
    fallback: "",
    fallbackText: "`base-image`",
    meaning:
      "image for one target of `--target`, in a variable in capitals and with `_` for `-`; this machine's toolchain is put into it where that has the target",
  },
  {
    key: "components",
    names: both("COMPONENTS"),
    kind: "names",
    fallback: "",
    meaning:
      "components of the toolchain, as rustup calls them, that build scripts need beside the compiler: `rustfmt`, `cargo`",
  },
  {
    key: "add.apt",
    names: both("ADD_APT"),
    kind: "packages",
    fallback: "",
    meaning: "Debian packages for the image",
  },
  {
    key: "add.apk",
    names: both("ADD_APK"),
    kind: "packages",
    fallback: "",
    meaning: "Alpine packages, where the named image is one of those",
  },
  {
    key: "base-image-inline",
    names: both("BASE_IMAGE_INLINE"),
    kind: "text",
    fallback: "",
    meaning: "lines of a Dockerfile that are added to the image; they see the network",
  },
  {
    key: "with-network",
    names: ["CARGOGREEN_WITH_NETWORK", "RUSTCBUILDX_RUNS_ON_NETWORK"],
    kind: "choice",
    choices: ["none", "default", "host"],
    fallback: "none",
    meaning: "what compilers and build scripts see of the network; `none` when cargo is offline",
  },
  {
    key: "build-scripts",
    names: both("BUILD_SCRIPTS"),
    kind: "choice",
    choices: ["sandbox", "local"],
    fallback: "sandbox",
    meaning: "where build scripts run",
  },
  {
    key: "fallback",
    names: both("FALLBACK"),
    kind: "choice",
    choices: ["never", "infra", "always"],
    fallback: "infra",
    meaning: "when the local compiler steps in: for failures that are not rustc's, or for all",
  },
  {
    key: "remap",
    names: both("REMAP"),
    kind: "flag",
    fallback: "0",
    meaning:
      "paths of this machine are replaced by ones that are the same everywhere, so that results are shared by projects at different paths",
  },
  {
    key: "set-envs",
    names: both("SET_ENVS"),
    kind: "names",
    fallback: "",
    meaning: "names of further variables that are passed",
  },
  {
    key: "ulimit-nofile",
    names: both("ULIMIT_NOFILE"),
    kind: "limit",
    fallback: "",
    fallbackText: "that of the builder",
    meaning: "files that a compiler or build script may have open: `SOFT` or `SOFT:HARD`",
  },
  {
    key: "incremental",
    names: both("INCREMENTAL"),
    kind: "flag",
    fallback: "0",
    meaning:
      "whether what cargo compiles incrementally is so here too: the state is kept in `target`, and the result is for this machine only",
  },
  {
    key: "final-path",
    names: both("FINAL_PATH"),
    envOnly: true,
    kind: "path",
    fallback: "",
    fallbackText: "none",
    meaning: "where each build of a program writes one Dockerfile with all that it is made of",
  },
  {
    key: "experiment",
    names: both("EXPERIMENT"),
    envOnly: true,
    kind: "names",
    choices: [
      "cachebuildkit",
      "finalpathcomments",
      "finalpathnonprimary",
      "incremental",
      "repro",
    ],
    fallback: "",
    meaning: "what is tried out",
  },
  {
    key: "cache-dir",
    names: both("CACHE_DIR"),
    kind: "path",
    fallback: "",
    fallbackText: "`$XDG_CACHE_HOME/superorch/rustc-wrap`",
    meaning: "where results are kept; set to nothing: nowhere",
  },
  {
    key: "cache-limit",
    names: both("CACHE_LIMIT"),
    kind: "size",
    fallback: "10G",
    meaning: "how much is kept; what was not used for longest goes first",
  },
  {
    key: "cache-images",
    names: [...both("CACHE_IMAGES"), "RUSTCBUILDX_CACHE_IMAGE"],
    kind: "images",
    fallback: "",
    meaning: "repositories of a registry that results are taken from and sent to",
  },
  {
    key: "cache-from-images",
    names: both("CACHE_FROM_IMAGES"),
    kind: "images",
    fallback: "",
    meaning: "repositories that results are only taken from",
  },
  {
    key: "cache-to-images",
    names: both("CACHE_TO_IMAGES"),
    kind: "images",
    fallback: "",
    meaning: "repositories that results are only sent to",
  },
  {
    key: "cache-from",
    names: both("CACHE_FROM"),
    kind: "places",
    fallback: "",
    meaning: "directories and `http(s)://` addresses that results are taken from",
  },
  {
    key: "cache-to",
    names: both("CACHE_TO"),
    kind: "places",
    fallback: "",
    meaning: "directories and `http(s)://` addresses (`PUT`) that results are sent to",
  },
  {
    key: "share",
    names: both("SHARE"),
    kind: "names",
    choices: ["registry", "git", "vendored", "member", "path", "generated"],
    fallback: "registry",
    meaning:
      "kinds of crates whose results are sent to shared places; of registries only crates.io",
  },
  {
    key: "log",
    names: both("LOG"),
    envOnly: true,
    kind: "choice",
    choices: ["off", "error", "warn", "info", "debug", "trace"],
    fallback: "debug",
    fallbackText: "`debug` where a path is set, else `off`",
    meaning: "how much is traced; `trace` has all words and outputs of compilers",
  },
  {
    key: "log-style",
    names: both("LOG_STYLE"),
    envOnly: true,
    kind: "choice",
    choices: ["auto", "always", "never"],
    fallback: "auto",
    meaning: "whether levels have colours; `auto`: on a terminal",
  },
  {
    key: "log-path",
    names: both("LOG_PATH"),
    envOnly: true,
    kind: "path",
    fallback: "",
    fallbackText: "none; with `LOG`, `rustcbuildx.log` in the directory of the results",
    meaning: "a trace, one line for each unit; `-` is the error output",
  },
];

/** A setting by its name in TOML. */
export function settingRow(key: string): SettingRow {
  const row = SETTINGS.find((candidate) => candidate.key === key);
  if (row === undefined) throw new TypeError(`There is no setting ${JSON.stringify(key)}`);
  return row;
}
