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
  /** Labels of the image. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Secrets of `RUN --mount=type=secret` by id: a file or a variable of this machine. */
  readonly secrets?: Readonly<Record<string, { readonly file: string } | { readonly env: string }>>;
  /** Name that the image gets besides its id, `name:tag`. */
  readonly tag?: string;
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
  const text = String.raw({ raw: strings.raw }, ...values);
  const lines = text.split("\n");
  const indents = lines.filter((line) => line.trim() !== "")
    .map((line) => /^[ \t]*/.exec(line)![0].length);
  const indent = Math.min(...indents, Infinity);
  const body = lines.map((line) => line.slice(Math.min(indent, line.length))).join("\n").trim();
  return { kind: "dockerfile", contents: `${body}\n` };
}
