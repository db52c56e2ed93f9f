import assert from "node:assert/strict";
import { limiter } from "../../lib/containers/_limit.ts";
import { Turns } from "../../lib/containers/_turns.ts";

Deno.test("limiter() lets only so many through at a time, in order, also after failures", async () => {
  const gate = limiter(2);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 7 }, (_, index) =>
      gate(async () => {
        order.push(index);
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, index % 3));
        running--;
        if (index === 2) throw new Error("two");
        return index;
      })),
  );
  assert.equal(most, 2);
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(
    results.map((result) => result.status === "fulfilled" ? result.value : "failed"),
    [0, 1, "failed", 3, 4, 5, 6],
  );
});

Deno.test("limiter() takes work that throws at once", async () => {
  const gate = limiter(1);
  await assert.rejects(gate(() => {
    throw new Error("now");
  }));
  assert.equal(await gate(() => Promise.resolve("next")), "next");
});

Deno.test("turns come one after the other, and a place that is given up is passed on", async () => {
  const turns = new Turns();
  const never = new AbortController().signal;
  const first = await turns.take(never);
  const controller = new AbortController();
  const second = turns.take(controller.signal);
  let third = "waiting";
  const thirdTurn = turns.take(never).then((turn) => {
    third = "begun";
    return turn;
  });
  const reason = new Error("enough");
  controller.abort(reason);
  assert.equal(await second.catch((error) => error), reason);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(third, "waiting", "the first one still has its turn");
  first[Symbol.dispose]();
  (await thirdTurn)[Symbol.dispose]();
  assert.equal(third, "begun");
  (await turns.take(never))[Symbol.dispose]();
});
