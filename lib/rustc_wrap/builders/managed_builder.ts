import { FileLock } from "../../files/file_lock.ts";
import { parentOf } from "../_paths.ts";
import { InfrastructureError } from "../errors.ts";
import type { Env } from "../model.ts";
import { sha256 } from "../sha256.ts";
import { remember } from "../toolchain.ts";
import type { BuilderSpec } from "./builder_spec.ts";

/** Who is asked about builders. */
export interface BuilderClient {
  /** A `docker` with buildx. */
  readonly path: string;
  /** Its variables. */
  readonly env: Env;
  /** Where what is known is kept; `undefined`: nowhere. */
  readonly cacheDir: string | undefined;
  /** Takes a line when something takes long. */
  readonly onNote?: (text: string) => void;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** A builder that is there. */
export interface FoundBuilder {
  /** Its name; empty: the one that docker has chosen. */
  readonly name: string;
  /** `docker` is the engine itself, which has its images; all others have none of them. */
  readonly driver: string;
}

/** Pulling an image of 100 MB over a slow line. */
const LOCK_MS = 600_000;

/**
 * Looks for a builder.
 *
 * @param client Who is asked.
 * @param name Its name; empty: the one that docker has chosen.
 * @returns The builder; `undefined` when there is none of that name.
 */
export async function findBuilder(
  client: BuilderClient,
  name: string,
): Promise<FoundBuilder | undefined> {
  const { success, text } = await run(client, ["inspect", ...name === "" ? [] : [name]]);
  if (!success) return undefined;
  const value = (key: string) => new RegExp(`^${key}:\\s*(\\S+)`, "m").exec(text)?.[1];
  return { name, driver: value("Driver") ?? "docker" };
}

/**
 * Makes sure that our own builder is there and is as it is wanted. One that is not is made anew: with
 * what it has cached, and without that where this does not work.
 *
 * @param client Who is asked.
 * @param spec What it is like.
 * @param options For how long nobody is asked again about one that was there.
 * @returns The builder.
 * @throws {InfrastructureError} when it cannot be made.
 */
export async function ensureBuilder(
  client: BuilderClient,
  spec: BuilderSpec,
  { knownMs }: { readonly knownMs: number },
): Promise<FoundBuilder> {
  const { cacheDir, signal } = client;
  const builder = { name: spec.name, driver: "docker-container" };
  const memory = await memoryOf(client, spec.name);
  const wanted = await fingerprint(client, spec);
  const isKnown = () => memory !== undefined && readKnown(memory, knownMs) === wanted;
  if (isKnown()) return builder;
  const lock = cacheDir === undefined
    ? undefined
    : await FileLock.acquire(`${cacheDir}/builders/${spec.name}.lock`, {
      parents: true,
      purpose: `making the builder ${spec.name}`,
      timeoutMs: LOCK_MS,
      signal,
    });
  try {
    // Another wrapper has made it while we waited.
    if (isKnown()) return builder;
    const found = await findBuilder(client, spec.name);
    if (found !== undefined && (memory === undefined || readKnown(memory) === wanted)) {
      await known(client, spec);
      return found;
    }
    if (found !== undefined) await recreate(client, spec, { keepState: true });
    else {
      await create(client, spec);
      await known(client, spec);
    }
    return builder;
  } finally {
    await lock?.release();
  }
}

/**
 * Removes a builder and makes it again.
 *
 * @param client Who is asked.
 * @param spec What it is like.
 * @param options Whether what it has cached is kept; where that does not work, it is not.
 * @throws {InfrastructureError} when it cannot be made.
 */
export async function recreate(
  client: BuilderClient,
  spec: BuilderSpec,
  { keepState }: { readonly keepState: boolean },
): Promise<void> {
  if (keepState) {
    try {
      await removeBuilder(client, spec.name, { keepState });
      await create(client, spec);
      return await known(client, spec);
    } catch (error) {
      client.signal?.throwIfAborted();
      if (!(error instanceof InfrastructureError)) throw error;
      client.onNote?.(`making the builder ${spec.name} without what it had: ${error.reason}`);
    }
  }
  if (await findBuilder(client, spec.name) !== undefined) {
    await removeBuilder(client, spec.name, { keepState: false });
  }
  await create(client, spec);
  await known(client, spec);
}

/** Remembers what the builder is like: buildx does not tell all of it. */
async function known(client: BuilderClient, spec: BuilderSpec): Promise<void> {
  const memory = await memoryOf(client, spec.name);
  if (memory !== undefined) remember(memory, await fingerprint(client, spec));
}

/**
 * Removes a builder.
 *
 * @param client Who is asked.
 * @param name Its name.
 * @param options Whether what it has cached is kept for the next one of that name.
 * @throws {InfrastructureError} when that does not work.
 */
export async function removeBuilder(
  client: BuilderClient,
  name: string,
  { keepState }: { readonly keepState: boolean },
): Promise<void> {
  const memory = await memoryOf(client, name);
  if (memory !== undefined) await Deno.remove(memory).catch(() => {}); // never made by us
  const words = ["rm", ...keepState ? ["--keep-state"] : [], "--force", name];
  const { success, reason } = await run(client, words);
  if (!success) throw failure(`remove the builder ${name}`, reason);
}

async function create(client: BuilderClient, spec: BuilderSpec): Promise<void> {
  const { name, image, hostNetwork, flags, config } = spec;
  client.onNote?.(`making the builder ${name} of ${image}`);
  const directory = client.cacheDir === undefined
    ? await Deno.makeTempDir({ prefix: "rustcbuildx-" })
    : undefined;
  const file = `${directory ?? `${client.cacheDir}/builders`}/${name}.toml`;
  try {
    await Deno.mkdir(parentOf(file), { recursive: true });
    await Deno.writeTextFile(file, config);
    const help = (await run(client, ["create", "--help"])).text;
    const configFlag = help.includes("--buildkitd-config") ? "--buildkitd-config" : "--config";
    const flagsFlag = help.includes("--buildkitd-flags") ? "--buildkitd-flags" : "--flags"; // buildx before 0.9
    const made = await run(client, [
      ...["create", `--name=${name}`, "--driver=docker-container", `--driver-opt=image=${image}`],
      ...hostNetwork ? ["--driver-opt=network=host"] : [],
      ...config === "" ? [] : [`${configFlag}=${file}`],
      ...flags === "" ? [] : [`${flagsFlag}=${flags}`],
    ]);
    if (!made.success) throw failure(`make the builder ${name}`, made.reason);
    const started = await run(client, ["inspect", "--bootstrap", name]);
    if (!started.success) {
      // What does not start would be taken for a builder the next time.
      await run(client, ["rm", "--keep-state", "--force", name]);
      throw failure(`start the builder ${name} of ${image}`, started.reason);
    }
  } finally {
    if (directory !== undefined) await Deno.remove(directory, { recursive: true });
  }
}

function failure(action: string, reason: string): InfrastructureError {
  const hint = "BUILDX_BUILDER= builds with the engine's own";
  return new InfrastructureError({ action, reason: `${reason}; ${hint}`, lasting: true });
}

interface Answer {
  readonly success: boolean;
  readonly text: string;
  readonly reason: string;
}

async function run(
  { path, env, signal }: BuilderClient,
  words: readonly string[],
): Promise<Answer> {
  const { success, stdout, stderr } = await new Deno.Command(path, {
    args: ["buildx", ...words],
    env: { ...env },
    clearEnv: true,
    stdin: "null",
    signal,
  }).output();
  signal?.throwIfAborted();
  const said = new TextDecoder().decode(stderr).trim().split("\n");
  const reason = (said.findLast((line) => /^ERROR/.test(line)) ?? said.at(-1) ?? "")
    .replace(/^ERROR:\s*/, "").slice(0, 300);
  return { success, text: new TextDecoder().decode(stdout), reason };
}

/** Buildx keeps builders by configuration directory; ours belongs to one engine. */
async function memoryOf(
  { env, cacheDir }: BuilderClient,
  name: string,
): Promise<string | undefined> {
  if (cacheDir === undefined) return undefined;
  const place = [env["BUILDX_CONFIG"], env["DOCKER_CONFIG"], env["HOME"]].map((text) => text ?? "");
  return `${cacheDir}/builders/${name}-${(await sha256(JSON.stringify(place))).slice(0, 16)}.json`;
}

function fingerprint({ env }: BuilderClient, spec: BuilderSpec): Promise<string> {
  return sha256(JSON.stringify([spec, env["DOCKER_HOST"] ?? "", env["DOCKER_CONTEXT"] ?? ""]));
}

function readKnown(path: string, newerThanMs = Infinity): string | undefined {
  try {
    const age = Date.now() - (Deno.statSync(path).mtime?.getTime() ?? 0);
    if (age >= newerThanMs) return undefined;
    return JSON.parse(Deno.readTextFileSync(path));
  } catch {
    return undefined;
  }
}
