import { type DebianFiles, debianFiles, isProgram, libraryPath } from "./debian_packages.ts";
import { privateEngineProblem } from "./private_engine.ts";

/** How the server behaves. */
export interface SshServerOptions {
  /** Where the server's files are, from {@linkcode sshFiles}. */
  readonly files: string;
  /** Whether sockets may be forwarded. Default `true`. */
  readonly forwarding?: boolean;
  /** Variables of its sessions. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the client knows the server's key. Default `true`. */
  readonly knownHost?: boolean;
  /** Whether the server knows the client's key. Default `true`. */
  readonly knownKey?: boolean;
}

/** An ssh server of a test's own, and a client configured for it. */
export interface SshServer extends AsyncDisposable {
  /** Its port on 127.0.0.1. */
  readonly port: number;
  /** A directory with an `ssh` that uses our configuration; to be first on PATH. */
  readonly bin: string;
  /** What the server wrote. */
  log(): Promise<string>;
}

/** OpenSSH's server unpacked, or why the test must be skipped. */
export async function sshFiles(): Promise<DebianFiles> {
  const problem = await privateEngineProblem();
  if (problem !== undefined) return { skip: problem };
  if (!await isProgram("ssh")) return { skip: "ssh is not there" };
  return await debianFiles({ packages: ["openssh-server"] });
}

// sshd wants its own user and an empty directory; both are laid over the machine's own files in a
// mount namespace.
const SCRIPT = `set -e
dir=$1 root=$2; shift 2
mkdir -p "$dir/etc"
{ grep -v '^sshd:' /etc/passwd; echo 'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin'; } > "$dir/etc/passwd"
sed 's/^root:[^:]*:/root:*:/' /etc/shadow > "$dir/etc/shadow"
mount -t overlay -o "lowerdir=$dir/etc:/etc" none /etc
mount -t tmpfs none /run
mkdir -p /run/sshd && chmod 755 /run/sshd
exec "$root/usr/sbin/sshd" -D -e -f "$dir/sshd_config"`;

/** Starts a server; disposing it ends it with all its sessions. */
export async function startSshServer(options: SshServerOptions): Promise<SshServer> {
  const { files } = options;
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "superorch-s-" });
  const port = freePort();
  const keygen = await isProgram("ssh-keygen") ? "ssh-keygen" : `${files}/usr/bin/ssh-keygen`;
  for (const name of ["host_key", "client_key"]) {
    await run(keygen, [
      "-q",
      "-t",
      "ed25519",
      "-N",
      "",
      "-C",
      "test",
      "-f",
      `${directory}/${name}`,
    ]);
  }
  const hostKey = await Deno.readTextFile(`${directory}/host_key.pub`);
  const clientKey = await Deno.readTextFile(`${directory}/client_key.pub`);
  const environment = Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`);
  await write({
    "sshd_config": `Port ${port}
ListenAddress 127.0.0.1
HostKey ${directory}/host_key
AuthorizedKeysFile ${directory}/authorized_keys
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
PidFile none
PrintMotd no
AllowStreamLocalForwarding ${options.forwarding === false ? "no" : "yes"}
${environment.length === 0 ? "" : `SetEnv ${environment.join(" ")}`}
`,
    "authorized_keys": options.knownKey === false ? "" : clientKey,
    "known_hosts": options.knownHost === false ? "" : `[127.0.0.1]:${port} ${hostKey}`,
    "config": `Host *
  IdentityFile ${directory}/client_key
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile ${directory}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  User root
`,
  }, directory);
  const bin = `${directory}/bin`;
  await Deno.mkdir(bin);
  const ssh = new TextDecoder().decode(await run("sh", ["-c", "command -v ssh"])).trim();
  await Deno.writeTextFile(
    `${bin}/ssh`,
    `#!/bin/sh\nexec ${ssh} -F ${directory}/config "$@"\n`,
    { mode: 0o755 },
  );
  const child = new Deno.Command("sh", {
    args: [
      ...["-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", `${directory}/log`],
      ...["setpriv", "--pdeathsig", "KILL"],
      ...["unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc", "--propagation", "private"],
      ...["sh", "-c", SCRIPT, "sh", directory, files],
    ],
    env: { LD_LIBRARY_PATH: libraryPath(files) },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
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
      return { port, bin, log, [Symbol.asyncDispose]: dispose };
    } catch (cause) {
      if (Date.now() > deadline) {
        const text = await log();
        await dispose();
        throw new Error(`sshd does not start:\n${text}`, { cause });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A port of 127.0.0.1 that nobody listens on at the moment. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function write(files: Readonly<Record<string, string>>, directory: string): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${directory}/${name}`, text, { mode: 0o600 });
  }
}

async function run(program: string, args: readonly string[]): Promise<Uint8Array> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return stdout;
}
