/** What a client is asked to do; what it makes carries the labels, and the id in its names. */
export interface Job {
  /** Unique. */
  readonly id: string;
  /** A busybox. */
  readonly image: string;
  /** A network of the engine, for those that do not make their own. */
  readonly network: string;
  /** So that everything can be found again, by the sweep too. */
  readonly labels: Readonly<Record<string, string>>;
  /** A container that runs and holds {@linkcode COPIED_PATH}. */
  readonly holder: string;
  /** A directory that the client may write into; emptied by whoever asks. */
  readonly directory: string;
}

/** What is measured, in the order of the table. */
export const OPERATIONS = {
  cycle: "one cycle: start, exec, remove",
  sequential: "ten cycles, one after the other",
  parallel: "ten cycles at once",
  up: "ten services up",
  again: "ten services up again, nothing to do",
  down: "ten services down",
  healthy: "healthy after start, check every 100 ms",
  output: "20 MB of output captured, and the exit code",
  logs: "20 MB read with `/logs?follow`",
  copy: "50 MiB copied out to a file",
} as const;

/** A row of the table. */
export type Operation = keyof typeof OPERATIONS;

/** How often a row's ten is. */
export const TEN: readonly number[] = Array.from({ length: 10 }, (_, index) => index);

/** How many services are started at a time by those that can choose: the default of ours. */
export const WIDTH = 4;

/** A container that stays. */
export const SLEEP: readonly string[] = ["sleep", "1000"];

/** What is written by {@linkcode WRITE}: 250,000 lines of 80 bytes. */
export const OUTPUT_BYTES = 20_000_000;

/** Writes {@linkcode OUTPUT_BYTES}. */
export const WRITE: readonly string[] = [
  "sh",
  "-c",
  `yes ${"superorch".repeat(9).slice(0, 79)} | head -c ${OUTPUT_BYTES}`,
];

/** A file of {@linkcode COPIED_BYTES}. */
export const COPIED_PATH = "/copied";

/** 50 MiB. */
export const COPIED_BYTES = 50 * 2 ** 20;

/** The health check. */
export const HEALTH = { test: ["CMD", "true"], intervalMs: 100, timeoutMs: 1_000, retries: 3 };

/** The body of `POST /containers/create` for those that speak the API themselves. */
export function createBody(
  { image, network, labels }: Job,
  command: readonly string[] = SLEEP,
  more: Readonly<Record<string, unknown>> = {},
) {
  return {
    Image: image,
    Cmd: command,
    Labels: labels,
    HostConfig: { NetworkMode: network },
    AttachStdout: true,
    AttachStderr: true,
    ...more,
  };
}

/** The health check as the API has it. */
export const HEALTH_BODY = {
  Healthcheck: {
    Test: HEALTH.test,
    Interval: HEALTH.intervalMs * 1e6,
    Timeout: HEALTH.timeoutMs * 1e6,
    Retries: HEALTH.retries,
  },
};

/** Fails the measurement of a client that lost something. */
export function requireBytes(got: number, wanted: number): void {
  if (got !== wanted) throw new Error(`Got ${got} bytes instead of ${wanted}`);
}

/** Does something for each of ten, {@linkcode WIDTH} at a time. */
export async function inTurn(work: (index: number) => Promise<unknown>): Promise<void> {
  const left = [...TEN];
  await Promise.all(Array.from({ length: WIDTH }, async () => {
    for (let index = left.shift(); index !== undefined; index = left.shift()) await work(index);
  }));
}
