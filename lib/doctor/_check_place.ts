import type { EngineCandidate, ReadEnv } from "../engine/mod.ts";
import { failure, type Finding, ok, oneLine, warning } from "./check.ts";
import type { FoundEngine, TriedEngine } from "./_find_engine.ts";

/** How the engine was found. */
export function checkEngine({ tried, engine }: FoundEngine): Finding {
  const used = tried.find(({ outcome }) => outcome === "used");
  if (engine !== undefined && used !== undefined) {
    const others = tried.filter(({ outcome }) => outcome === "answers");
    const more = others.length === 0
      ? ""
      : `; ${others.map(({ host }) => host).join(", ")} would answer too, and comes later`;
    return ok(`${used.host}, found by ${used.source}${more}`);
  }
  const [first] = tried;
  if (first?.explicit === true) {
    return failure(
      `${first.host}, named by ${first.source}, is no engine: ${oneLine(first.reason ?? "")}`,
      mendExplicit(first),
    );
  }
  const denied = tried.find(({ reason }) => reason?.includes("permission denied"));
  if (denied !== undefined) {
    return failure(
      `this user may not open ${denied.host}, and nothing else answers`,
      "sudo usermod -aG docker $USER, then log in again",
    );
  }
  return failure(
    `nothing answers at any of the ${tried.length} usual places`,
    "superorch engine ensure",
  );
}

function mendExplicit({ source }: TriedEngine): string {
  if (source === "DOCKER_HOST") return "unset DOCKER_HOST, or start what it names";
  if (source.startsWith("DOCKER_CONTEXT")) return "unset DOCKER_CONTEXT, or start what it names";
  if (source.startsWith("current docker context")) return "docker context use default";
  return "start what was named";
}

/** What the docker command would make of contexts. */
export function checkContext(candidates: readonly EngineCandidate[], env: ReadEnv): Finding {
  const [first] = candidates;
  const context = env("DOCKER_CONTEXT");
  if (env("DOCKER_HOST")) {
    if (!context) return ok("DOCKER_HOST is set, so no docker context is looked at");
    return warning(
      `DOCKER_HOST is set, so DOCKER_CONTEXT "${oneLine(context)}" is not looked at`,
      "unset DOCKER_HOST or DOCKER_CONTEXT",
    );
  }
  if (first === undefined || !first.explicit || first.source === "given") {
    return ok(first?.source === "given" ? "not looked at" : "none is chosen");
  }
  const { source, host, problem } = first;
  if (problem === undefined) return ok(`${source} leads to ${host}`);
  const mend = source.startsWith("DOCKER_CONTEXT")
    ? "unset DOCKER_CONTEXT"
    : "docker context use default";
  return failure(oneLine(problem), mend);
}

/** Who else may talk to the engine, and whether this user may. */
export async function checkSocket(
  candidates: readonly EngineCandidate[],
  tried: readonly TriedEngine[],
): Promise<Finding | undefined> {
  const used = tried.findIndex(({ outcome }) => outcome === "used");
  const denied = tried.findIndex(({ reason }) => reason?.includes("permission denied"));
  const index = used >= 0 ? used : denied;
  const endpoint = candidates[index]?.endpoint;
  if (endpoint === undefined) return undefined;
  if (endpoint.kind === "ssh") return ok("reached through ssh, with the rights of the login there");
  if (endpoint.kind === "tcp") {
    const local = /^(?:localhost|127\.[\d.]+|::1)$/.test(endpoint.hostname);
    if (endpoint.tls !== undefined) return ok("reached through TLS");
    return warning(
      `${candidates[index]!.host} has no TLS: whoever reaches this port${
        local ? ", also each user of this machine," : ""
      } is root there`,
      "use TLS (DOCKER_CERT_PATH) or ssh:// (https://docs.docker.com/engine/security/protect-access/)",
    );
  }
  return await checkUnixSocket(endpoint.path, used < 0);
}

async function checkUnixSocket(path: string, denied: boolean): Promise<Finding> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    // The directory may not be entered.
    const why = error instanceof Error ? oneLine(error.message) : String(error);
    return denied ? failure(`${path}: ${why}`) : warning(`${path}: ${why}`);
  }
  const mode = (info.mode ?? 0) & 0o777;
  const group = await groupName(info.gid ?? 0);
  const shown = `${path} has mode ${mode.toString(8).padStart(4, "0")}, user ${
    info.uid ?? "?"
  }, group ${group}`;
  if (denied) {
    const byGroup = (mode & 0o060) === 0o060 && info.gid !== 0;
    return failure(
      `${shown}: this user may not open it`,
      byGroup
        ? `sudo usermod -aG ${group} $USER, then log in again`
        : `sudo chgrp docker ${path} && sudo chmod 0660 ${path}`,
    );
  }
  if ((mode & 0o002) !== 0) {
    return warning(
      `${shown}: every user of this machine can become root through it`,
      `sudo chmod o-rwx ${path}`,
    );
  }
  return ok(shown);
}

async function groupName(gid: number): Promise<string> {
  // A machine without the file, or with its groups elsewhere, shows the number.
  const text = await Deno.readTextFile("/etc/group").catch(() => "");
  const line = text.split("\n").find((line) => line.split(":")[2] === String(gid));
  return line?.split(":")[0] ?? String(gid);
}

/** Whether podman is here, and of use. */
export async function checkPodman(
  { engine, tried }: FoundEngine,
  env: ReadEnv,
): Promise<Finding> {
  if (engine?.flavour === "podman") return ok("the engine is podman");
  const program = await findProgram("podman", env("PATH") ?? "");
  const answers = tried.find(({ source, outcome }) => source === "podman" && outcome !== "failed");
  if (answers !== undefined) return ok(`answers at ${answers.host}, and comes later`);
  if (program === undefined) return ok("is not installed, and not needed");
  if (engine !== undefined) return ok(`${program} is installed; its socket is off, and not needed`);
  return warning(
    `${program} is installed and could be the engine; its socket is off`,
    "systemctl --user enable --now podman.socket",
  );
}

async function findProgram(name: string, path: string): Promise<string | undefined> {
  for (const directory of path.split(":").filter((part) => part.startsWith("/"))) {
    const file = `${directory}/${name}`;
    if (await Deno.stat(file).then(({ isFile }) => isFile, () => false)) return file;
  }
  return undefined;
}
