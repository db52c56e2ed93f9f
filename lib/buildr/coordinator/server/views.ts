import { redact } from "../../agent/checkout.ts";
import type { DeadJob } from "../../queue/transport.ts";
import type { BuildJob } from "../../queue/job.ts";
import type { Coordinator } from "../coordinator.ts";
import type { BuildRecord, LedgerEvent, StageRecord } from "../ledger_records.ts";

/**
 * A job as everybody may see it: passwords in addresses are starred, and of its variables only the
 * names are told.
 */
export function jobView(job: BuildJob): Readonly<Record<string, unknown>> {
  const { env, repo, ...rest } = job;
  return {
    ...rest,
    repo: redact(repo),
    ...(env === undefined ? {} : { env: Object.keys(env) }),
  };
}

/** A build as JSON. */
export function buildView(build: BuildRecord): Readonly<Record<string, unknown>> {
  return {
    id: build.job.id,
    number: build.number,
    status: build.status,
    attempt: build.attempt,
    agent: build.agent,
    reason: build.reason,
    detail: build.detail,
    submitted_at: build.submittedAt,
    started_at: build.startedAt,
    finished_at: build.finishedAt,
    cancel_requested_at: build.cancelRequestedAt,
    lost_events: build.lostEvents,
    job: jobView(build.job),
  };
}

/** A stage as JSON. */
export function stageView(stage: StageRecord): Readonly<Record<string, unknown>> {
  const { needs, ...detail } = stage.detail ?? {};
  return {
    stage: stage.stage,
    status: stage.status,
    started_at: stage.startedAt,
    finished_at: stage.finishedAt,
    needs: needsOf(stage),
    detail,
    ...(needs === undefined ? { needs: undefined } : {}),
  };
}

/** Ids of the stages that one waits for; `undefined` when nobody has told. */
export function needsOf(stage: StageRecord): readonly string[] | undefined {
  const needs = stage.detail?.["needs"];
  if (!Array.isArray(needs)) return undefined;
  return needs.filter((need) => typeof need === "string");
}

/** An event as JSON: as it travels, without what lets tell about a build. */
export function eventView(event: LedgerEvent): Readonly<Record<string, unknown>> {
  const { lease: _lease, ...rest } = event;
  return rest;
}

/** A dead build as JSON. */
export function deadView(dead: DeadJob): Readonly<Record<string, unknown>> {
  return {
    id: dead.id,
    reason: dead.reason,
    last_lines: dead.lastLines,
    died_at: dead.diedAt,
    // The message itself may hold variables; it is shown where it was no build at all.
    ...(dead.job === undefined ? { content: dead.content } : { job: jobView(dead.job) }),
  };
}

/** Agents as JSON. */
export function agentViews(coordinator: Coordinator): readonly Readonly<Record<string, unknown>>[] {
  return coordinator.agents().map((agent) => ({
    name: agent.agent,
    alive: agent.isAlive,
    draining: agent.draining,
    slots: agent.slots,
    builds: agent.builds,
    tags: agent.tags,
    load: agent.load,
    version: agent.version,
    heard_at: agent.heardAt,
  }));
}
