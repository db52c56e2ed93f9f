// The other side of a conversation, in a process of its own: `listen ADDRESS`, `connect ADDRESS`,
// or `hang ADDRESS`, which connects and then says nothing until it is killed.
import { messageType, NetMessenger } from "../../../lib/messages/mod.ts";

const [role, address = ""] = Deno.args;
const text = messageType<string>("text");
const unit = messageType<null>("unit");
const block = messageType<Uint8Array>("block");
const wait = { timeoutMs: 60_000 };

await using messenger = role === "listen"
  ? await NetMessenger.listen(address, wait)
  : await NetMessenger.connect(address, { retries: 600, delayMs: 50, ...wait });
if (role === "hang") {
  console.log("connected");
  await messenger.recv(text); // killed here
}
// Everything comes back as it is.
await messenger.send(text, await messenger.recv(text, wait), wait);
await messenger.send(unit, await messenger.recv(unit, wait), wait);
await messenger.send(block, await messenger.recv(block, wait), wait);
