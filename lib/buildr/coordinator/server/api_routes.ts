import { isFinal } from "../../queue/events.ts";
import { type Coordinator, isBuildStatus } from "../coordinator.ts";
import type { Submission } from "../submissions.ts";
import type { BuildRecord } from "../ledger_records.ts";
import { readBody, readJson } from "./body.ts";
import { changeStream, eventStream } from "./event_stream.ts";
import { HttpError } from "./http_error.ts";
import { logStream } from "./log_stream.ts";
import { metricsText } from "./metrics.ts";
import { Query } from "./query.ts";
import type { Route, RouteRequest } from "./routes.ts";
import { agentViews, buildView, deadView, stageView } from "./views.ts";
import { readGithub, readGitlab, type WebhookOptions } from "./webhooks.ts";

/** What the API is about. */
export interface ApiOptions {
  /** Who does the work. */
  readonly coordinator: Coordinator;
  /** Webhooks that are taken. */
  readonly webhooks: WebhookOptions;
  /** How many requests were answered, by status. */
  readonly requests: ReadonlyMap<number, number>;
  /** Aborted when streams have to end. */
  readonly signal: AbortSignal;
  /** Streams that are open; a new one throws when there are too many. */
  readonly openStream: (stream: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>;
}

/** Most builds of one request. */
export const MAX_BATCH = 1_000;

/** What programs ask for. */
export function apiRoutes(options: ApiOptions): readonly Route[] {
  const { coordinator } = options;
  const { ledger } = coordinator;
  const api = "/api/v1";
  return [
    { method: "POST", path: `${api}/builds`, access: "write", handle: submit },
    { method: "GET", path: `${api}/builds`, access: "read", handle: list },
    { method: "GET", path: `${api}/builds/:id`, access: "read", handle: show },
    { method: "GET", path: `${api}/builds/:id/log`, access: "read", handle: log },
    { method: "GET", path: `${api}/builds/:id/events`, access: "read", handle: events },
    { method: "POST", path: `${api}/builds/:id/cancel`, access: "write", handle: cancel },
    { method: "POST", path: `${api}/builds/:id/retry`, access: "write", handle: retry },
    { method: "GET", path: `${api}/events`, access: "read", handle: events },
    { method: "GET", path: `${api}/changes`, access: "read", handle: changes },
    { method: "GET", path: `${api}/agents`, access: "read", handle: agents },
    { method: "POST", path: `${api}/agents/drain`, access: "write", handle: drain },
    { method: "POST", path: `${api}/agents/:name/drain`, access: "write", handle: drain },
    { method: "GET", path: `${api}/depths`, access: "read", handle: depths },
    { method: "GET", path: `${api}/dead`, access: "read", handle: dead },
    { method: "POST", path: `${api}/dead/:id/retry`, access: "write", handle: retryDead },
    { method: "DELETE", path: `${api}/dead/:id`, access: "write", handle: dropDead },
    { method: "GET", path: "/healthz", access: "read", handle: health },
    { method: "GET", path: "/metrics", access: "read", handle: metrics },
    { method: "POST", path: "/hooks/github", access: "own", handle: hook },
    { method: "POST", path: "/hooks/gitlab", access: "own", handle: hook },
  ];

  async function submit({ request, url }: RouteRequest): Promise<Response> {
    new Query(url, []).done();
    const body = await readJson(request);
    const isList = Array.isArray(body);
    if (isList && (body.length === 0 || body.length > MAX_BATCH)) {
      throw new HttpError(
        400,
        `The list has ${body.length} builds, and 1 to ${MAX_BATCH} are taken`,
      );
    }
    const taken = await coordinator.submitSoon((isList ? body : [body]) as readonly Submission[]);
    const status = taken.some(({ isNew }) => isNew) ? 201 : 200;
    if (isList) {
      return Response.json({ builds: taken.map(({ build }) => buildView(build)) }, { status });
    }
    const { build } = taken[0]!;
    return Response.json({ build: buildView(build) }, {
      status,
      headers: { location: `${api}/builds/${build.job.id}` },
    });
  }

  function list({ url }: RouteRequest): Response {
    const query = new Query(url, ["status", "repo", "branch", "agent", "q", "before", "limit"]);
    const status = query.words("status", isBuildStatus);
    const [repo, branch, agent] = [query.text("repo"), query.text("branch"), query.text("agent")];
    const text = query.text("q");
    const before = query.integer("before", 1);
    const limit = query.integer("limit", 1, 1_000) ?? 100;
    query.done();
    const builds = ledger.list({
      limit,
      ...present({ status, repo, branch, agent, text, before }),
    });
    return Response.json({
      builds: builds.map(buildView),
      next: builds.length === limit ? builds.at(-1)!.number : null,
      counts: ledger.counts(),
    });
  }

  function show({ url, parts }: RouteRequest): Response {
    new Query(url, []).done();
    const build = findBuild(coordinator, parts["id"]!);
    return Response.json({
      build: buildView(build),
      stages: ledger.stages(build.job.id).map(stageView),
      last_event: ledger.events({ build: build.job.id, tail: true, limit: 1 })[0]?.id ?? 0,
    });
  }

  function log({ url, parts }: RouteRequest): Response {
    const query = new Query(url, ["format", "stage", "from", "to", "tail", "attempt"]);
    const format = query.words("format", isLogFormat)?.[0] ?? "text";
    const stage = url.searchParams.get("stage") ?? undefined;
    const range = {
      from: query.integer("from", 1),
      to: query.integer("to", 1),
      tail: query.integer("tail", 0, 100_000),
      attempt: query.integer("attempt", 1),
    };
    query.done();
    const { job } = findBuild(coordinator, parts["id"]!);
    const body = logStream(ledger, { build: job.id, ...present({ stage, ...range }) }, format);
    const type = format === "text" ? "text/plain; charset=utf-8" : "application/x-ndjson";
    return new Response(body, { headers: { "content-type": type } });
  }

  function events({ request, url, parts }: RouteRequest): Response {
    const query = new Query(url, ["after", "types"]);
    const types = query.words("types", isEventType);
    const asked = query.integer("after", 0);
    query.done();
    const { id } = parts;
    const build = id === undefined ? undefined : findBuild(coordinator, id).job.id;
    // A browser names the last one that it has seen when it comes again.
    const seen = request.headers.get("last-event-id");
    const after = seen !== null && /^\d{1,15}$/.test(seen)
      ? Number(seen)
      : asked ?? (build === undefined ? ledger.lastEventId() : 0);
    return streamed(eventStream({
      coordinator,
      after,
      signal: options.signal,
      ...present({ build, types }),
    }));
  }

  function changes(): Response {
    return streamed(changeStream({ coordinator, signal: options.signal }));
  }

  function streamed(stream: ReadableStream<Uint8Array>): Response {
    return new Response(options.openStream(stream), {
      headers: { "content-type": "text/event-stream", "x-accel-buffering": "no" },
    });
  }

  async function cancel({ request, parts }: RouteRequest): Promise<Response> {
    const body = await readJson(request);
    const reason = (body as { readonly reason?: unknown } | undefined)?.reason ?? "cancelled";
    if (typeof reason !== "string" || reason.length > 500) {
      throw new HttpError(400, '"reason" is not a text of at most 500 characters');
    }
    const known = findBuild(coordinator, parts["id"]!);
    if (isFinal(known.status)) {
      throw new HttpError(409, `The build has its result already: ${known.status}`);
    }
    const build = await coordinator.cancel(known.job.id, reason);
    return Response.json({ build: buildView(build ?? known) }, { status: 202 });
  }

  function retry({ parts }: RouteRequest): Response {
    const build = coordinator.retry(findBuild(coordinator, parts["id"]!).job.id);
    if (build === undefined) throw new HttpError(404, "There is no such build");
    return Response.json({ build: buildView(build) }, {
      status: 201,
      headers: { location: `${api}/builds/${build.job.id}` },
    });
  }

  function agents({ url }: RouteRequest): Response {
    new Query(url, []).done();
    return Response.json({ agents: agentViews(coordinator) });
  }

  async function drain({ parts }: RouteRequest): Promise<Response> {
    const { name } = parts;
    if (name !== undefined && !coordinator.agents().some(({ agent }) => agent === name)) {
      throw new HttpError(404, `There is no agent ${JSON.stringify(name)}`);
    }
    await coordinator.drain(name);
    return Response.json({ draining: name ?? "all" }, { status: 202 });
  }

  function depths({ url }: RouteRequest): Response {
    const query = new Query(url, ["since"]);
    const since = query.integer("since", 0) ?? Date.now() - 24 * 3_600_000;
    query.done();
    return Response.json({ depths: ledger.depths(since) });
  }

  async function dead({ url }: RouteRequest): Promise<Response> {
    new Query(url, []).done();
    return Response.json({ dead: (await coordinator.dead()).map(deadView) });
  }

  async function retryDead({ parts }: RouteRequest): Promise<Response> {
    const build = await coordinator.retryDead(parts["id"]!);
    if (build === undefined) throw new HttpError(404, "There is no such dead build");
    return Response.json({ build: buildView(build) }, { status: 201 });
  }

  async function dropDead({ parts }: RouteRequest): Promise<Response> {
    if (await coordinator.dropDead(parts["id"]!)) return Response.json({ dropped: parts["id"] });
    throw new HttpError(404, "There is no such dead build");
  }

  function health(): Response {
    const isHealthy = coordinator.isHealthy();
    return Response.json({
      status: isHealthy ? "ok" : "degraded",
      transport: coordinator.transportName,
      transport_up: isHealthy,
      builds: ledger.counts(),
    }, { status: isHealthy ? 200 : 503 });
  }

  function metrics(): Response {
    return new Response(metricsText(coordinator, options.requests), {
      headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
    });
  }

  async function hook({ request, url }: RouteRequest): Promise<Response> {
    const read = url.pathname.endsWith("github") ? readGithub : readGitlab;
    const wanted = await read(request.headers, await readBody(request), options.webhooks);
    if (wanted.submission === undefined) return Response.json({ ignored: wanted.ignored });
    const { build, isNew } = (await coordinator.submitSoon([wanted.submission]))[0]!;
    return Response.json({ build: buildView(build) }, { status: isNew ? 201 : 200 });
  }
}

/**
 * Finds a build by its id, or by its number.
 *
 * @throws {HttpError} 404 when there is none.
 */
export function findBuild({ ledger }: Coordinator, name: string): BuildRecord {
  const build = ledger.get(name);
  if (build !== undefined) return build;
  if (/^\d{1,15}$/.test(name)) {
    const [found] = ledger.list({ before: Number(name) + 1, limit: 1 });
    if (found?.number === Number(name)) return found;
  }
  throw new HttpError(404, `There is no build ${JSON.stringify(name.slice(0, 80))}`);
}

function isLogFormat(text: string): text is "text" | "ndjson" {
  return text === "text" || text === "ndjson";
}

function isEventType(text: string): text is string {
  return ["queued", "started", "stage", "log", "finished"].includes(text);
}

/** The part of an object whose values are there. */
function present<T extends Record<string, unknown>>(
  values: T,
): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as { [K in keyof T]?: NonNullable<T[K]> };
}
