import { cacheDirectory } from "../../lib/engine/state.ts";

/** Unpacked packages, or why there are none. */
export type DebianFiles =
  | { readonly root: string; readonly skip?: undefined }
  | { readonly root?: undefined; readonly skip: string };

/** What to unpack. */
export interface DebianPackages {
  /** Names of packages; what they depend on comes along. */
  readonly packages: readonly string[];
  /**
   * A release such as `trixie` gives a whole root directory that stands alone. Default: what the
   * machine's own release lacks, to be used beside what is installed.
   */
  readonly suite?: string;
}

const LIMIT_MS = 120_000;
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Downloads Debian packages into the cache directory and unpacks them there, once. Nothing is
 * installed and no package database of the machine is written.
 *
 * @param wanted Which packages.
 * @returns The directory that they were unpacked into, or a reason to skip.
 */
export async function debianFiles(wanted: DebianPackages): Promise<DebianFiles> {
  const name = [wanted.suite ?? "host", ...wanted.packages].join("-");
  const base = `${cacheDirectory()}/tests/debian`;
  const root = `${base}/${name}`;
  if (await isDirectory(root)) return { root };
  for (const program of ["apt-get", "dpkg-deb"]) {
    if (!await isProgram(program)) return { skip: `${program} is not there` };
  }
  await Deno.mkdir(base, { recursive: true });
  const work = await Deno.makeTempDir({ dir: base, prefix: ".making-" });
  try {
    const skip = await download(wanted, work) ?? await unpack(work);
    if (skip !== undefined) return { skip };
    await Deno.chmod(`${work}/root`, 0o755);
    await Deno.rename(`${work}/root`, root).catch(async (error) => {
      // Another run of the tests was faster.
      if (!await isDirectory(root)) throw error;
    });
    return { root };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function download(wanted: DebianPackages, work: string): Promise<string | undefined> {
  for (const directory of ["lists/partial", "archives/partial"]) {
    await Deno.mkdir(`${work}/${directory}`, { recursive: true });
  }
  const settings = [
    `Dir::State::lists=${work}/lists`,
    `Dir::Cache=${work}`,
    "Debug::NoLocking=true",
    "APT::Sandbox::User=",
    "Acquire::Retries=1",
    "Acquire::http::Timeout=10",
  ];
  if (wanted.suite !== undefined) {
    const source = `deb [signed-by=${KEYRING}] http://deb.debian.org/debian ${wanted.suite} main\n`;
    await Deno.writeTextFile(`${work}/sources.list`, source);
    await Deno.writeTextFile(`${work}/status`, "");
    settings.push(
      `Dir::Etc::sourcelist=${work}/sources.list`,
      "Dir::Etc::sourceparts=/dev/null",
      `Dir::State::status=${work}/status`,
    );
  }
  const options = settings.flatMap((setting) => ["-o", setting]);
  const further = wanted.suite === undefined ? [] : ["base-files"];
  const update = await run("apt-get", [...options, "-qq", "--error-on=any", "update"]);
  if (wanted.suite !== undefined && update !== undefined) {
    return `the Debian mirror is not reachable: ${update}`;
  }
  const fetched = await run("apt-get", [
    ...options,
    "-qq",
    "-y",
    "--no-install-recommends",
    "--download-only",
    "--reinstall",
    "install",
    ...wanted.packages,
    ...further,
  ]);
  return fetched === undefined ? undefined : `cannot download ${wanted.packages}: ${fetched}`;
}

async function unpack(work: string): Promise<string | undefined> {
  const names = [...Deno.readDirSync(`${work}/archives`)].map(({ name }) => name)
    .filter((name) => name.endsWith(".deb"));
  await Deno.mkdir(`${work}/root`);
  // base-files first: it has the links /bin, /lib and /sbin that the others unpack through.
  names.sort((a, b) => Number(b.startsWith("base-files")) - Number(a.startsWith("base-files")));
  for (const name of names) {
    const problem = await run("dpkg-deb", ["-x", `${work}/archives/${name}`, `${work}/root`]);
    if (problem !== undefined) return `cannot unpack ${name}: ${problem}`;
  }
  return undefined;
}

async function run(
  program: string,
  args: readonly string[],
  limitMs = LIMIT_MS,
): Promise<string | undefined> {
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    env: { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal: AbortSignal.timeout(limitMs),
  }).output();
  if (success) return undefined;
  return new TextDecoder().decode(stderr).trim().split("\n")[0] || "it failed without a word";
}

/** Most that an installation may take, with the download. */
const INSTALL_MS = 300_000;

/**
 * Installs a Debian package on this machine, for programs that do not work unpacked. Nothing that
 * it brings is started.
 *
 * @param name The package.
 * @returns Why it cannot be installed; `undefined` when it is.
 */
export async function installPackage(name: string): Promise<string | undefined> {
  if (Deno.build.os !== "linux" || !await isProgram("apt-get")) return "there is no apt-get";
  if (Deno.uid() !== 0) return "only root can install it";
  // A policy keeps packages from starting what they bring; the same file for all at once is fine.
  const policy = "/usr/sbin/policy-rc.d";
  const hadPolicy = await Deno.stat(policy).then(() => true, () => false);
  if (!hadPolicy) await Deno.writeTextFile(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    // Other tests install at the same time: whoever has the lock is waited for.
    const lock = ["-o", "DPkg::Lock::Timeout=240", "-qq"];
    const install = async () =>
      await run("apt-get", [...lock, "-y", "--no-install-recommends", "install", name], INSTALL_MS);
    if (await install() === undefined) return undefined;
    // A machine that has never asked for the lists knows no package.
    await run("apt-get", [...lock, "update"], INSTALL_MS);
    return await install();
  } finally {
    if (!hadPolicy) await Deno.remove(policy).catch(() => {}); // another test has done so
  }
}

/** Tells whether a program is on PATH. */
export async function isProgram(name: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", 'command -v -- "$1" >/dev/null', "sh", name],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isDirectory, () => false);
}

/** The directories of an unpacked root where its shared libraries are. */
export function libraryPath(root: string): string {
  const multiarch = Deno.build.arch === "aarch64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  return [`${root}/usr/lib/${multiarch}`, `${root}/lib/${multiarch}`].join(":");
}
