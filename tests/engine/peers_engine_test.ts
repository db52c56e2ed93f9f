import assert from "node:assert/strict";
import { EngineClient } from "../../lib/engine/mod.ts";
import { debian13Root } from "../support/debian_engine.ts";
import { podmanFiles, startPodman } from "../support/podman.ts";
import { privateEngineProblem, startPrivateEngine } from "../support/private_engine.ts";
import { coreCalls, oneFileTar } from "./_core_calls.ts";
import { testUnless, within } from "./_engine.ts";

const newer = await debian13Root();
const podman = await podmanFiles();

testUnless(
  await privateEngineProblem(),
  "The core calls work with the machine's own dockerd",
  async () => {
    await using daemon = await startPrivateEngine();
    await using engine = await daemon.connect();
    await within(60_000, "the core calls", coreCalls(engine, oneFileTar));
  },
);

testUnless(
  newer.skip,
  "The core calls work with Debian 13's dockerd and its newer API",
  async () => {
    await using daemon = await startPrivateEngine({ root: newer.root });
    await using engine = await daemon.connect();
    assert.equal(engine.apiVersion, "1.45");
    await within(60_000, "the core calls", coreCalls(engine, oneFileTar));
    await using older = await EngineClient.open(engine.endpoint, { apiVersion: "1.41" });
    await within(60_000, "the core calls", coreCalls(older, oneFileTar));
  },
);

testUnless(podman.skip, "The core calls work with podman's socket", async () => {
  await using service = await startPodman(podman.root!);
  await using engine = await EngineClient.open({ kind: "unix", path: service.socketPath });
  const { Components } = await engine.system.version();
  assert.ok(Components?.some(({ Name }) => Name === "Podman Engine"));
  await within(60_000, "the core calls", coreCalls(engine, oneFileTar));
});
