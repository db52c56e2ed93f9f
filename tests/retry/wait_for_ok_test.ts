import assert from "node:assert/strict";
import { isTimeout, renderError } from "../../lib/errors/mod.ts";
import { Deadline, eventually, exponentialBackoff, waitForOk } from "../../lib/retry/mod.ts";

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

Deno.test("waitForOk() calls retries + 1 times with pauses, then tells the last failure", async () => {
  let calls = 0;
  const start = performance.now();
  const error = await failureOf(waitForOk({ retries: 3, delayMs: 100 }, () => {
    throw new Error(`failure ${++calls}`);
  }));
  const elapsedMs = performance.now() - start;
  assert.equal(calls, 4);
  assert.ok(elapsedMs >= 295, `three pauses took only ${elapsedMs} ms`);
  assert.ok(elapsedMs < 5_000, `three pauses took ${elapsedMs} ms`);
  assert.ok(isTimeout(error));
  assert.deepEqual(renderError(error).trim().split(/\n\s*/), [
    "waitForOk(retries: 3, delayMs: 100) timed out, last error stack was:",
    "TimeoutError",
    "failure 4",
  ]);
});

Deno.test("waitForOk() with retries 0 calls once", async () => {
  const numbers: number[] = [];
  const error = await failureOf(waitForOk({ retries: 0, delayMs: 60_000 }, (_, number) => {
    numbers.push(number);
    return Promise.reject(new Error("no"));
  }));
  assert.deepEqual(numbers, [0]);
  assert.ok(isTimeout(error));
});

Deno.test("waitForOk() gives the value of the first call that works", async () => {
  const retries: unknown[] = [];
  const value = await waitForOk({
    retries: 9,
    delayMs: exponentialBackoff({ firstMs: 1 }),
    onRetry: (error, retry, delayMs) => retries.push([(error as Error).message, retry, delayMs]),
  }, (_, number) => {
    if (number < 2) throw new Error(`failure ${number}`);
    return number;
  });
  assert.equal(value, 2);
  assert.deepEqual(retries, [["failure 0", 1, 1], ["failure 1", 2, 2]]);
});

Deno.test("waitForOk() ends at its time-out while the function hangs", async () => {
  let aborted: unknown;
  const error = await failureOf(
    waitForOk({ retries: 9, delayMs: 1, timeoutMs: 200 }, (signal, number) => {
      if (number === 0) throw new Error("refused");
      signal.addEventListener("abort", () => aborted = signal.reason);
      return new Promise(() => {});
    }),
  );
  assert.ok(isTimeout(error));
  assert.match(renderError(error), /TimeoutError: Timed out after 200 ms\n\s*refused/);
  assert.ok(isTimeout(aborted), "the hanging call was told");
});

Deno.test("waitForOk() ends at its time-out when the first call hangs or a pause is long", async () => {
  const hanging = waitForOk({ retries: 9, delayMs: 1, timeoutMs: 5 }, () => new Promise(() => {}));
  const error = await failureOf(hanging);
  assert.ok(isTimeout(error));
  assert.doesNotMatch(renderError(error), /last error/);
  const pausing = waitForOk({ retries: 9, delayMs: 60_000, timeoutMs: 50 }, () => {
    throw new Error("last words");
  });
  assert.match(renderError(await failureOf(pausing)), /Timed out after 50 ms\n\s*last words/);
});

Deno.test("waitForOk() passes an abort on as it is, in a call and in a pause", async () => {
  for (const hang of [true, false]) {
    const controller = new AbortController();
    const reason = new Error("stop");
    const error = failureOf(
      waitForOk({ retries: 9, delayMs: 60_000, signal: controller.signal }, () => {
        queueMicrotask(() => controller.abort(reason));
        return hang ? new Promise(() => {}) : Promise.reject(new Error("no"));
      }),
    );
    assert.equal(await error, reason);
  }
  let calls = 0;
  const signal = AbortSignal.abort("before");
  const error = await failureOf(waitForOk({ retries: 1, delayMs: 0, signal }, () => void calls++));
  assert.equal(error, "before");
  assert.equal(calls, 0);
});

Deno.test("waitForOk() gives up at once on what no retry can help", async () => {
  let calls = 0;
  const error = await failureOf(waitForOk({
    retries: 9,
    delayMs: 60_000,
    isRetryable: (error) => !(error instanceof SyntaxError),
  }, () => {
    calls++;
    throw new SyntaxError("bad input");
  }));
  assert.equal(calls, 1);
  assert.equal(isTimeout(error), false);
  assert.match(renderError(error), /no retry can help\n\s*SyntaxError: bad input/);
});

Deno.test("waitForOk() refuses numbers that are none", async () => {
  const call = () => 1;
  for (const retries of [-1, 1.5, NaN]) {
    await assert.rejects(waitForOk({ retries, delayMs: 0 }, call), RangeError);
  }
  await assert.rejects(waitForOk({ retries: 1, delayMs: -1 }, call), RangeError);
  await assert.rejects(waitForOk({ retries: 1, delayMs: 1, timeoutMs: NaN }, call), RangeError);
  const wrongPause = waitForOk({ retries: 1, delayMs: () => NaN }, () => {
    throw new Error("no");
  });
  await assert.rejects(wrongPause, RangeError);
});

Deno.test("exponentialBackoff() grows to its limit, and jitter only shortens", () => {
  const plain = exponentialBackoff({ firstMs: 10, maxMs: 50 });
  assert.deepEqual([1, 2, 3, 4, 5_000].map(plain), [10, 20, 40, 50, 50]);
  const lots = [0, 0.5, 0.999];
  const half = exponentialBackoff({
    firstMs: 10,
    factor: 1,
    jitter: 0.5,
    random: () => lots.shift()!,
  });
  assert.deepEqual([1, 2, 3].map(half), [10, 7.5, 5.005]);
  assert.throws(() => exponentialBackoff({ firstMs: -1 }), RangeError);
  assert.throws(() => exponentialBackoff({ firstMs: 1, factor: 0.5 }), RangeError);
  assert.throws(() => exponentialBackoff({ firstMs: 1, jitter: 2 }), RangeError);
});

Deno.test("eventually() takes false and errors as not yet", async () => {
  const answers = [() => false as const, () => assert.fail("not yet"), () => "here"];
  const value: string = await eventually(() => answers.shift()!(), 60_000);
  assert.equal(value, "here");
  assert.equal(await eventually(() => undefined, 60_000), undefined);
});

Deno.test("eventually() tells what was waited for and what the last look failed with", async () => {
  const error = await failureOf(
    eventually(() => assert.equal(1, 2, "1 is not 2"), 20, { what: "equality" }),
  );
  assert.ok(isTimeout(error));
  assert.match(renderError(error), /eventually\(equality\) -> not so within 20 ms/);
  assert.match(renderError(error), /1 is not 2/);
  assert.ok(isTimeout(await failureOf(eventually(() => false, 5))));
  assert.ok(isTimeout(await failureOf(eventually(() => new Promise(() => {}), 5))));
});

Deno.test("eventually() shares a deadline with other steps, and passes aborts on", async () => {
  using deadline = Deadline.after(300);
  assert.equal(await eventually(() => 1, deadline), 1);
  assert.ok(isTimeout(await failureOf(eventually(() => false, deadline))));
  assert.ok(deadline.isOver);
  const reason = new Error("stop");
  const signal = AbortSignal.abort(reason);
  assert.equal(await failureOf(eventually(() => true, 60_000, { signal })), reason);
});
