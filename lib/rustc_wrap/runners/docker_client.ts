import { stampOf } from "../records.ts";
import { sha256 } from "../sha256.ts";
import { remember } from "../toolchain.ts";
import { InfrastructureError } from "../errors.ts";
import type { Capabilities, Env } from "../model.ts";

/** A client program of a builder. */
export type ClientName = "docker" | "buildx" | "podman" | "buildah";

/** A client that was found, and what it can do. */
export interface FoundClient {
  /** Its path. */
  readonly path: string;
  /** What it and its server can do. */
  readonly capabilities: Capabilities;
}

/** Where clients are looked for. */
export interface FindClientOptions {
  /** `PATH`, and where the engine is. */
  readonly env: Env;
  /** Where what is known is kept; `undefined`: nowhere. */
  readonly cacheDir: string | undefined;
  /** Ends the search. */
  readonly signal?: AbortSignal;
}

/** A server may be exchanged by a newer one while its address stays. */
const KNOWN_MS = 600_000;

/**
 * Finds a client program that can build, and what it can do. A docker of 23 and later without its
 * buildx component cannot, so the next one in `PATH` is looked at then. Answers are kept for as
 * long as the program is the same file, ten minutes at most.
 *
 * @param name Which.
 * @param options Variables and directory.
 * @returns The program.
 * @throws {InfrastructureError} when there is none that can build.
 */
export async function findClient(
  name: ClientName,
  options: FindClientOptions,
): Promise<FoundClient> {
  const program = name === "buildx" ? "docker" : name;
  const reasons: string[] = [];
  for (const directory of (options.env["PATH"] ?? "").split(":")) {
    const path = `${directory}/${program}`;
    if (!directory.startsWith("/") || !isProgram(path)) continue;
    const found = await probe(name, path, options);
    if (typeof found !== "string") return { path, capabilities: found };
    reasons.push(`${path}: ${found}`);
  }
  throw new InfrastructureError({
    action: `use the runner ${name}`,
    reason: reasons.length === 0 ? `there is no program "${program}"` : reasons.join("; "),
    lasting: true,
  });
}

async function probe(
  name: ClientName,
  path: string,
  options: FindClientOptions,
): Promise<Capabilities | string> {
  const { env, cacheDir } = options;
  const question = await sha256(JSON.stringify([
    ...[name, path, stampOf(path)],
    ...["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "BUILDX_BUILDER"].map((key) => env[key]),
  ]));
  const memory = cacheDir === undefined ? undefined : `${cacheDir}/clients/${question}`;
  if (memory !== undefined) {
    try {
      const age = Date.now() - (Deno.statSync(memory).mtime?.getTime() ?? 0);
      if (age < KNOWN_MS) return JSON.parse(Deno.readTextFileSync(memory));
    } catch {
      // asked for the first time
    }
  }
  const found = await ask(name, path, options);
  if (memory !== undefined && typeof found !== "string") {
    remember(memory, found);
    removeOld(`${cacheDir}/clients`);
  }
  return found;
}

/** An engine behind ssh has another address in each build. */
function removeOld(directory: string): void {
  try {
    for (const { name } of Deno.readDirSync(directory)) {
      const path = `${directory}/${name}`;
      const age = Date.now() - (Deno.statSync(path).mtime?.getTime() ?? 0);
      if (age > 100 * KNOWN_MS) Deno.removeSync(path);
    }
  } catch {
    // not there, or somebody else is at it
  }
}

async function ask(
  name: ClientName,
  path: string,
  { env, signal }: FindClientOptions,
): Promise<Capabilities | string> {
  const run = async (...args: string[]) => {
    const { success, stdout, stderr } = await new Deno.Command(path, {
      args,
      env: { ...env, DOCKER_BUILDKIT: "1" },
      clearEnv: true,
      stdin: "null",
      signal,
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
    return { success, stdout: decode(stdout), reason: decode(stderr).split("\n")[0] ?? "" };
  };
  if (name === "podman" || name === "buildah") {
    const { success, stdout, reason } = await run("--version");
    if (!success) return reason || "it does not start";
    return {
      ...BASELINE,
      program: name,
      versions: stdout,
      mountEnv: true,
      sidecarIgnore: false,
      tarStdout: name === "buildah",
      bindMountInCacheKey: false,
    };
  }
  const versions = await run("version", "--format", "{{.Client.Version}} {{.Server.Version}}");
  if (!versions.success) {
    return /Server\.Version|nil/.test(versions.reason)
      ? "the engine does not answer"
      : versions.reason;
  }
  const [client = "", server = ""] = versions.stdout.split(" ");
  const buildx = await run("buildx", "version");
  if (!buildx.success && (name === "buildx" || major(client) >= 23)) {
    return "its buildx component is missing";
  }
  const help = await run(
    ...name === "buildx" ? ["buildx", "build", "--help"] : ["build", "--help"],
  );
  const isModern = major(server) >= 23;
  return {
    ...BASELINE,
    program: name,
    versions: [versions.stdout, ...buildx.success ? [buildx.stdout] : []].join(" "),
    buildContext: isModern && help.stdout.includes("--build-context"),
    copyLink: isModern,
    runNetwork: isModern,
    mountEnv: isModern,
    cacheTo: help.stdout.includes("--cache-to") ? ["inline"] : [],
  };
}

/** What everything here can do. */
const BASELINE: Omit<Capabilities, "program" | "versions"> = {
  buildContext: false,
  copyLink: false,
  addChecksum: false,
  runNetwork: false,
  mountEnv: false,
  sidecarIgnore: true,
  tarStdin: true,
  tarStdout: true,
  bindMountInCacheKey: true,
  cacheTo: [],
};

function major(version: string): number {
  return Number(version.split(".")[0]) || 0;
}

function isProgram(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0o111) & 0o111) !== 0;
  } catch {
    return false;
  }
}
