import assert from "node:assert/strict";
import { ConnectTurns } from "../../lib/containers/_connect_turns.ts";
import type { EngineClient, EngineEvent } from "../../lib/engine/mod.ts";
import { eventually } from "../../lib/retry/mod.ts";

const never = new AbortController().signal;

/** An engine that says what a test has it say: when a real one says it cannot be chosen. */
function talkingEngine() {
  let hang = Promise.withResolvers<string | undefined>();
  const say = (container: string) => {
    hang.resolve(container);
    hang = Promise.withResolvers();
  };
  async function* events() {
    for (let next = hang;; next = hang) {
      const container = await next.promise;
      if (container === undefined) return;
      yield { Actor: { ID: "n", Attributes: { container } } } as unknown as EngineEvent;
    }
  }
  const stream = events();
  const end = async () => {
    hang.resolve(undefined);
    return await Promise.resolve({ done: true as const, value: undefined });
  };
  const engine = {
    system: { events: () => Promise.resolve(Object.assign(stream, { return: end })) },
  };
  return { engine: engine as unknown as EngineClient, say };
}

Deno.test("ConnectTurns lets the next one start when the one before is in all its networks", async () => {
  const { engine, say } = talkingEngine();
  await using turns = await ConnectTurns.open(engine, never);
  const begun: string[] = [];
  const start = (id: string, networks: number) => {
    const ended = Promise.withResolvers<void>();
    const started = turns.start(id, networks, () => {
      begun.push(id);
      return ended.promise;
    }, never);
    return { started, end: ended.resolve };
  };
  const all = [start("a", 2), start("b", 1), start("c", 1)];
  await eventually(() => begun.length === 1, 5_000);
  say("a");
  await turn();
  assert.deepEqual(begun, ["a"]);
  say("a");
  await eventually(() => begun.length === 2, 5_000);
  all[1]!.end(); // one that has started is in its networks, whatever was heard of it
  await all[1]!.started;
  await eventually(() => begun.length === 3, 5_000);
  assert.deepEqual(begun, ["a", "b", "c"]);
  for (const { end, started } of all) {
    end();
    await started;
  }
});

Deno.test("ConnectTurns does not wait long for an engine that says nothing, nor for one that fails", async () => {
  const { engine } = talkingEngine();
  await using turns = await ConnectTurns.open(engine, never);
  const slow = Promise.withResolvers<void>();
  const first = turns.start("a", 1, () => slow.promise, never);
  const failed = turns.start("b", 1, () => Promise.reject(new Error("no such thing")), never);
  await assert.rejects(failed, /no such thing/);
  await turns.start("c", 1, () => Promise.resolve(), never);
  const given = new AbortController();
  const second = Promise.withResolvers<void>();
  const holds = turns.start("d", 1, () => second.promise, never);
  const waits = turns.start("e", 1, () => assert.fail("it was given up"), given.signal);
  given.abort(new Error("given up"));
  await assert.rejects(waits, /given up/);
  second.resolve();
  slow.resolve();
  await Promise.all([first, holds]);
});

async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}
