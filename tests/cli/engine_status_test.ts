import assert from "node:assert/strict";
import { superorch } from "../support/cli.ts";

Deno.test("engine status ends with 1 where no engine answers, and says why", async () => {
  const env = { DOCKER_HOST: "unix:///superorch/no/such/socket" };
  for (const args of [["engine", "status"], ["engine", "status", "--json"]]) {
    const { code, stdout, stderr } = await superorch(args, { env });
    assert.equal(code, 1, stderr);
    assert.ok(stdout.includes("unix:///superorch/no/such/socket"), stdout);
    assert.equal(stderr, "");
  }
});
