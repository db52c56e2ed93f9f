import { redact } from "../../agent/checkout.ts";
import type { BuildRecord } from "../ledger_records.ts";
import { type Html, html } from "./html.ts";

/** The last two parts of an address, without `.git`. */
export function shortRepo(repo: string): string {
  const parts = redact(repo).replace(/\/+$/, "").replace(/\.git$/, "").split(/[/:]/);
  return parts.filter((part) => part !== "").slice(-2).join("/") || repo;
}

/** The address of a repository as a link, where a browser can follow it. */
export function repoLink(repo: string): Html {
  const shown = redact(repo);
  const target = /^https?:\/\//i.test(repo) ? shown.replace(/\/\/[^/@]*@/, "//") : undefined;
  return target === undefined
    ? html`<code>${shown}</code>`
    : html`<a href="${target}" rel="noreferrer noopener">${shown}</a>`;
}

/** A length of time, for people: `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 10 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  const two = (value: number) => String(value).padStart(2, "0");
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3_600)} h ${two(Math.floor(seconds / 60) % 60)} min`;
}

/** A point in time: how long ago, and exactly in its title. */
export function ago(at: number, now: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}" title="${iso}" data-ago="${at}">${agoText(now - at)}</time>`;
}

function agoText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 5) return "just now";
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

/** How long something took, or takes; the page's script keeps the latter up to date. */
export function took(
  { startedAt, finishedAt }: { readonly startedAt?: number; readonly finishedAt?: number },
  now: number,
): Html | string {
  if (startedAt === undefined) return "";
  if (finishedAt !== undefined) return duration(finishedAt - startedAt);
  return html`<span data-since="${startedAt}">${duration(now - startedAt)}</span>`;
}

/** A state as a word with its colour. */
export function badge(status: string): Html {
  return html`<span class="badge s-${status}">${status}</span>`;
}

/** What was built, in a word: the commit, the branch or nothing. */
export function commitOf(build: BuildRecord): string | undefined {
  const told = build.detail?.["commit"];
  return typeof told === "string" ? told : build.job.commit;
}
