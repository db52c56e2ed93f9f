import type { EngineClient } from "../client.ts";
import type { ReadEnv } from "../state.ts";
import { tarStream } from "../tar/mod.ts";
import type { TarEntry } from "../tar/mod.ts";
import { EngineSetupError } from "./engine_setup_error.ts";
import { lastLine, runProgram } from "./_programs.ts";
import { findStaticBusybox } from "./_static_busybox.ts";

/** The image that {@linkcode busyboxImage} makes. */
export const BUSYBOX_IMAGE = "superorch/busybox:local";

/** How {@linkcode busyboxImage} works. */
export interface BusyboxImageOptions {
  /** Reads environment variables. Default `Deno.env.get`. */
  readonly env?: ReadEnv;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** Changes with what is put around the program, so that images made by older code are replaced. */
const RECIPE = "1";
const CONTENT_LABEL = "org.superorch.content";

/**
 * Makes a small base image from this machine's static busybox, for engines that can pull nothing.
 *
 * The image has `sh` and some 260 programs, root's account, `/tmp` and `/root`. A second call finds
 * it there; a newer busybox replaces it. It takes about 0.2 s.
 *
 * Permissions: those of the engine, `--allow-env=PATH`, `--allow-read` and `--allow-run` for
 * busybox.
 *
 * @param engine Where the image is wanted.
 * @param options Environment and signal.
 * @returns The image's name, {@linkcode BUSYBOX_IMAGE}.
 * @throws {EngineSetupError} when there is no static busybox here, or it is for another processor
 * than the engine's.
 * @throws {EngineApiError} when the engine refuses the image.
 * @example
 * ```ts
 * import type { EngineClient } from "@superorch/superorch/engine";
 * import { busyboxImage } from "@superorch/superorch/engine/ensure";
 *
 * async function smallImage(engine: EngineClient): Promise<string> {
 *   return await busyboxImage(engine); // "superorch/busybox:local"
 * }
 * ```
 */
export async function busyboxImage(
  engine: EngineClient,
  options: BusyboxImageOptions = {},
): Promise<string> {
  const { env = Deno.env.get, signal } = options;
  const present = await presentImage(engine, signal);
  const program = await findStaticBusybox(env);
  if (program === undefined) {
    // The engine may be on another machine, or busybox gone: what is there does.
    if (present !== undefined) return BUSYBOX_IMAGE;
    throw imageError("there is no static busybox on this machine", "install busybox-static");
  }
  const bytes = await Deno.readFile(program, { signal });
  const content = await contentHash(bytes);
  if (present?.content === content) return BUSYBOX_IMAGE;
  const { Arch: engineArch } = await engine.system.version({ signal });
  const ownArch = Deno.build.arch === "x86_64" ? "amd64" : "arm64";
  if (engineArch !== ownArch) {
    throw imageError(
      `the engine runs ${engineArch} programs and this machine's busybox is for ${ownArch}`,
      "let the engine pull images from a registry",
    );
  }
  const listed = await runProgram([program, "--list"], { env, signal });
  const applets = listed.stdout.split("\n").filter((name) => /^[\w[.+-]+$/.test(name));
  if (listed.code !== 0 || !applets.includes("sh")) {
    throw imageError(`${program} --list failed (${lastLine(listed.stderr)})`, "");
  }
  await engine.images.import(BUSYBOX_IMAGE, tarStream(rootFileSystem(bytes, applets), { signal }), {
    changes: ['CMD ["sh"]', "ENV PATH=/bin", `LABEL ${CONTENT_LABEL}=${content}`],
    signal,
  });
  if (await presentImage(engine, signal) === undefined) {
    throw imageError("the engine did not keep it", "");
  }
  if (present !== undefined) {
    // Without a name now; containers that use it keep it from being removed.
    await engine.images.remove(present.id, { signal }).catch(() => {});
  }
  return BUSYBOX_IMAGE;
}

async function presentImage(
  engine: EngineClient,
  signal: AbortSignal | undefined,
): Promise<{ readonly id: string; readonly content: string | undefined } | undefined> {
  const image = await engine.images.find(BUSYBOX_IMAGE, { signal });
  return image && { id: image.Id, content: image.Config?.Labels?.[CONTENT_LABEL] };
}

function rootFileSystem(busybox: Uint8Array, applets: readonly string[]): readonly TarEntry[] {
  return [
    { kind: "directory", path: "bin" },
    { kind: "file", path: "bin/busybox", content: busybox, mode: 0o755 },
    ...applets.filter((name) => name !== "busybox").map((name): TarEntry => ({
      kind: "symlink",
      path: `bin/${name}`,
      target: "busybox",
    })),
    { kind: "symlink", path: "sbin", target: "bin" },
    { kind: "directory", path: "usr" },
    { kind: "symlink", path: "usr/bin", target: "../bin" },
    { kind: "symlink", path: "usr/sbin", target: "../bin" },
    { kind: "directory", path: "etc" },
    { kind: "file", path: "etc/passwd", content: "root:x:0:0:root:/root:/bin/sh\n" },
    { kind: "file", path: "etc/group", content: "root:x:0:\n" },
    { kind: "directory", path: "root", mode: 0o700 },
    { kind: "directory", path: "tmp", mode: 0o1777 },
  ];
}

async function contentHash(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `${RECIPE}-${digest.toHex()}`;
}

function imageError(problem: string, hint: string): EngineSetupError {
  return new EngineSetupError({
    step: "image",
    problem: `Cannot make the image "${BUSYBOX_IMAGE}": ${problem}`,
    hint,
  });
}
