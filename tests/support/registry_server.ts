import { debianFiles, libraryPath } from "./debian_packages.ts";
import { freePort } from "./ssh_server.ts";

/** A registry of a test's own. */
export interface RegistryServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Where it keeps everything: `data` below it. */
  readonly directory: string;
  /** What it wrote so far. */
  log(): Promise<string>;
}

/** Who may use a registry. */
export interface RegistryServerOptions {
  /** The one who may; default: everybody. */
  readonly login?: { readonly username: string; readonly password: string };
}

/** Why no registry can be started here; `undefined` when one can. */
export async function registryProblem(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "not Linux";
  return (await debianFiles({ packages: ["docker-registry", "apache2-utils"] })).skip;
}

/** Starts Debian's docker-registry on a port of its own; disposing it ends it with its files. */
export async function startRegistry(options: RegistryServerOptions = {}): Promise<RegistryServer> {
  const { root, skip } = await debianFiles({ packages: ["docker-registry", "apache2-utils"] });
  if (root === undefined) throw new Error(skip);
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "superorch-r-" });
  const port = freePort();
  const { login } = options;
  let auth = "";
  if (login !== undefined) {
    const { success, stdout, stderr } = await new Deno.Command(`${root}/usr/bin/htpasswd`, {
      args: ["-Bbn", login.username, login.password],
      env: { LD_LIBRARY_PATH: libraryPath(root) },
      stdin: "null",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    await Deno.writeFile(`${directory}/htpasswd`, stdout);
    auth = `auth:\n  htpasswd:\n    realm: test\n    path: ${directory}/htpasswd\n`;
  }
  await Deno.writeTextFile(
    `${directory}/config.yml`,
    `version: 0.1
storage:
  filesystem:
    rootdirectory: ${directory}/data
  delete:
    enabled: true
http:
  addr: 127.0.0.1:${port}
${auth}`,
  );
  const child = new Deno.Command("sh", {
    args: [
      ...["-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", `${directory}/log`],
      ...["setpriv", "--pdeathsig", "KILL"],
      ...[`${root}/usr/bin/docker-registry`, "serve", `${directory}/config.yml`],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const log = () => Deno.readTextFile(`${directory}/log`).catch(() => "");
  const dispose = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // it has ended already
    }
    await child.status;
    await Deno.remove(directory, { recursive: true });
  };
  const deadline = Date.now() + 10_000;
  while (true) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return { host: `127.0.0.1:${port}`, directory, log, [Symbol.asyncDispose]: dispose };
    } catch (cause) {
      if (Date.now() > deadline) {
        const text = await log();
        await dispose();
        throw new Error(`docker-registry does not start:\n${text}`, { cause });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
