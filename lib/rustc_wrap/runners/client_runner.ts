import { type TarEntry, tarStream, untar } from "../../engine/tar/mod.ts";
import { delay } from "../../retry/delay.ts";
import type { FoundBuilder } from "../builders/managed_builder.ts";
import type { OciImage } from "../builders/oci_layout.ts";
import { InfrastructureError } from "../errors.ts";
import type { Base, Capabilities, Plan, Runner, RunnerResult, RunOptions } from "../model.ts";
import { JOBS_VARIABLE, type RenderedPlan, renderPlan } from "../plan.ts";
import { assembleResult, readResult } from "./_read_result.ts";
import { readResultDirectory } from "./_result_directory.ts";
import {
  type ClientName,
  findClient,
  type FindClientOptions,
  type FoundClient,
} from "./docker_client.ts";
import { type Ended, ended, startClient } from "./_client_process.ts";

/** How a {@linkcode ClientRunner} works. */
export interface ClientRunnerOptions extends Omit<FindClientOptions, "signal"> {
  /** Makes or pulls the base image where it is missing. */
  readonly ensureBase: (client: FoundClient, base: Base, signal?: AbortSignal) => Promise<void>;
  /** Looks at the base image before it is used for the first time. */
  readonly checkBase?: (
    base: Base,
    run: (plan: Plan) => Promise<RunnerResult>,
  ) => Promise<void>;
  /** Finds or makes the builder, for clients that have several. */
  readonly builder?: (
    client: FoundClient,
    options: { readonly again: boolean; readonly signal?: AbortSignal },
  ) => Promise<FoundBuilder | undefined>;
  /** The base image in a directory, for builders that cannot see those of the engine. */
  readonly layout?: (base: Base, signal?: AbortSignal) => Promise<OciImage | undefined>;
  /** Repositories for the builder's own cache: of what comes from, and of what goes to others. */
  readonly cacheImages?: { readonly from: readonly string[]; readonly to: readonly string[] };
  /** Takes lines for the trace. */
  readonly onNote?: (text: string) => void;
}

/** Failures that go away when the same is asked again: what is done is cached. */
const TRANSIENT =
  /flightcontrol|GOAWAY|received prior goaway|force closed|connection reset|digest mismatch|failed to fetch remote|transport is closing/i;
const RETRY_MS = [200, 1000, 4000];
const MISSING_BUILDER =
  /no builder "[^"]*" found|failed to find (?:builder|driver)|no valid drivers found/i;
const MISSING_IMAGE =
  /pull access denied|failed to (?:resolve|do request)|no such image|image not known|unable to copy from source|manifest unknown|not found: manifest|insufficient_scope|no such host|did not resolve to an image|: not found/i;

/**
 * Builds with a client program: `docker build`, `docker buildx build`, `podman build` or
 * `buildah build`. The context goes in as an archive on its input, and the results come back as one
 * on its output, or, where it cannot do that, in a temporary directory.
 */
export class ClientRunner implements Runner {
  /** As in the settings. */
  readonly name: ClientName;
  readonly #options: ClientRunnerOptions;
  #client: Promise<FoundClient> | undefined;
  #builder: Promise<FoundBuilder | undefined> | undefined;
  #checked = false;

  /** Starts nothing yet. */
  constructor(name: ClientName, options: ClientRunnerOptions) {
    this.name = name;
    this.#options = options;
  }

  /** What the program and its server can do. */
  async capabilities(options: { readonly signal?: AbortSignal } = {}): Promise<Capabilities> {
    return (await this.#find(options.signal)).capabilities;
  }

  /** Makes sure that whoever builds has the base image. */
  async prepare(base: Base, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const client = await this.#find(signal);
    const builder = await this.#findBuilder(client, false, signal);
    if (isApart(builder)) await this.#options.layout?.(base, signal);
    else await this.#options.ensureBase(client, base, signal);
  }

  /** Carries out one plan. */
  async run(plan: Plan, options: RunOptions = {}): Promise<RunnerResult> {
    const { signal } = options;
    const client = await this.#find(signal);
    if (!this.#checked) {
      this.#checked = true;
      await this.#options.checkBase?.(plan.base, (check) => this.run(check, { signal }));
    }
    // Builders without an engine do not look at what is already there before they look elsewhere.
    let image = false;
    let again = false;
    for (let attempt = 0;; attempt++) {
      const builder = await this.#findBuilder(client, again, signal);
      const outcome = await this.#build(client, builder, plan, options);
      signal?.throwIfAborted();
      if ("result" in outcome) return outcome.result;
      const { text } = outcome.failure;
      if (!again && builder !== undefined && MISSING_BUILDER.test(text)) {
        // Somebody has removed it since it was looked for.
        again = true;
        this.#builder = undefined;
        continue;
      }
      if (!image && !isApart(builder) && MISSING_IMAGE.test(text)) {
        image = true;
        await this.#options.ensureBase(client, plan.base, signal);
        continue;
      }
      const waitMs = RETRY_MS[attempt];
      if (waitMs === undefined || !TRANSIENT.test(text)) throw failure(this.name, text);
      this.#options.onNote?.(`${plan.id}: again in ${waitMs} ms: ${lastLine(text)}`);
      await delay(waitMs, { signal });
    }
  }

  /** Nothing stays open. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #find(signal: AbortSignal | undefined): Promise<FoundClient> {
    this.#client ??= findClient(this.name, { ...this.#options, signal });
    return this.#client;
  }

  /** Each unit has a tag of its own: all at one tag would overwrite each other. */
  #cache(builder: FoundBuilder | undefined, target: string, isPublic: boolean): string[] {
    const { from = [], to = [] } = this.#options.cacheImages ?? {};
    const reference = (image: string) =>
      `type=registry,ref=${image}:buildkit-${target.slice(0, 110)}`;
    return [
      ...from.map((image) => `--cache-from=${reference(image)}`),
      // The engine's own builder cannot send any, and private work is sent nowhere.
      ...isApart(builder) && isPublic
        ? to.map((image) =>
          `--cache-to=${reference(image)},mode=max,image-manifest=true,ignore-error=false`
        )
        : [],
    ];
  }

  #findBuilder(
    client: FoundClient,
    again: boolean,
    signal: AbortSignal | undefined,
  ): Promise<FoundBuilder | undefined> {
    this.#builder ??= this.#options.builder?.(client, { again, signal }) ??
      Promise.resolve(undefined);
    return this.#builder;
  }

  async #build(
    client: FoundClient,
    builder: FoundBuilder | undefined,
    plan: Plan,
    { noCache, isPublic, jobs, signal }: RunOptions,
  ): Promise<{ readonly result: RunnerResult } | { readonly failure: Ended }> {
    const rendered = renderPlan(plan, client.capabilities);
    const layout = isApart(builder) ? await this.#options.layout?.(plan.base, signal) : undefined;
    const { tarStdout } = client.capabilities;
    const directory = tarStdout ? undefined : await Deno.makeTempDir({ prefix: "rustcbuildx-" });
    try {
      const process = startClient(client.path, {
        args: clientArgs(this.name, {
          target: rendered.target,
          network: plan.network,
          noCache: noCache === true,
          jobs,
          output: directory === undefined ? "-" : `type=local,dest=${directory}`,
          context: layout && `${plan.base.image}=oci-layout://${layout.directory}@${layout.digest}`,
          cache: this.#cache(builder, rendered.target, isPublic === true),
        }),
        // Not as a word: `docker build` of older clients knows none for it.
        env: builder === undefined
          ? this.#options.env
          : { ...this.#options.env, BUILDX_BUILDER: builder.name },
        stdin: contextOf(rendered),
        signal,
      });
      // What is not read keeps the program from ending.
      const reading = directory === undefined
        ? readResult(plan.id, untar(process.stdout, { allowMissingEnd: true }))
        : new Response(process.stdout).bytes().then(() => undefined);
      const [read, end] = await Promise.allSettled([reading, ended(process)]);
      if (end.status === "rejected") throw end.reason;
      if (end.value.code !== 0) return { failure: end.value };
      if (read.status === "rejected") throw read.reason;
      let unit = read.value;
      if (unit === undefined) {
        const { files, printed, state } = await readResultDirectory(directory!);
        unit = assembleResult(plan.id, files, printed, state);
      }
      let sentBytes = 0;
      for (const entry of plan.entries) {
        if (entry.kind === "file" && entry.content instanceof Uint8Array) {
          sentBytes += entry.content.length;
        }
      }
      return { result: { ...unit, ran: !wasCached(end.value.text), sentBytes } };
    } finally {
      if (directory !== undefined) await Deno.remove(directory, { recursive: true });
    }
  }
}

/** Whether a builder has none of the engine's images. */
function isApart(builder: FoundBuilder | undefined): boolean {
  return builder !== undefined && builder.driver !== "docker";
}

interface BuildWords {
  readonly target: string;
  readonly network: string;
  readonly noCache: boolean;
  readonly jobs?: number;
  readonly output: string;
  readonly context?: string;
  readonly cache?: readonly string[];
}

/** The words for a client; nothing that only newer ones know. */
export function clientArgs(name: ClientName, words: BuildWords): string[] {
  const common = [`--network=${words.network}`, `--target=${words.target}`, "-f", "Dockerfile"];
  const noCache = [
    ...words.noCache ? ["--no-cache"] : [],
    ...words.jobs === undefined ? [] : [`--build-arg=${JOBS_VARIABLE}=jobs:${words.jobs}`],
  ];
  switch (name) {
    case "docker":
    case "buildx": {
      const output = words.output === "-" ? "type=tar,dest=-" : words.output;
      return [
        ...name === "buildx" ? ["buildx", "build"] : ["build"],
        ...["--progress=plain", ...common, ...noCache],
        ...words.context === undefined ? [] : [`--build-context=${words.context}`],
        ...words.cache ?? [],
        ...[`--output=${output}`, "-"],
      ];
    }
    default:
      return [
        ...["build", "--layers", "--pull=never", ...common, ...noCache],
        ...[`--output=${words.output}`, "-"],
      ];
  }
}

function contextOf({ dockerfile, entries }: RenderedPlan): ReadableStream<Uint8Array<ArrayBuffer>> {
  function* all(): Generator<TarEntry> {
    yield { kind: "file", path: "Dockerfile", content: dockerfile, mtimeSeconds: 0 };
    yield* entries();
  }
  return tarStream(all());
}

/** Each builder says in its own words that a step was not carried out. */
function wasCached(text: string): boolean {
  const step = /^#(\d+) \[[^\]]*\] RUN /m.exec(text)?.[1];
  if (step !== undefined) return new RegExp(`^#${step} CACHED$`, "m").test(text);
  return /Using cache/.test(text);
}

function failure(name: ClientName, text: string): InfrastructureError {
  const lasting =
    /cannot connect|is the docker daemon running|connection refused|unknown flag|permission denied|buildx component/i
      .test(text);
  return new InfrastructureError({
    action: `build with ${name}`,
    reason: lastLine(text) || "it ended without a word",
    lasting,
  });
}

function lastLine(text: string): string {
  const lines = text.trim().split("\n").filter((line) => line.trim() !== "");
  const said = lines.findLast((line) => /error|cannot|failed|denied/i.test(line)) ?? lines.at(-1);
  const line = (said ?? "").trim();
  // Podman repeats the whole step before it says what is wrong with it.
  return line.length <= 300 ? line : `${line.slice(0, 80)} … ${line.slice(-220)}`;
}
