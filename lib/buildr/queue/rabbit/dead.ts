import type { ConfirmChannel, ConsumeMessage } from "../../../deps/amqplib.ts";
import type { BuildJob } from "../job.ts";
import { isBuildJob, parseJob } from "../job.ts";
import type { DeadJob } from "../transport.ts";
import { publishConfirmed } from "./_messages.ts";
import { DEAD_EXCHANGE } from "./names.ts";

/** Most of a message and of its last lines that is kept, in characters. */
const MAX_KEPT = 4_096;

/** Why a message is dead. */
export interface Burial {
  /** In words. */
  readonly reason: string;
  /** The last lines of its last attempt. */
  readonly lastLines?: readonly string[];
}

/** Puts a message among the dead ones; the caller acknowledges it afterwards. */
export async function bury(
  channel: ConfirmChannel,
  message: ConsumeMessage,
  { reason, lastLines = [] }: Burial,
): Promise<void> {
  await publishConfirmed(channel, { exchange: DEAD_EXCHANGE, key: "" }, message.content, {
    persistent: true,
    contentType: "application/json",
    messageId: message.properties.messageId,
    correlationId: message.properties.correlationId,
    replyTo: message.properties.replyTo,
    timestamp: Date.now(),
    headers: {
      "x-buildr-reason": reason.slice(0, MAX_KEPT),
      "x-buildr-last-lines": JSON.stringify(lastLines.slice(-20)).slice(0, MAX_KEPT),
    },
  });
}

/** Reads a dead message, whoever put it there: we, or the broker itself. */
export function readDead(message: { readonly content: Uint8Array } & ConsumeMessageParts): DeadJob {
  const text = new TextDecoder().decode(message.content);
  let job: BuildJob | undefined;
  try {
    const parsed = parseJob(message.content);
    if (isBuildJob(parsed)) job = parsed;
  } catch {
    // that is why it is here
  }
  const { headers = {}, messageId, timestamp } = message.properties;
  const death = headers["x-first-death-reason"];
  return {
    id: job?.id ?? (typeof messageId === "string" && messageId !== "" ? messageId : hashOf(text)),
    ...(job === undefined ? {} : { job }),
    content: text.slice(0, MAX_KEPT),
    reason: typeof headers["x-buildr-reason"] === "string"
      ? headers["x-buildr-reason"]
      : `The broker gave it up: ${typeof death === "string" ? death : "it says no reason"}`,
    lastLines: readLines(headers["x-buildr-last-lines"]),
    diedAt: typeof timestamp === "number" ? timestamp : 0,
  };
}

interface ConsumeMessageParts {
  readonly properties: {
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly messageId?: unknown;
    readonly timestamp?: unknown;
  };
}

function readLines(header: unknown): readonly string[] {
  if (typeof header !== "string") return [];
  try {
    const lines: unknown = JSON.parse(header);
    return Array.isArray(lines) ? lines.filter((line) => typeof line === "string") : [];
  } catch {
    return [];
  }
}

// A message that was no build has no id; the same text always has this one (FNV-1a).
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return `unknown-${(hash >>> 0).toString(16).padStart(8, "0")}`;
}
