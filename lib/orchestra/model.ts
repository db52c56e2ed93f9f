/** The plain data that the whole module works on: what is configured, and what is to be done. */

/** A component that another one needs. */
export interface Dependency {
  /** Name of the component. */
  readonly component: string;
  /** A build of it: the one that must be taken, or the one that is preferred. Absent: any. */
  readonly build?: string;
  /** Whether only `build` will do (`a@b`); otherwise any build will (`a`, `a~b`). */
  readonly exact: boolean;
  /** As it is written: `a`, `a~b` or `a@b`. */
  readonly text: string;
}

/** One way to make a component. */
export interface Build {
  /** Name of the component that it belongs to. */
  readonly component: string;
  /** Name of the build, without the component. */
  readonly name: string;
  /** Bash script that makes `BUILD_DIR`. */
  readonly configure: string;
  /** Bash script that fills `TMP_ROOT`. */
  readonly install: string;
  /** Needed to build it and to run it, in the order of the configuration. */
  readonly dependencies: readonly Dependency[];
  /** Needed to build it only. */
  readonly buildDependencies: readonly Dependency[];
  /** What headers are told about `NDEBUG`. */
  readonly ndebug: boolean;
  /** What headers are told about the address sanitizer. */
  readonly asan: boolean;
}

/** Something that can be installed, with the ways to make it. */
export interface Component {
  /** Name, which may have slashes. */
  readonly name: string;
  /** At least one, in the order of the configuration. */
  readonly builds: ReadonlyMap<string, Build>;
  /** The build that is meant where none is named. */
  readonly defaultBuild: string;
  /** File name of its license, which is copied into the root. */
  readonly license: string | null;
  /** Name of the archive remote that new archives go to. Default: the first one. */
  readonly binaryArchives: string | null;
  /** Name of the repository that its sources come from; several components may share one. */
  readonly repository: string | null;
  /** Whether archives of it are never used. */
  readonly buildFromSource: boolean;
  /** Whether what was built is merged as it is. */
  readonly skipPostInstall: boolean;
  /** Directories for `PATH`. */
  readonly addToPath: readonly string[];
  /** Components that `install --test` installs too. */
  readonly testTriggers: readonly string[];
  /** Commands that `check-branch` runs on each commit. */
  readonly checkBranch: readonly string[];
}

/** Where things are; all absolute, without a slash at the end. */
export interface Paths {
  /** The directory `.orchestra`. */
  readonly dotdir: string;
  /** Where components are installed. */
  readonly orchestraRoot: string;
  /** Where downloaded sources are kept. */
  readonly sourceArchives: string;
  /** Where the clones of the archive remotes are, one directory each. */
  readonly binaryArchives: string;
  /** Where repositories are cloned, and sources unpacked. */
  readonly sourcesDir: string;
  /** Where components are built. */
  readonly buildsDir: string;
  /** Where builds are installed before they are merged. */
  readonly tmpRoots: string;
  /** Where what can be computed again is kept: `<dotdir>/cache`. */
  readonly cache: string;
}

/** A place with a name, of `remote_base_urls` or `binary_archives`. */
export interface NamedUrl {
  /** Its name. */
  readonly name: string;
  /** Its URL, or anything that git takes for one. */
  readonly url: string;
}

/** One entry of `environment`. */
export type EnvironmentEntry =
  /** A variable that is set. The value is given to bash inside double quotes, as it is. */
  | { readonly kind: "set"; readonly name: string; readonly value: string }
  /** A variable that is unset (`-NAME: ""`). */
  | { readonly kind: "unset"; readonly name: string };

/** A configuration that has been read and checked. */
export interface Configuration {
  /** Where things are. */
  readonly paths: Paths;
  /** All components, in the order of the configuration. */
  readonly components: ReadonlyMap<string, Component>;
  /** Variables for scripts, in order, as written. */
  readonly environment: readonly EnvironmentEntry[];
  /** Directories for `PATH`, before those of components. */
  readonly addToPath: readonly string[];
  /** Where repositories are cloned from, the first that has one wins. */
  readonly remoteBaseUrls: readonly NamedUrl[];
  /** The archive remotes, in the order in which they are searched. */
  readonly binaryArchives: readonly NamedUrl[];
  /** Names of branches, the first that exists is checked out. */
  readonly branches: readonly string[];
  /** Stands for all files of the configuration; changes when one of them does. */
  readonly hash: string;
}

/** A component and one of its builds. */
export interface BuildTarget {
  /** Name of the component. */
  readonly component: string;
  /** Name of the build. */
  readonly build: string;
}

/** Gets a repository from a remote. */
export interface CloneAction {
  /** Discriminates the kinds of actions. */
  readonly kind: "clone";
  /** Name of the repository, which components share. */
  readonly repository: string;
}

/** Runs the configure script of a build. */
export interface ConfigureAction extends BuildTarget {
  /** Discriminates the kinds of actions. */
  readonly kind: "configure";
}

/** Installs a build, from its archive or by its install script. */
export interface InstallAction extends BuildTarget {
  /** Discriminates the kinds of actions. */
  readonly kind: "install";
  /** Whether it may be built. */
  readonly allowBuild: boolean;
  /** Whether an archive may be used; it is preferred then, if there is one. */
  readonly allowArchive: boolean;
}

/** One thing that can be done. */
export type Action = CloneAction | ConfigureAction | InstallAction;

/** An action of a plan, with its place and its reason. */
export interface PlannedAction {
  /** What is done. */
  readonly action: Action;
  /** Unique in the plan, and the same in every plan: `install a@b`. */
  readonly id: string;
  /** Ids of the actions that must have been done before; transitively reduced. */
  readonly after: readonly string[];
  /** Whether it was asked for by name. */
  readonly requested: boolean;
  /** Whether it would not be needed: it runs only because it was asked for. */
  readonly satisfied: boolean;
  /** One sentence without a final period: why it is done. */
  readonly reason: string;
}

/** What will be done. */
export interface Plan {
  /** In the order in which one after the other is done: each after those that it needs. */
  readonly actions: readonly PlannedAction[];
}

/** What a plan is wanted for. */
export interface PlanRequest {
  /** What is asked for. */
  readonly targets: readonly PlanTarget[];
  /** Everything is built, no archive is used. Default `false`. */
  readonly fromSource?: boolean;
  /** What has no archive is built. Default `false`. */
  readonly fallbackBuild?: boolean;
  /** What is asked for is not done again when it is satisfied. Default `false`. */
  readonly noForce?: boolean;
  /** Only what is asked for is done, nothing that it needs. Default `false`. */
  readonly noDeps?: boolean;
}

/** Something that is asked for. */
export type PlanTarget =
  | { readonly kind: "clone"; readonly repository: string }
  | ({ readonly kind: "configure" | "install" } & BuildTarget);

/** What the metadata of the root says about an installed component. */
export interface InstalledBuild extends BuildTarget {
  /** The recursive hash of the component when it was installed. */
  readonly recursiveHash: string;
  /** How it came there. */
  readonly source: "build" | "binary archives";
  /** Whether it was asked for by name. */
  readonly manuallyInstalled: boolean;
  /** How long installing it took. */
  readonly installTimeSeconds: number;
  /** Path of its archive as the original writes it. */
  readonly binaryArchivePath: string | null;
}

/** What is installed. Answered from memory. */
export interface InstalledState {
  /** What is installed of a component. */
  get(component: string): InstalledBuild | undefined;
  /** Everything, sorted by component. */
  all(): readonly InstalledBuild[];
}

/** Which archives are there. */
export interface ArchiveLookup {
  /**
   * Finds the archive of a build: remotes in the order of the configuration, in each `.tar.xz`,
   * then `.tar.gz`, then `.tar`.
   *
   * @param target The build.
   * @param recursiveHash Gives the hash of its component. A hash can stand for thousands of
   * components, so it is asked for only where there are archives of the build at all.
   * @returns Absolute path; `undefined` when there is none.
   */
  find(target: BuildTarget, recursiveHash: () => string): string | undefined;
}

/** The branch and the commit that a repository is at. */
export interface RepositoryHead {
  /** Name of the branch; `HEAD` when it is detached, `null` when it is not known. */
  readonly branch: string | null;
  /** Hash of the commit; `null` when it is not known. */
  readonly commit: string | null;
}

/** Which commits repositories are at. */
export interface CommitLookup {
  /**
   * Looks into the local clone, or else into the cache of remote branches.
   *
   * @param repository Name of the repository.
   */
  head(repository: string): RepositoryHead;
}

/**
 * What is there already. Lookups are synchronous: an implementation reads what is many (metadata,
 * refs) when it is made, and asks the disk for the rest.
 */
export interface World {
  /** What is installed. */
  readonly installed: InstalledState;
  /** Which archives are there. */
  readonly archives: ArchiveLookup;
  /** Which commits repositories are at. */
  readonly commits: CommitLookup;
  /** Whether the build directory is there, and no failed run of the script is recorded. */
  isConfigured(target: BuildTarget): boolean;
  /** Whether the clone of a repository is there. */
  isCloned(repository: string): boolean;
}

/** The hashes of all components, computed when they are asked for. */
export interface Hashes {
  /** SHA-1 of the hash material, as 40 hexadecimal digits. */
  recursiveHash(component: string): string;
  /** The text that stands for a component with all that it depends on. */
  hashMaterial(component: string): string;
}

/** The architecture in the paths of archives. */
export const ARCHITECTURE = "linux-x86-64";

/** Names a build as everywhere in the configuration: `component@build`. */
export function qualifiedName({ component, build }: BuildTarget): string {
  return `${component}@${build}`;
}

/** What an action is about: `component@build`, or the repository. */
export function targetName(action: Action): string {
  return action.kind === "clone" ? action.repository : qualifiedName(action);
}

/** Names an action as logs and graphs do: `configure of a@b`. */
export function actionName(action: Action): string {
  if (action.kind !== "install") return `${action.kind} of ${targetName(action)}`;
  const ways = [
    ...(action.allowBuild ? ["build"] : []),
    ...(action.allowArchive ? ["binary archives"] : []),
  ];
  return `install (${ways.join(" or ")}) of ${targetName(action)}`;
}

/** Names an action in short, the same whatever is allowed: `install a@b`. */
export function actionId(action: Action): string {
  return `${action.kind} ${targetName(action)}`;
}

/** Makes a name of a component or a build usable as the name of a file. */
export function sanitize(name: string): string {
  return name.replaceAll("/", "_");
}
