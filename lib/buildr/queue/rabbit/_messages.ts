import type { ConfirmChannel, ConsumeMessage, Options } from "../../../deps/amqplib.ts";
import { TransportError } from "../transport.ts";
import { ATTEMPT_HEADER } from "./names.ts";

/**
 * Says which start of a build a message would be: one more than it has seen, and one more if it
 * was delivered before: whoever had it may have begun. A number may so be left out, but none comes
 * twice after an agent is known to have lost it.
 */
export function attemptOf(message: ConsumeMessage): number {
  const header = Number(message.properties.headers?.[ATTEMPT_HEADER] ?? 0);
  const seen = Number.isSafeInteger(header) && header >= 0 ? header : 0;
  return seen + (message.fields.redelivered ? 2 : 1);
}

/** Properties of a copy of a message: what belongs to it, and a count of its starts. */
export function copyProperties(message: ConsumeMessage, attemptsSeen: number): Options.Publish {
  const { messageId, correlationId, replyTo, priority } = message.properties;
  return {
    persistent: true,
    contentType: "application/json",
    messageId,
    correlationId,
    replyTo,
    priority,
    // Not the broker's own x-death: it grows with every copy.
    headers: { [ATTEMPT_HEADER]: attemptsSeen },
  };
}

/**
 * Sends a message and waits until the broker has it.
 *
 * @throws {TransportError} when the broker refuses it, no queue takes it, or the connection breaks.
 */
export async function publishConfirmed(
  channel: ConfirmChannel,
  target: { readonly exchange?: string; readonly key: string },
  content: Uint8Array,
  options: Options.Publish = {},
): Promise<void> {
  // The library insists on Node's own kind of byte array.
  const { Buffer } = await import("node:buffer");
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (reason: string) =>
    reject(new TransportError(`The broker did not take a message for "${target.key}": ${reason}`));
  const onClose = () => fail("the connection broke");
  let isReturned = false;
  const onReturn = (returned: { fields: { routingKey?: string }; content: Uint8Array }) => {
    if (returned.fields.routingKey === target.key) isReturned = true;
  };
  channel.once("close", onClose);
  if (options.mandatory) channel.on("return", onReturn);
  try {
    channel.publish(target.exchange ?? "", target.key, bytes, options, (error) => {
      // A returned message is told before it is confirmed.
      if (error) fail("it refused it");
      else if (isReturned) fail("no queue takes it");
      else resolve();
    });
  } catch {
    fail("the connection is closed");
  }
  try {
    await promise;
  } finally {
    channel.off("close", onClose);
    channel.off("return", onReturn);
  }
}

/** Bytes of a value as JSON. */
export function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
