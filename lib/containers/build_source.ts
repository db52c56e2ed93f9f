import { LineSplitter } from "../commands/output/mod.ts";
import { type BuildEvent, buildImage } from "../engine/build/mod.ts";
import type { EngineClient } from "../engine/mod.ts";
import type { DockerfileSource } from "./dockerfile.ts";

/** What a build needs. */
export interface BuildSourceContext {
  /** The engine. */
  readonly engine: EngineClient;
  /** Labels of the image, besides its own. */
  readonly labels: Readonly<Record<string, string>>;
  /** Takes the lines of the build's log. */
  readonly onLine: (line: string) => void;
  /** Takes the events of the build themselves. */
  readonly onEvent?: (event: BuildEvent) => void;
  /** Ends the build. */
  readonly signal: AbortSignal;
}

/**
 * Builds the image of a Dockerfile.
 *
 * @param source What to build.
 * @param context Engine, labels, where the log goes.
 * @returns The id of the image, `sha256:…`.
 * @throws {BuildFailedError} when a step fails; carries the end of its output.
 */
export async function buildSource(
  source: DockerfileSource,
  context: BuildSourceContext,
): Promise<string> {
  const { args, target, platform, noCache, pull, network, files, path } = source;
  const slash = path?.lastIndexOf("/") ?? -1;
  const directory = source.context ??
    (path === undefined ? undefined : path.slice(0, slash) || ".");
  const text = await dockerfileText(source);
  const lines = new LineSplitter();
  const encoder = new TextEncoder();
  const { imageId } = await buildImage(context.engine, {
    context: {
      ...(directory === undefined ? {} : { directory }),
      ...(text === undefined
        ? { dockerfile: slash === -1 ? path : path!.slice(slash + 1) }
        : { dockerfileText: text }),
      files: files ?? [],
    },
    args,
    target,
    platform,
    noCache,
    pull,
    networkMode: network,
    secrets: source.secrets,
    tag: source.tag,
    labels: { ...source.labels, ...context.labels },
    query: {
      cachefrom: source.cacheFrom === undefined ? undefined : JSON.stringify(source.cacheFrom),
      extrahosts: Object.entries(source.extraHosts ?? {}).map((line) => line.join(":")),
    },
    signal: context.signal,
    onEvent: (event) => {
      context.onEvent?.(event);
      if (event.kind === "step" && event.state === "started") context.onLine(event.text);
      if (event.kind === "note") context.onLine(event.text);
      if (event.kind !== "log") return;
      for (const line of lines.push(encoder.encode(event.text))) context.onLine(line);
    },
  });
  for (const line of lines.flush()) context.onLine(line);
  for (const tag of source.tags ?? []) {
    await context.engine.images.tag(imageId, tag, { signal: context.signal });
  }
  return imageId;
}

// A file that stays as it is, and lies in its context, is sent from there; one with lines added to
// it, or from elsewhere, becomes a text.
async function dockerfileText(source: DockerfileSource): Promise<string | undefined> {
  const { path, contents } = source;
  if (path === undefined) return contents ?? "";
  if (contents === undefined && source.context === undefined) return undefined;
  const text = await Deno.readTextFile(path);
  return contents === undefined ? text : `${text.trimEnd()}\n${contents}`;
}
