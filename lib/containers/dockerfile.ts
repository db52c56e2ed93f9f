import type { BuildSecret } from "../engine/build/mod.ts";

/** What a container is made from. */
export type ImageSource = ImageReference | DockerfileSource;

/** An image by its name; it is pulled when it is not on the engine. */
export interface ImageReference {
  /** Tells the kinds apart. */
  readonly kind: "reference";
  /** `[host/]name[:tag|@digest]`, or an id. */
  readonly reference: string;
}

/** A file that a build can copy although it is nowhere on disk. */
export interface ContextFile {
  /** Path in the build context. */
  readonly path: string;
  /** What is in it. */
  readonly content: string | Uint8Array;
  /** Permission bits. Default `0o644`. */
  readonly mode?: number;
}

/** How an image is built. */
export interface BuildOptions {
  /** Directory that `COPY` sees, relative to the working directory. */
  readonly context?: string;
  /** Further files that `COPY` sees. */
  readonly files?: readonly ContextFile[];
  /** Build arguments. */
  readonly args?: Readonly<Record<string, string>>;
  /** Stage to build. Default: the last. */
  readonly target?: string;
  /** For example `linux/arm64`. */
  readonly platform?: string;
  /** Whether nothing cached is used. Default `false`. */
  readonly noCache?: boolean;
  /** Whether base images are pulled even when they are there. Default `false`. */
  readonly pull?: boolean;
  /** Network of the `RUN` steps: `none`, `host` or a name. Default: the engine's. */
  readonly network?: string;
  /** Secrets for `RUN --mount=type=secret,id=…`, by id; BuildKit only. */
  readonly secrets?: Readonly<Record<string, BuildSecret>>;
  /** Labels of the image. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Name that the image gets besides its id, `name:tag`. */
  readonly tag?: string;
  /** Further names of it. */
  readonly tags?: readonly string[];
  /** Images whose steps count as cached; for BuildKit those that were built with an inline cache. */
  readonly cacheFrom?: readonly string[];
  /** Further lines of `/etc/hosts` for the `RUN` steps: name to address, or to `host-gateway`. */
  readonly extraHosts?: Readonly<Record<string, string>>;
}

/** An image that is built: equal ones once. */
export interface DockerfileSource extends BuildOptions {
  /** Tells the kinds apart. */
  readonly kind: "dockerfile";
  /** Path of the Dockerfile; its directory is the context unless one is given. */
  readonly path?: string;
  /** Text of the Dockerfile, or lines that are added to the file. */
  readonly contents?: string;
}

/** The ways to say what a container is made from. */
export const Dockerfile = {
  /**
   * An image by its name.
   *
   * @param reference `[host/]name[:tag|@digest]`.
   * @returns Plain data.
   */
  nameTag: (reference: string): ImageReference => ({ kind: "reference", reference }),

  /**
   * A Dockerfile on disk; its directory is the build context unless `context` says otherwise.
   *
   * @param path Path of the file, relative to the working directory.
   * @param options How it is built.
   * @returns Plain data.
   */
  path: (path: string, options: BuildOptions = {}): DockerfileSource => ({
    kind: "dockerfile",
    path,
    ...options,
  }),

  /**
   * A Dockerfile as text. Without `context` and `files` nothing can be copied.
   *
   * @param contents The text.
   * @param options How it is built.
   * @returns Plain data.
   */
  contents: (contents: string, options: BuildOptions = {}): DockerfileSource => ({
    kind: "dockerfile",
    contents,
    ...options,
  }),

  /**
   * Adds instructions at the end; an image by name becomes a build that begins with it.
   *
   * @param source What to begin with.
   * @param lines Dockerfile instructions, each one line or more.
   * @returns Plain data.
   */
  addBuildSteps: (source: ImageSource, ...lines: readonly string[]): DockerfileSource => {
    const added = lines.join("\n");
    if (source.kind === "reference") {
      return { kind: "dockerfile", contents: `FROM ${source.reference}\n${added}\n` };
    }
    const before = source.contents === undefined ? "" : `${source.contents.trimEnd()}\n`;
    return { ...source, contents: `${before}${added}\n` };
  },
} as const;

/**
 * An image by its name.
 *
 * @param reference `[host/]name[:tag|@digest]`.
 * @returns Plain data.
 */
export function image(reference: string): ImageReference {
  return { kind: "reference", reference };
}

/**
 * A Dockerfile as a template text; common indentation is removed.
 *
 * @param strings The text.
 * @param values What stands in its holes.
 * @returns Plain data.
 * @example
 * ```ts
 * import { dockerfile } from "@superorch/superorch/containers";
 *
 * const source = dockerfile`
 *   FROM debian:12-slim
 *   RUN apt-get update
 * `;
 * console.log(source.contents); // "FROM debian:12-slim\nRUN apt-get update\n"
 * ```
 */
export function dockerfile(
  strings: TemplateStringsArray,
  ...values: readonly (string | number)[]
): DockerfileSource {
  // Only the template's own lines are indented by it: a value of several lines stays as it is.
  const pieces = strings.raw.map((text) => text.split("\n"));
  const isLineStart = (piece: number, line: number) => line > 0 || piece === 0;
  const indents = pieces.flatMap((lines, piece) =>
    lines.filter((line, index) => {
      const beforeValue = index === lines.length - 1 && piece < values.length;
      return isLineStart(piece, index) && (beforeValue || line.trim() !== "");
    }).map((line) => /^[ \t]*/.exec(line)![0].length)
  );
  const indent = Math.min(...indents);
  const raw = pieces.map((lines, piece) =>
    lines.map((line, index) => isLineStart(piece, index) ? line.slice(indent) : line).join("\n")
  );
  return { kind: "dockerfile", contents: `${String.raw({ raw }, ...values).trim()}\n` };
}
