import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { finalOf } from "../lib/rustc_wrap/mod.ts";
import { buildImage } from "../lib/engine/build/mod.ts";
import { connectEngine } from "../lib/engine/mod.ts";
import { FileLock } from "../lib/files/mod.ts";
import { runCargo } from "./cargo.ts";
import { ExitCode } from "./exit_code.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** Makes `superorch rustc-wrap final`. */
export function finalCommand(output: Output): CommandUnknownOpts {
  return new Command("final")
    .description(
      "Build the programs of a package, and write one Dockerfile that builds them again from the " +
        "same sources, all of which are in it: docker build --output=out - <FILE",
    )
    .argument("[words...]", "words for cargo after --; default: build --release")
    .option("-o, --output <file>", "where the Dockerfile is written; - is standard output", "-")
    .option("--install <name>", "for what `cargo install NAME` installs")
    .option("-p, --package <name>", "for this package of the workspace")
    .option("--image <name>", "also make an image of it on the engine")
    .action(async (words, options) => {
      const { output: file, image } = options;
      const place = await Place.take();
      const root = await Deno.makeTempDir({ prefix: "rustcbuildx-final-" });
      try {
        const code = await record(root, cargoWords(root, words, options), output);
        if (code !== 0) throw new ExitCode(code);
        const { text, programs } = await finalOf(`${root}/record`).catch((error) => {
          throw error instanceof TypeError ? new UsageError(error.message) : error;
        });
        if (file === "-") output.out.write(text);
        else await Deno.writeTextFile(file, text);
        output.err.write(`Programs: ${programs.join(", ")}\n`);
        if (image !== undefined) await makeImage(image, text, programs, output);
      } finally {
        await Deno.remove(root, { recursive: true });
        await place.leave();
      }
    });
}

/** One directory for all times: its name is part of what some programs are made of. */
const PLACE = "target/rustc-wrap-final";

/** Beside it, for one at a time; what is in a directory with a file of this name is never sent. */
const LOCK = "target/.rustc-wrap-final/CACHEDIR.TAG";
/** Whoever is done removes the directory, which may be just when the next one comes. */
const LOCK_TRIES = 5;

/** The directory that is built in: for one at a time, and gone with all that it brought along. */
class Place {
  readonly #lock: FileLock;
  readonly #alone: boolean;

  private constructor(lock: FileLock, alone: boolean) {
    this.#lock = lock;
    this.#alone = alone;
  }

  static async take(): Promise<Place> {
    const alone = !await Deno.stat("target").then(() => true, () => false);
    const purpose = "superorch rustc-wrap final";
    for (let attempt = 1;; attempt++) {
      try {
        return new Place(await FileLock.acquire(LOCK, { parents: true, purpose }), alone);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound) || attempt === LOCK_TRIES) throw error;
      }
    }
  }

  async leave(): Promise<void> {
    await Deno.remove(PLACE, { recursive: true }).catch(() => {}); // cargo did not come that far
    await this.#lock.release();
    await Deno.remove("target/.rustc-wrap-final").catch(() => {}); // somebody else waits in it
    if (this.#alone) await Deno.remove("target").catch(() => {}); // somebody else builds there now
  }
}

interface FinalOptions {
  readonly install?: string;
  readonly package?: string;
}

function cargoWords(root: string, words: readonly string[], options: FinalOptions): string[] {
  const { install, package: name } = options;
  if (install !== undefined && (name !== undefined || install.startsWith("-"))) {
    throw new UsageError("Cannot write it for both a package and what is installed");
  }
  const target = ["--target-dir", `${Deno.cwd()}/${PLACE}`];
  if (install !== undefined) {
    return ["install", install, "--root", `${root}/installed`, ...target, ...words];
  }
  const given = words.length > 0 ? words : ["build", "--release"];
  return [...given, ...target, ...name === undefined ? [] : ["--package", name]];
}

async function record(root: string, words: readonly string[], output: Output): Promise<number> {
  await Deno.mkdir(`${root}/record`);
  await Deno.remove(PLACE, { recursive: true }).catch(() => {});
  const before = ["CARGOGREEN_CACHE_DIR", "CARGOGREEN_FALLBACK", "CARGOGREEN_RECORD_DIR_"]
    .map((name) => [name, Deno.env.get(name)] as const);
  // An empty store: what comes from a store cannot be written down.
  Deno.env.set("CARGOGREEN_CACHE_DIR", `${root}/cache`);
  Deno.env.set("CARGOGREEN_FALLBACK", "never");
  Deno.env.set("CARGOGREEN_RECORD_DIR_", `${root}/record`);
  try {
    return await runCargo(words, output);
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

async function makeImage(
  name: string,
  text: string,
  programs: readonly string[],
  output: Output,
): Promise<void> {
  await using engine = await connectEngine();
  const entrypoint = programs.length === 1
    ? `\nENTRYPOINT ${JSON.stringify([`/${programs[0]}`])}\n`
    : "";
  // A program needs the C library of where it was linked.
  const image = text.replace("FROM scratch AS final\n", "FROM rust-base AS final\n");
  await buildImage(engine, {
    context: { dockerfileText: `${image}${entrypoint}`, entries: () => [], mtimeSeconds: 0 },
    tag: name,
  });
  output.err.write(`Made the image ${name}\n`);
}
