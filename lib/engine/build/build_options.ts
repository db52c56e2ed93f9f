import type { QueryValue } from "../client.ts";
import type { BuildContext } from "./build_context.ts";
import type { BuildEventSink } from "./build_event.ts";
import type { BuildSecret } from "./build_secrets.ts";
import type { CredentialsResolver } from "./session/services.ts";

/** What is built, apart from how: two equal definitions give the same result. */
export interface BuildDefinition {
  /** Files and Dockerfile. */
  readonly context: BuildContext;
  /** Build arguments. */
  readonly args?: Readonly<Record<string, string>>;
  /** Stage to build. Default the last one. */
  readonly target?: string;
  /** For example `linux/amd64`. Default the engine's own. */
  readonly platform?: string;
  /** Labels of the image. */
  readonly labels?: Readonly<Record<string, string>>;
  /** `none`, `host` or, with the classic builder, the name of a network, for RUN steps. */
  readonly networkMode?: string;
  /** Further query parameters of `POST /build`, for example `shmsize`. */
  readonly query?: Readonly<Record<string, QueryValue>>;
}

/** How it is built, the same for images and files. */
export interface BuildRunOptions {
  /** Whether nothing cached is used. Default `false`. */
  readonly noCache?: boolean;
  /** Whether base images are pulled even when they are there. Default `false`. */
  readonly pull?: boolean;
  /**
   * How BuildKit gets the context: `sync` sends what has changed since the last time, and of that
   * what the Dockerfile copies; `tar` sends all of it at once, and `COPY .` then copies an inline
   * Dockerfile and `.dockerignore` too. Default `auto`: `sync` when there is a directory.
   */
  readonly transfer?: "auto" | "sync" | "tar";
  /** Secrets for `RUN --mount=type=secret`, by id. */
  readonly secrets?: Readonly<Record<string, BuildSecret>>;
  /** Reads a variable for secrets. Default `Deno.env.get`. */
  readonly readEnv?: (name: string) => string | undefined;
  /** Value of the `X-Registry-Config` header: credentials for the classic builder. */
  readonly registryConfig?: string;
  /** Finds credentials for registries; BuildKit asks when it needs some. */
  readonly credentials?: CredentialsResolver;
  /** Takes each event. */
  readonly onEvent?: BuildEventSink;
  /** How many characters of the output are kept for errors. Default 65536. */
  readonly logTailCharacters?: number;
  /** Ends the build: the program of the step that runs is killed. */
  readonly signal?: AbortSignal;
}
