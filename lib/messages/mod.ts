/**
 * Typed messages between programs over TCP or TLS: a barrier here, a result there, between a
 * runner and what runs in its containers.
 *
 * Every wait has a time-out and a signal, messages have a size limit on both sides, a wrong type is
 * told by both names, and a shared secret keeps strangers out. Not a queue, not a bus, no
 * reconnection: when the connection is gone, so is the conversation.
 *
 * Permissions: `--allow-net` for the addresses that are used.
 *
 * @example
 * ```ts
 * import { MessageListener, messageType, NetMessenger } from "@superorch/superorch/messages";
 *
 * const block = messageType<Uint8Array>("block");
 * await using listener = MessageListener.bind("127.0.0.1:0");
 * const accepting = listener.accept({ timeoutMs: 5_000 });
 * await using sender = await NetMessenger.connect(listener.address, { retries: 3 });
 * await using receiver = await accepting;
 * await sender.send(block, new Uint8Array(1024));
 * console.log((await receiver.recv(block, { timeoutMs: 5_000 })).length); // 1024
 * ```
 *
 * @module
 */

export { type MessageType, messageType, typeHash } from "./message_type.ts";
export { NetMessenger } from "./net_messenger.ts";
export { MessageListener } from "./message_listener.ts";
export {
  type ConnectOptions,
  type ConnectTls,
  type ListenOptions,
  type ListenTls,
  type MessengerOptions,
  type WaitOptions,
} from "./messenger_options.ts";
export { AuthenticationError, MessageTooLargeError, MessageTypeError } from "./errors.ts";
export { randomName } from "./random_name.ts";
export { getSeparatedVal } from "./get_separated_val.ts";
