import type { EngineClient } from "../../engine/client.ts";
import { BuildFailedError, BuildUnsupportedError } from "../../engine/build/build_error.ts";
import type { BuildEvent } from "../../engine/build/build_event.ts";
import { buildFiles, type FilesBuild } from "../../engine/build/build_files.ts";
import { buildStep } from "../../engine/build/build_step.ts";
import { tarStream } from "../../engine/tar/mod.ts";
import type { Plan, RunnerResult, RunOptions } from "../model.ts";
import { JOBS_VARIABLE, NOT_UNPACKED, OUTPUT_DIRECTORY, renderPlan, renderStep } from "../plan.ts";
import { readResult } from "./_read_result.ts";

/** What is sent as an archive in memory; more goes to the engine's disk, as a build context. */
const MAX_STEP_BYTES = 16 * 1024 * 1024;
/** One piece of it: a message of the engine's may have 4 MiB. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Carries out a plan with BuildKit: as one step of its own where that can be, else as a Dockerfile.
 *
 * @param engine Where.
 * @param plan What.
 * @param options Cache, jobs and signal.
 * @returns The result.
 */
export async function buildPlan(
  engine: EngineClient,
  plan: Plan,
  options: RunOptions,
): Promise<RunnerResult> {
  // Who asks for a frontend wants a Dockerfile to be read by it.
  if (plan.syntax === undefined && sizeOf(plan) <= MAX_STEP_BYTES) {
    try {
      return await readBuild(plan, (onEvent) => startStep(engine, plan, options, onEvent));
    } catch (error) {
      if (!isStepImpossible(error)) throw error;
    }
  }
  return await readBuild(plan, (onEvent) => startDockerfile(engine, plan, options, onEvent));
}

/** An engine without that door, an image without a name, or one without `tar` or `cat`. */
function isStepImpossible(error: unknown): boolean {
  return error instanceof BuildUnsupportedError ||
    error instanceof BuildFailedError && error.exitCode === NOT_UNPACKED;
}

async function startStep(
  engine: EngineClient,
  plan: Plan,
  { noCache, jobs, signal }: RunOptions,
  onEvent: (event: BuildEvent) => void,
): Promise<FilesBuild> {
  const { args, inputs, entries } = renderStep(plan);
  const archive = await new Response(tarStream(entries(), { signal })).bytes();
  const pieces: Record<string, Uint8Array> = {};
  for (let at = 0, index = 0; at < archive.length; at += PIECE_BYTES, index++) {
    const name = String(index).padStart(3, "0");
    pieces[`${inputs}/${name}`] = archive.subarray(at, at + PIECE_BYTES);
  }
  return await buildStep(engine, {
    image: plan.base.image,
    args,
    inputs: pieces,
    scratch: plan.roots,
    output: OUTPUT_DIRECTORY,
    name: plan.id,
    networkMode: plan.network,
    hiddenVariable: jobsValue(jobs),
    noCache,
    onEvent,
    signal,
  });
}

async function startDockerfile(
  engine: EngineClient,
  plan: Plan,
  { noCache, jobs, signal }: RunOptions,
  onEvent: (event: BuildEvent) => void,
): Promise<FilesBuild> {
  const { dockerfile, target, entries } = renderPlan(plan);
  const value = jobsValue(jobs);
  return await buildFiles(engine, {
    context: { dockerfileText: dockerfile, entries, mtimeSeconds: 0 },
    target,
    networkMode: plan.network,
    args: value === undefined ? undefined : { [JOBS_VARIABLE]: value },
    noCache,
    onEvent,
    signal,
  });
}

async function readBuild(
  plan: Plan,
  start: (onEvent: (event: BuildEvent) => void) => Promise<FilesBuild>,
): Promise<RunnerResult> {
  let ran = false;
  await using build = await start((event) => {
    if (event.kind === "step" && event.text.includes(" RUN ") && event.state === "done") {
      ran ||= !event.cached;
    }
  });
  const result = await readResult(plan.id, build.entries());
  await build.finished;
  let sentBytes = 0;
  for (const entry of plan.entries) {
    if (entry.kind === "file" && entry.content instanceof Uint8Array) {
      sentBytes += entry.content.length;
    }
  }
  return { ...result, ran, sentBytes };
}

function jobsValue(jobs: number | undefined): string | undefined {
  return jobs === undefined ? undefined : `jobs:${jobs}`;
}

function sizeOf(plan: Plan): number {
  let bytes = 0;
  for (const entry of plan.entries) {
    bytes += 512;
    if (entry.kind !== "file") continue;
    const { content } = entry;
    if (typeof content === "string") bytes += content.length;
    else if ("hostPath" in content) bytes += Deno.statSync(content.hostPath).size;
    else bytes += content instanceof Uint8Array ? content.length : Infinity;
  }
  return bytes;
}
