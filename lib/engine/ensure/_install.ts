import type { ReadEnv } from "../state.ts";
import { EngineSetupError } from "./engine_setup_error.ts";
import { requireSpace } from "./_machine.ts";
import type { Privilege } from "./_privilege.ts";
import { findProgram, lastLine, type ProgramResult } from "./_programs.ts";
import { findStaticBusybox } from "./_static_busybox.ts";
import { until } from "./_until.ts";

/** What is missing on this machine. */
export interface MissingPrograms {
  /** Programs without which no engine can start. */
  readonly programs: readonly string[];
  /** The Debian packages that bring what is missing, wanted ones included. */
  readonly packages: readonly string[];
}

/** Finds out what an engine needs and this machine does not have. */
export async function findMissing(env: ReadEnv): Promise<MissingPrograms> {
  const needed = [["dockerd", "docker.io"], ["iptables", "iptables"]] as const;
  const missing = [];
  for (const pair of needed) {
    if (await findProgram(pair[0], env) === undefined) missing.push(pair);
  }
  const packages: string[] = missing.map(([, name]) => name);
  if (await findStaticBusybox(env) === undefined) packages.push("busybox-static");
  return { programs: missing.map(([program]) => program), packages };
}

/** How packages are installed. */
export interface InstallOptions {
  /** Reads environment variables. */
  readonly env: ReadEnv;
  /** Acts as root. */
  readonly privilege: Privilege;
  /** How long to wait for another apt or dpkg. */
  readonly lockTimeoutMs: number;
  /** Is called once if another apt or dpkg is at work, with its own words. */
  readonly onWait?: (holder: string) => void;
  /** Ends the work; apt is killed. */
  readonly signal?: AbortSignal;
}

/** docker.io and what it needs take 265 MB on the disk and 70 MB of downloads. */
const INSTALL_BYTES = 500e6;

/**
 * Installs Debian packages with apt-get, and starts none of the services in them.
 *
 * @throws {EngineSetupError} when there is no apt-get, no space, no network, or another apt holds
 * the lock for too long.
 */
export async function installPackages(
  packages: readonly string[],
  options: InstallOptions,
): Promise<void> {
  const names = packages.join(", ");
  if (await findProgram("apt-get", options.env) === undefined) {
    throw new EngineSetupError({
      step: "install",
      problem: `Cannot install ${names}: there is no apt-get, so this is not Debian or Ubuntu`,
      hint: "install Docker the way this system does, and start it",
    });
  }
  await requireSpace("/usr", INSTALL_BYTES, `install ${names}`, "make room");
  const wrap = await withoutServices(options.privilege);
  const update = await apt(["update", "-qq"], wrap, names, options);
  // Other sources of this machine may be broken without ours being so: install decides.
  const install = await apt(
    ["install", "-y", "-qq", "--no-install-recommends", ...packages],
    wrap,
    names,
    options,
  );
  if (install.code === 0) return;
  const output = `${update.stderr}\n${install.stderr}`;
  const network =
    /^(?:[WE]: )?.*(Temporary failure resolving|Could not resolve|Could not connect|Cannot initiate the connection|Unable to connect|[Cc]onnection timed out|Network is unreachable|No route to host|Connection failed).*$/m
      .exec(output);
  if (network !== null) {
    throw new EngineSetupError({
      step: "install",
      problem: `Cannot install ${names}: apt-get has no network (${tidy(network[0])})`,
      hint: "check the network, the proxy settings and /etc/apt/sources.list",
    });
  }
  throw new EngineSetupError({
    step: "install",
    problem: `Cannot install ${names}: apt-get failed with code ${install.code} (${
      tidy(reasonOf(install))
    })`,
    hint: `run apt-get install ${packages.join(" ")} to see all of it`,
  });
}

type Wrap = (argv: readonly string[]) => readonly string[];

// Whoever wants programs has not asked for services: a dockerd that the package starts would
// stand beside ours and take its firewall rules, and one that fails to start fails the whole
// installation. /usr/sbin/policy-rc.d is the usual way to say so, but a crash would leave it
// behind; mounts in a namespace of apt's own go with it.
async function withoutServices(privilege: Privilege): Promise<Wrap> {
  const isolate = ["unshare", "--mount", "--propagation", "private"];
  if ((await privilege.run([...isolate, "true"])).code !== 0) return (argv) => argv;
  const script = `for program in /usr/sbin/invoke-rc.d /usr/sbin/update-rc.d \
/usr/bin/deb-systemd-invoke /usr/bin/deb-systemd-helper; do
  if [ -e "$program" ]; then mount --bind /bin/true "$program" || exit; fi
done
exec "$@"`;
  return (argv) => [...isolate, "sh", "-c", script, "sh", ...argv];
}

// update waits for /var/lib/apt/lists/lock and install for dpkg's locks, but apt's own option for
// waiting, DPkg::Lock::Timeout, only knows the latter, and says who holds it only in the end.
async function apt(
  words: readonly string[],
  wrap: Wrap,
  names: string,
  options: InstallOptions,
): Promise<ProgramResult> {
  const { privilege, lockTimeoutMs, signal } = options;
  const argv = wrap([
    "apt-get",
    "-o",
    "DPkg::Lock::Timeout=0",
    "-o",
    "Acquire::Retries=1",
    "-o",
    "Acquire::http::Timeout=20",
    "-o",
    "Acquire::https::Timeout=20",
    ...words,
  ]);
  let { onWait } = options;
  let lock: string | undefined;
  // A try takes half a second of a processor, so they are a second apart, as apt's own are.
  const result = await until(async () => {
    const tried = await privilege.run(argv, {
      variables: { DEBIAN_FRONTEND: "noninteractive" },
      signal,
    });
    lock = tried.code === 0 ? undefined : lockProblem(tried.stderr);
    if (lock === undefined) return tried;
    onWait?.(lock);
    onWait = undefined;
    return undefined;
  }, { intervalMs: 1000, timeoutMs: lockTimeoutMs, signal });
  if (result !== undefined) return result;
  throw new EngineSetupError({
    step: "install",
    problem: `Cannot install ${names} within ${lockTimeoutMs / 1000} s: ${lock}`,
    hint: "wait for it to end and try again",
  });
}

function lockProblem(stderr: string): string | undefined {
  const match = /Could not get lock (\S+?)\. It is held by process (\d+ \([^)]*\))/.exec(stderr);
  if (match !== null) return `${match[1]} is held by process ${match[2]}`;
  const line = /^E: Could not get lock .*$/m.exec(stderr)?.[0];
  return line === undefined ? undefined : tidy(line);
}

function reasonOf(result: ProgramResult): string {
  const errors = result.stderr.split("\n").filter((line) => line.startsWith("E: "));
  return errors[0] ?? (lastLine(result.stderr) || lastLine(result.stdout));
}

function tidy(line: string): string {
  return line.replace(/^\s*[WE]: /, "").trim();
}
