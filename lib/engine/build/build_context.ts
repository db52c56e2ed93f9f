import { type TarContent, type TarEntry, tarStream } from "../tar/mod.ts";
import { BuildContextError } from "./build_error.ts";
import { contextError } from "./_context_error.ts";
import { cleanPath, DockerIgnore } from "./dockerignore.ts";
import { walkContext, type WalkedEntry } from "./_walk_context.ts";

/** What a build may copy from, and the Dockerfile. Plain data: nothing is read before it is used. */
export interface BuildContext {
  /** A directory of this machine. Default none: only `files`. */
  readonly directory?: string;
  /** Path of the Dockerfile in the context. Default `Dockerfile`. */
  readonly dockerfile?: string;
  /** The Dockerfile itself, instead of one in the context. */
  readonly dockerfileText?: string;
  /**
   * Files that stand nowhere else; they replace those of the directory with the same path, and no
   * pattern leaves them out.
   */
  readonly files?: readonly ContextFile[];
  /**
   * Entries that are sent as they are, in their order and after `files`, instead of a directory:
   * links, empty directories, and files that are read only when they are sent. They go as an
   * archive, and no pattern counts. Called anew for each build.
   */
  readonly entries?: () => Iterable<TarEntry> | AsyncIterable<TarEntry>;
  /**
   * Patterns of what is left out, instead of the file for that: `<dockerfile>.dockerignore`, or
   * else `.dockerignore`.
   */
  readonly ignore?: readonly string[];
  /** Seconds since 1970 that all entries get. Default: what the directory has, 0 for `files`. */
  readonly mtimeSeconds?: number;
}

/** A file made for the build. */
export interface ContextFile {
  /** Path in the context, joined by `/`. */
  readonly path: string;
  /** Its bytes; text is written as UTF-8. */
  readonly content: Uint8Array | string;
  /** Permission bits. Default `0o644`. */
  readonly mode?: number;
}

/** How a context is read. */
export interface ReadContextOptions {
  /** Ends the reading with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Takes a sentence for each file that cannot be sent: sockets, pipes, devices. */
  readonly onNote?: (text: string) => void;
}

/** A context that is ready to be sent. */
export interface PreparedContext {
  /** What the daemon is told to be the Dockerfile. */
  readonly dockerfile: string;
  /** The entries in a fixed order: parents before children, names by their bytes. */
  entries(): AsyncGenerator<TarEntry>;
  /** The entries as an archive. */
  tar(): ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** The name that no file has: it begins with a dot, ends in a hash, and nobody writes it. */
const INLINE_PREFIX = ".superorch-dockerfile-";

/**
 * Gets a context ready to be sent to a builder as an archive.
 *
 * Follows the docker command: symbolic links are sent as links, owner and group are 0, the
 * Dockerfile and `.dockerignore` are sent even when they are to be left out, because the daemon
 * needs them. An inline Dockerfile is added under a name of its own, which the classic builder is
 * told to forget before it copies anything; `.dockerignore` is then forgotten as well.
 *
 * Permissions: `--allow-read=DIRECTORY`.
 *
 * @param context The context.
 * @param options Signal and notes.
 * @returns The entries.
 * @throws {BuildContextError} when there is no Dockerfile, a path leads outside, a pattern is not
 * valid; the stream throws it when a file cannot be read.
 */
export async function prepareContext(
  context: BuildContext,
  options: ReadContextOptions = {},
): Promise<PreparedContext> {
  if (context.entries !== undefined) return preparedEntries(context, context.entries, options);
  const files = new Map((context.files ?? []).map((file) => [inContext(file.path), file]));
  const dockerfile = await findDockerfile(context, files);
  const ignoreText = await readIgnoreText(context, files, dockerfile);
  const own: ContextFile[] = [...files].map(([path, file]) => ({ ...file, path }));
  let ignore = context.ignore === undefined
    ? DockerIgnore.parse(ignoreText.text, ignoreText.name)
    : DockerIgnore.of(context.ignore);
  if (context.dockerfileText !== undefined) {
    const hidden = `${ignoreText.plain}\n.dockerignore\n${dockerfile}\n`;
    own.push({ path: dockerfile, content: context.dockerfileText });
    own.push({ path: ".dockerignore", content: hidden });
  }
  const needed = [dockerfile, ".dockerignore"].filter((path) => ignore.ignores(path));
  if (needed.length > 0) {
    ignore = DockerIgnore.of([
      ...ignore.patterns.map(({ pattern, negated }) => negated ? `!${pattern}` : pattern),
      ...needed.map((path) => `!${escapePattern(path)}`),
    ]);
  }
  const entries = () => entriesOf(walkContext({ ...context, files: own }, ignore, options));
  return { dockerfile, entries, tar: () => contextTar(entries(), options.signal) };
}

/** A context that is all made: nothing of it has to be looked for or left out. */
function preparedEntries(
  context: BuildContext,
  given: () => Iterable<TarEntry> | AsyncIterable<TarEntry>,
  { signal }: ReadContextOptions,
): PreparedContext {
  const { directory, dockerfile = "Dockerfile", dockerfileText, files = [], mtimeSeconds } =
    context;
  if (directory !== undefined) {
    throw new TypeError("Cannot prepare the context: it has a directory and entries");
  }
  const own: readonly ContextFile[] = dockerfileText === undefined
    ? files
    : [{ path: dockerfile, content: dockerfileText }, ...files];
  async function* entries(): AsyncGenerator<TarEntry> {
    for (const file of own) {
      yield { kind: "file", mtimeSeconds, ...file, path: inContext(file.path) };
    }
    yield* given();
  }
  return { dockerfile, entries, tar: () => contextTar(entries(), signal) };
}

async function* entriesOf(walk: AsyncGenerator<WalkedEntry>): AsyncGenerator<TarEntry> {
  for await (const { entry } of walk) yield entry;
}

/** A context that is sent file by file, as the daemon asks for them. */
export interface SyncedContext {
  /** The Dockerfile's name and text: it is sent apart from the files. */
  readonly dockerfile: { readonly name: string; readonly text: string };
  /** Names what the daemon may keep for the next time; `undefined`: nothing. */
  readonly sharedKey: string | undefined;
  /** The entries in a fixed order. */
  walk(): AsyncGenerator<WalkedEntry>;
}

/**
 * Gets a context ready to be sent over a BuildKit session. The Dockerfile and `.dockerignore` are
 * files like others here, and an inline Dockerfile is in no directory.
 */
export async function prepareSyncedContext(
  context: BuildContext,
  options: ReadContextOptions = {},
): Promise<SyncedContext> {
  const files = new Map((context.files ?? []).map((file) => [inContext(file.path), file]));
  const name = await findDockerfile(context, files);
  const text = context.dockerfileText ?? await readText(context, files, name) ?? "";
  const ignoreText = await readIgnoreText(context, files, name);
  const own: ContextFile[] = [...files].map(([path, file]) => ({ ...file, path }));
  const ignore = context.ignore === undefined
    ? DockerIgnore.parse(ignoreText.text, ignoreText.name)
    : DockerIgnore.of(context.ignore);
  return {
    dockerfile: {
      name: context.dockerfileText === undefined ? name.split("/").at(-1) ?? name : "Dockerfile",
      text,
    },
    sharedKey: await sharedKeyOf(context, own),
    walk: () => walkContext({ ...context, files: own }, ignore, options),
  };
}

/**
 * The daemon takes a file that has the size and time of one that it keeps for the same file. So
 * made files, whose time says nothing, count with their content, and where times are set nothing is
 * kept at all.
 */
async function sharedKeyOf(
  context: BuildContext,
  files: readonly ContextFile[],
): Promise<string | undefined> {
  if (context.directory === undefined || context.mtimeSeconds !== undefined) return undefined;
  const made = await Promise.all(
    files.map(async ({ path, content, mode }) => [path, mode, await sha256Hex(content)]),
  );
  return await sha256Hex(JSON.stringify([await Deno.realPath(context.directory), made]));
}

function contextTar(
  entries: AsyncGenerator<TarEntry>,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let current = "";
  const watched = async function* () {
    for await (const entry of entries) {
      current = entry.path;
      yield entry;
    }
  };
  const reader = tarStream(watched(), { signal }).getReader();
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (cause) {
        if (signal?.aborted) throw signal.reason;
        throw contextError(current, cause);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/** A path of the context in its shortest form. */
function inContext(path: string): string {
  const clean = cleanPath(path.replace(/^\/+/, ""));
  if (
    path === "" || clean === "." || clean === ".." || clean.startsWith("../") || path.includes("\0")
  ) {
    throw new BuildContextError(path, "the path must name something in the context");
  }
  return clean;
}

async function findDockerfile(
  context: BuildContext,
  files: ReadonlyMap<string, ContextFile>,
): Promise<string> {
  if (context.dockerfileText !== undefined) {
    if (context.dockerfile !== undefined) {
      throw new BuildContextError(
        context.dockerfile,
        "either dockerfile or dockerfileText can be given, not both",
      );
    }
    return INLINE_PREFIX + (await sha256Hex(context.dockerfileText)).slice(0, 16);
  }
  const path = inContext(context.dockerfile ?? "Dockerfile");
  if (files.has(path)) return path;
  if (context.directory === undefined) {
    throw new BuildContextError(path, "the context has no such Dockerfile");
  }
  try {
    await Deno.stat(`${context.directory}/${path}`);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw contextError(path, cause);
    throw new BuildContextError(path, `"${context.directory}" has no such Dockerfile`, { cause });
  }
  return path;
}

async function readIgnoreText(
  context: BuildContext,
  files: ReadonlyMap<string, ContextFile>,
  dockerfile: string,
): Promise<{ readonly name: string; readonly text: string; readonly plain: string }> {
  const plain = await readText(context, files, ".dockerignore") ?? "";
  const name = `${dockerfile}.dockerignore`;
  const special = await readText(context, files, name);
  return special === undefined
    ? { name: ".dockerignore", text: plain, plain }
    : { name, text: special, plain };
}

async function readText(
  context: BuildContext,
  files: ReadonlyMap<string, ContextFile>,
  path: string,
): Promise<string | undefined> {
  const content: TarContent | undefined = files.get(path)?.content;
  if (content !== undefined) {
    return typeof content === "string" ? content : new TextDecoder().decode(content);
  }
  if (context.directory === undefined) return undefined;
  try {
    return await Deno.readTextFile(`${context.directory}/${path}`);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw contextError(path, cause);
  }
}

function escapePattern(path: string): string {
  return path.replace(/[*?[\]\\]/g, "\\$&");
}

async function sha256Hex(content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content.slice();
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest).toHex();
}
