import assert from "node:assert/strict";
import { compileJobs, holdJobs } from "../../lib/rustc_wrap/job_tokens.ts";
import { runProgram } from "../support/cli.ts";

/** A job server of make, with some tokens in it. */
async function withServer(
  tokens: number,
  work: (flags: string, free: () => Promise<number>) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/fifo`;
  try {
    assert.equal((await runProgram("mkfifo", [path])).code, 0);
    using pipe = await Deno.open(path, { read: true, write: true });
    await pipe.write(new TextEncoder().encode("+".repeat(tokens)));
    await work(`-j --jobserver-auth=fifo:${path}`, async () => {
      const all = await holdAll(path);
      await pipe.write(new TextEncoder().encode("+".repeat(all)));
      return all;
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function holdAll(path: string): Promise<number> {
  const { stdout } = await new Deno.Command("dd", {
    args: [`if=${path}`, "bs=1", "count=1000", "iflag=nonblock"],
    stderr: "null",
  }).output();
  return stdout.length;
}

Deno.test("holdJobs() takes half of what is free, and gives it back", async () => {
  await withServer(7, async (flags, free) => {
    const first = await holdJobs({ CARGO_MAKEFLAGS: flags }, 16);
    assert.equal(first.jobs, 5);
    assert.equal(await free(), 3);
    const second = await holdJobs({ MAKEFLAGS: flags }, 16);
    assert.equal(second.jobs, 3);
    assert.equal(await free(), 1);
    const small = await holdJobs({ MAKEFLAGS: flags }, 1);
    assert.equal(small.jobs, 1);
    second.release();
    first.release();
    assert.equal(await free(), 7);
    // No more than it could use.
    const two = await holdJobs({ CARGO_MAKEFLAGS: flags }, 2);
    assert.equal(two.jobs, 2);
    assert.equal(await free(), 6);
    two.release();
  });
});

Deno.test("holdJobs() does not wait where nothing is free, and one job is always there", async () => {
  await withServer(0, async (flags) => {
    const held = await holdJobs({ CARGO_MAKEFLAGS: flags }, 16);
    assert.equal(held.jobs, 1);
    held.release();
  });
});

Deno.test("holdJobs() says nothing where there is no job server, or none that can be used", async () => {
  for (
    const flags of [
      undefined,
      "",
      "-j8",
      "--jobserver-auth=fifo:/nowhere",
      "--jobserver-auth=0,1000",
      "--jobserver-auth=-2,-2",
    ]
  ) {
    const held = await holdJobs(flags === undefined ? {} : { CARGO_MAKEFLAGS: flags }, 16);
    assert.equal(held.jobs, undefined, flags);
    held.release();
  }
});

Deno.test("what makes no code does one thing at a time", () => {
  assert.equal(compileJobs([], ["dep-info", "metadata"]), 1);
  assert.equal(compileJobs([], ["dep-info", "metadata", "link"]), 16);
  assert.equal(compileJobs(["-C", "codegen-units=1"], ["link"]), 1);
  assert.equal(compileJobs(["-Ccodegen-units=4"], []), 4);
});
