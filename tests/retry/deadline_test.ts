import assert from "node:assert/strict";
import { isTimeout, TimeoutError } from "../../lib/errors/mod.ts";
import { abortable, Deadline, delay, withTimeout } from "../../lib/retry/mod.ts";

const never = () => new Promise<never>(() => {});

Deno.test("Deadline aborts its signal with a time-out that says what for", async () => {
  using deadline = Deadline.after(5, { what: "start of the engine" });
  await assert.rejects(deadline.race(never()), {
    name: "TimeoutError",
    message: "Timed out after 5 ms: start of the engine",
  });
  assert.equal(deadline.remainingMs, 0);
  assert.ok(deadline.isOver);
  assert.throws(() => deadline.throwIfOver(), TimeoutError);
});

Deno.test("Deadline passes the caller's own reason on", async () => {
  const controller = new AbortController();
  using deadline = Deadline.after(60_000, { signal: controller.signal });
  const racing = deadline.race(never());
  const reason = new Error("changed my mind");
  controller.abort(reason);
  await assert.rejects(racing, reason);
  assert.ok(deadline.isOver);
  assert.throws(() => deadline.throwIfOver(), reason);
});

Deno.test("Deadline without a time has no limit, and needs no timer", () => {
  const deadline = Deadline.after(undefined); // not disposed: the sanitizer would see a timer
  assert.equal(deadline.remainingMs, Infinity);
  assert.equal(deadline.isOver, false);
  assert.equal(deadline.signal.aborted, false);
  deadline.throwIfOver();
});

Deno.test("Deadline starts no timer before its signal is asked for", () => {
  const deadline = Deadline.after(60_000);
  assert.ok(deadline.remainingMs > 0 && deadline.remainingMs <= 60_000);
  deadline.throwIfOver();
});

Deno.test("Deadline of 0 ms is over at once", async () => {
  using deadline = Deadline.after(0);
  assert.ok(deadline.signal.aborted);
  await assert.rejects(deadline.race(never()), TimeoutError);
});

Deno.test("Deadline is not aborted after it was disposed of", async () => {
  const controller = new AbortController();
  const deadline = Deadline.after(1, { signal: controller.signal });
  const { signal } = deadline;
  deadline[Symbol.dispose]();
  controller.abort();
  await delay(5);
  assert.equal(signal.aborted, false);
});

Deno.test("Deadline takes times that are longer than a timer can be", async () => {
  using deadline = Deadline.after(2 ** 40);
  await delay(5, { signal: deadline.signal }); // setTimeout() would have fired after 1 ms
  assert.equal(deadline.isOver, false);
});

Deno.test("child() is never later than its parent, and is over with it", async () => {
  using parent = Deadline.after(5, { what: "all of it" });
  using child = parent.child(60_000, { what: "a part" });
  assert.ok(child.remainingMs <= 5);
  await assert.rejects(child.race(never()), /after 5 ms: all of it/);
});

Deno.test("child() of less time is over alone", async () => {
  using parent = Deadline.after(60_000, { what: "all of it" });
  using child = parent.child(5, { what: "a part" });
  await assert.rejects(child.race(never()), /after 5 ms: a part/);
  assert.equal(parent.isOver, false);
});

Deno.test("child() listens to a signal of its own too", async () => {
  const controller = new AbortController();
  using parent = Deadline.after(60_000);
  using child = parent.child(undefined, { signal: controller.signal });
  const reason = new Error("only this part");
  controller.abort(reason);
  await assert.rejects(child.race(never()), reason);
  assert.equal(parent.isOver, false);
});

Deno.test("Deadline refuses what is not a time", () => {
  for (const timeoutMs of [-1, NaN]) {
    assert.throws(() => Deadline.after(timeoutMs), RangeError);
    using parent = Deadline.after(1_000);
    assert.throws(() => parent.child(timeoutMs), RangeError);
  }
});

Deno.test("withTimeout() gives the value, or the function's own error", async () => {
  assert.equal(await withTimeout(() => 7, 60_000), 7);
  const error = new Error("boom");
  await assert.rejects(withTimeout(() => Promise.reject(error), 60_000), error);
  await assert.rejects(
    withTimeout(() => {
      throw error;
    }, 60_000),
    error,
  );
});

Deno.test("withTimeout() leaves a function that ignores its signal", async () => {
  const error = await withTimeout(never, 5, { what: "pull" }).catch((error) => error);
  assert.ok(isTimeout(error));
  assert.equal(error.message, "Timed out after 5 ms: pull");
});

Deno.test("withTimeout() tells the time-out, not what stopped work rejects with", async () => {
  const stopped = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error("socket closed")));
    });
  await assert.rejects(withTimeout(stopped, 5), TimeoutError);
});

Deno.test("withTimeout() does not call the function when it is too late already", async () => {
  let called = false;
  const reason = new Error("no");
  const work = () => void (called = true);
  await assert.rejects(withTimeout(work, 1_000, { signal: AbortSignal.abort(reason) }), reason);
  await assert.rejects(withTimeout(work, 0), TimeoutError);
  assert.equal(called, false);
});

Deno.test("abortable() drops a failure that comes after the abort", async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  const controller = new AbortController();
  const waiting = abortable(promise, controller.signal);
  controller.abort(new Error("first"));
  await assert.rejects(waiting, /first/);
  reject(new Error("late")); // unhandled, it would fail the run
  await delay(1);
  await assert.rejects(abortable(Promise.reject(new Error("x")), AbortSignal.abort("y")), (e) => {
    return e === "y";
  });
});

Deno.test("delay() waits, and leaves no timer when it is aborted", async () => {
  await delay(1);
  const controller = new AbortController();
  const waiting = delay(60_000, { signal: controller.signal });
  const reason = new Error("stop");
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(delay(1, { signal: controller.signal }), reason);
  const forEver = new AbortController();
  const infinite = delay(Infinity, { signal: forEver.signal });
  forEver.abort(reason);
  await assert.rejects(infinite, reason);
  for (const wrong of [-1, NaN]) await assert.rejects(delay(wrong), RangeError);
});
