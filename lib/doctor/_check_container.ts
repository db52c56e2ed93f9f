import { errorMessage } from "../errors/error_message.ts";
import {
  formatOwner,
  identifyProcess,
  LABEL,
  labelsOf,
  listOwned,
  removeOwned,
} from "../containers/mod.ts";
import { ensureBaseImages } from "../engine/ensure/mod.ts";
import { AddressPoolExhaustedError, Demultiplexer, type EngineClient } from "../engine/mod.ts";
import type { ReadEnv } from "../engine/mod.ts";
import { failure, type Finding, ok, oneLine, warning } from "./check.ts";
import { type DiskSpace, parseDf } from "./_check_disk.ts";

/** What a container on a network of its own saw. */
export interface ContainerFindings {
  /** Whether it ran at all. */
  readonly container: Finding;
  /** Whether names are resolved inside; absent where it did not run. */
  readonly dns?: Finding;
  /** The space that containers have; absent where it did not run. */
  readonly disk?: DiskSpace;
}

/** The name that the container has in its network. */
const OWN_NAME = "superorch-doctor";

/** Each looked-up name has its own line in the output: what it is, then the exit code. */
const SCRIPT = `nslookup ${OWN_NAME} >/tmp/own 2>&1; echo "own $?"
nslookup "$1" >/tmp/outside 2>&1; echo "outside $?"
df -Pk /`;

/** Cleaning up has its own time: it must happen after a time-out too. */
const CLEANUP_MS = 10_000;

/**
 * Runs a container on a network of its own, lets it look up names, and removes both.
 *
 * @param outsideName A name that the internet's servers know.
 */
export async function checkContainer(
  engine: EngineClient,
  options: { readonly outsideName: string; readonly env: ReadEnv; readonly signal: AbortSignal },
): Promise<ContainerFindings> {
  const { outsideName, env, signal } = options;
  let image: string;
  try {
    image = (await ensureBaseImages(engine, { env, signal })).busybox;
  } catch (error) {
    signal.throwIfAborted();
    return {
      container: warning(
        `not tried: there is no image with a shell (${messageOf(error)})`,
        "sudo apt-get install busybox-static, or docker pull busybox:stable",
      ),
    };
  }
  const run = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  const labels = labelsOf({
    run,
    project: "doctor",
    name: OWN_NAME,
    host: Deno.hostname(),
    owner: formatOwner(await identifyProcess()),
    lifetime: "owner",
  });
  const here = lookUpHere(outsideName, signal);
  try {
    const started = performance.now();
    const output = await runProbe(engine, { run, labels, image, outsideName, signal });
    const container = ok(
      `one ran on a network of its own in ${((performance.now() - started) / 1000).toFixed(1)} s`,
    );
    return {
      container,
      dns: judgeNames(output, { outsideName, resolvesHere: await here }),
      disk: parseDf(output),
    };
  } catch (error) {
    signal.throwIfAborted();
    const mend = error instanceof AddressPoolExhaustedError
      ? "superorch clean, then docker network prune"
      : undefined;
    return { container: failure(`cannot run one: ${messageOf(error)}`, mend) };
  } finally {
    await removeProbe(engine, run);
  }
}

interface Probe {
  readonly run: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly outsideName: string;
  readonly signal: AbortSignal;
}

async function runProbe(
  engine: EngineClient,
  { run, labels, image, outsideName, signal }: Probe,
): Promise<string> {
  const name = `superorch-doctor_${run}`;
  await engine.networks.create({ Name: name, Labels: labels }, { signal });
  const { Id } = await engine.containers.create(name, {
    Image: image,
    Entrypoint: ["sh", "-c", SCRIPT, "sh"],
    Cmd: [outsideName],
    Labels: labels,
    HostConfig: { NetworkMode: name },
    NetworkingConfig: { EndpointsConfig: { [name]: { Aliases: [OWN_NAME] } } },
  }, { signal });
  const ended = engine.containers.wait(Id, { signal, condition: "next-exit" });
  ended.catch(() => {}); // a start that fails is told first
  await engine.containers.start(Id, { signal });
  await ended;
  let text = "";
  const decoder = new TextDecoder();
  const demultiplexer = new Demultiplexer((_stream, piece) => {
    text += decoder.decode(piece, { stream: true });
  });
  for await (const chunk of await engine.containers.logs(Id, { signal })) {
    demultiplexer.write(chunk);
  }
  return text;
}

async function removeProbe(engine: EngineClient, run: string): Promise<void> {
  const signal = AbortSignal.timeout(CLEANUP_MS);
  try {
    const objects = await listOwned(engine, { [LABEL.run]: run }, { signal });
    await removeOwned(engine, objects, { releaseMs: CLEANUP_MS / 2, signal });
  } catch {
    // An engine that does not answer any more: the labels tell the next run to remove it.
  }
}

/** Whether the machine itself finds the name; without that, containers cannot either. */
async function lookUpHere(name: string, signal: AbortSignal): Promise<boolean> {
  const lookUp = (kind: "A" | "AAAA") => Deno.resolveDns(name, kind, { signal });
  const found = await Promise.allSettled([lookUp("A"), lookUp("AAAA")]);
  return found.some((one) => one.status === "fulfilled" && one.value.length > 0);
}

function judgeNames(
  output: string,
  { outsideName, resolvesHere }: { outsideName: string; resolvesHere: boolean },
): Finding {
  const own = /^own 0$/m.test(output);
  const outside = /^outside 0$/m.test(output);
  if (!own) {
    return failure(
      "containers do not find each other by name",
      "allow port 53 inside of containers in the firewall, then start the engine again",
    );
  }
  if (outside) return ok(`containers find each other, and names outside ("${outsideName}")`);
  if (!resolvesHere) {
    return ok(
      `containers find each other; "${outsideName}" is found neither by them nor by this machine`,
    );
  }
  return warning(
    `containers find each other, and not "${outsideName}", which this machine finds`,
    `set "dns" in /etc/docker/daemon.json to a server that containers can reach`,
  );
}

function messageOf(error: unknown): string {
  return oneLine(errorMessage(error));
}
