import type { Coordinator } from "../coordinator.ts";
import { isBuildStatus } from "../coordinator.ts";
import { agentsPage } from "../page/agents_page.ts";
import type { Asset } from "../page/assets.ts";
import { buildPage, LINES_PER_PAGE } from "../page/build_page.ts";
import { buildsPage } from "../page/builds_page.ts";
import { deadPage } from "../page/dead_page.ts";
import { type Html, html } from "../page/html.ts";
import { page, type PageOptions } from "../page/layout.ts";
import { shortRepo } from "../page/format.ts";
import { findBuild } from "./api_routes.ts";
import type { HttpError } from "./http_error.ts";
import type { LogLine } from "./log_lines.ts";
import { logLines } from "./log_stream.ts";
import { Query } from "./query.ts";
import type { Route, RouteRequest } from "./routes.ts";

/** Builds on one page of the list. */
const BUILDS_PER_PAGE = 50;

/** What people look at. */
export function pageRoutes(
  coordinator: Coordinator,
  assets: ReadonlyMap<string, Asset>,
): readonly Route[] {
  const { ledger } = coordinator;
  const show = (options: Omit<PageOptions, "isHealthy" | "version">, status = 200) =>
    htmlResponse(
      page({ ...options, isHealthy: coordinator.isHealthy(), version: versionOf(assets) }),
      status,
    );
  return [
    { method: "GET", path: "/", access: "read", handle: builds },
    { method: "GET", path: "/builds/:id", access: "read", handle: build },
    { method: "GET", path: "/agents", access: "read", handle: agents },
    { method: "GET", path: "/dead", access: "read", handle: dead },
    ...[...assets].map(([path, asset]): Route => ({
      method: "GET",
      path,
      access: "read",
      handle: ({ request }) => assetResponse(asset, request),
    })),
  ];

  function builds({ url }: RouteRequest): Response {
    const query = new Query(url, ["status", "q", "before"]);
    const [status] = query.words("status", isBuildStatus) ?? [];
    const q = query.text("q");
    const before = query.integer("before", 1);
    query.done();
    const found = ledger.list({
      limit: BUILDS_PER_PAGE,
      ...(status === undefined ? {} : { status: [status] }),
      ...(q === undefined ? {} : { text: q }),
      ...(before === undefined ? {} : { before }),
    });
    const filter = {
      ...(status === undefined ? {} : { status }),
      ...(q === undefined ? {} : { q }),
      ...(before === undefined ? {} : { before }),
    };
    return show({
      title: "Builds",
      current: "builds",
      script: "list",
      main: buildsPage({
        builds: found,
        counts: ledger.counts(),
        filter,
        next: found.length === BUILDS_PER_PAGE ? found.at(-1)!.number : undefined,
        now: Date.now(),
      }),
    });
  }

  function build({ url, parts }: RouteRequest): Response {
    const query = new Query(url, ["from", "log"]);
    const from = query.integer("from", 1) ?? 1;
    const hasLog = query.text("log") !== "none";
    query.done();
    const record = findBuild(coordinator, parts["id"]!);
    const { job, number, status } = record;
    return show({
      title: `${status}: ${shortRepo(job.repo)} #${number}`,
      script: "build",
      main: buildPage({
        build: record,
        stages: ledger.stages(job.id),
        log: hasLog ? logPart(job.id, from) : undefined,
        now: Date.now(),
      }),
    });
  }

  function logPart(id: string, from: number) {
    const to = from + LINES_PER_PAGE - 1;
    const lines: LogLine[] = [];
    // One more tells whether there are more.
    for (const some of logLines(ledger, { build: id, from, to: to + 1 })) lines.push(...some);
    const isEnd = lines.length <= LINES_PER_PAGE;
    return { lines: lines.slice(0, LINES_PER_PAGE), from, isEnd };
  }

  function agents({ url }: RouteRequest): Response {
    const query = new Query(url, ["hours"]);
    const hours = query.integer("hours", 1, 24 * 31) ?? 6;
    query.done();
    const now = Date.now();
    const since = now - hours * 3_600_000;
    const { queued = 0, running = 0 } = ledger.counts();
    const depths = [...ledger.depths(since), { at: now, queued, running }];
    return show({
      title: "Agents",
      current: "agents",
      script: "list",
      main: agentsPage({ agents: coordinator.agents(), depths, since, hours, now }),
    });
  }

  async function dead({ url }: RouteRequest): Promise<Response> {
    new Query(url, []).done();
    return show({
      title: "Dead builds",
      current: "dead",
      script: "list",
      main: deadPage(await coordinator.dead(), Date.now()),
    });
  }
}

/** A page that says what went wrong. */
export function errorPage(
  error: HttpError,
  coordinator: Coordinator,
  assets: ReadonlyMap<string, Asset>,
): Response {
  const main = html`<h1>${error.status}</h1>${
    error.problems.map((problem) => html`<p class="why s-error">${problem}</p>`)
  }<p><a href="/">All builds</a></p>`;
  const version = versionOf(assets);
  return htmlResponse(
    page({
      title: String(error.status),
      script: "error",
      main,
      isHealthy: coordinator.isHealthy(),
      version,
    }),
    error.status,
  );
}

function htmlResponse(content: Html, status: number): Response {
  return new Response(content.text, {
    status,
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}

function assetResponse({ text, type, etag }: Asset, request: Request): Response {
  // The address changes with the content, which may be kept; the bare one is asked for again.
  const headers = { etag, "cache-control": "no-cache", "content-type": type };
  if (request.headers.get("if-none-match") === etag) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(text, { headers });
}

function versionOf(assets: ReadonlyMap<string, Asset>): string {
  return [...assets.values()].map(({ etag }) => etag.slice(1, 7)).join("");
}
