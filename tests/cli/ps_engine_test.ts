import assert from "node:assert/strict";
import type { PsEntry } from "../../cli/ps.ts";
import { labelsOf, type Lifetime } from "../../lib/containers/labels.ts";
import { formatOwner, identifyProcess } from "../../lib/containers/owner.ts";
import { connectEngine, type ContainerCreateBody } from "../../lib/engine/mod.ts";
import { ensureBaseImages } from "../../lib/engine/ensure/mod.ts";
import { superorch } from "../support/cli.ts";
import { testLabels } from "../support/gate_labels.ts";

Deno.test("superorch ps lists what carries our labels, with state, health, ports and owner", async () => {
  await using engine = await connectEngine();
  const { busybox } = await ensureBaseImages(engine);
  const project = `ps-${crypto.randomUUID().slice(0, 8)}`;
  const network = await engine.networks.create({ Name: project, Labels: testLabels() });
  const made: string[] = [];
  const create = async (
    name: string,
    owner: string,
    lifetime: Lifetime,
    more: Partial<ContainerCreateBody>,
  ) => {
    const labels = labelsOf({ run: "00", project, name, host: "h", spec: "s", owner, lifetime });
    const { Id } = await engine.containers.create(`${project}-${name}`, {
      Image: busybox,
      Cmd: ["sleep", "1000"],
      Labels: { ...testLabels(), ...labels },
      StopSignal: "SIGKILL",
      ...more,
      HostConfig: { NetworkMode: network, ...more.HostConfig },
    });
    made.push(Id);
    return Id;
  };
  try {
    const alive = formatOwner(await identifyProcess());
    // "kept", so that no sweep of another test takes it away meanwhile.
    const dead = formatOwner(await identifyOfDeadProcess());
    const web = await create("web", alive, "owner", {
      Healthcheck: { Test: ["CMD", "true"], Interval: 3_600_000_000_000 },
      ExposedPorts: { "80/tcp": {}, "81/tcp": {} },
      HostConfig: {
        NetworkMode: network,
        PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] },
      },
    });
    await create("db", dead, "kept", {});
    await engine.containers.start(web);

    const running = await listed(project, []);
    assert.deepEqual(running.map(({ name }) => name), ["web"]);
    const all = await listed(project, ["-a"]);
    assert.deepEqual(all.map(({ name }) => name), ["db", "web"]);
    const [db, entry] = all;
    assert.ok(db !== undefined && entry !== undefined);
    assert.equal(entry.id, web);
    assert.equal(entry.image, busybox);
    assert.equal(entry.state, "running");
    assert.equal(entry.health, "starting");
    assert.equal(entry.owner, "alive");
    assert.equal(entry.ownerPid, Deno.pid);
    assert.equal(entry.ports.length, 2);
    assert.match(entry.ports.join(), /127\.0\.0\.1:\d+->80\/tcp/);
    assert.ok(entry.ports.includes("81/tcp"));
    assert.ok(Math.abs(Date.parse(entry.created) - Date.now()) < 60_000);
    assert.equal(db.state, "created");
    assert.equal(db.health, null);
    assert.equal(db.owner, "dead");
    assert.equal(db.lifetime, "kept");

    const { stdout } = await superorch(["ps", "--all"]);
    const lines = stdout.split("\n");
    assert.equal(lines[0], "NAME\tPROJECT\tRUN\tIMAGE\tSTATE\tHEALTH\tPORTS\tAGE\tOWNER");
    const line = lines.find((text) => text.startsWith(`web\t${project}\t`));
    assert.match(
      line ?? "",
      new RegExp(`\trunning\tstarting\t.*\t\\d+s\talive \\(${Deno.pid}\\)$`),
    );
    const kept = lines.find((text) => text.startsWith(`db\t${project}\t`));
    assert.match(kept ?? "", /\tkept$/);
  } finally {
    for (const id of made) await engine.containers.remove(id, { force: true });
    await engine.networks.remove(network);
  }
});

async function listed(project: string, words: readonly string[]): Promise<readonly PsEntry[]> {
  const { code, stdout, stderr } = await superorch(["ps", "--json", ...words]);
  assert.equal(code, 0, stderr);
  const entries: readonly PsEntry[] = JSON.parse(stdout);
  return entries.filter((entry) => entry.project === project);
}

async function identifyOfDeadProcess(): Promise<Awaited<ReturnType<typeof identifyProcess>>> {
  const child = new Deno.Command("sleep", { args: ["1000"], stdin: "null" }).spawn();
  const owner = await identifyProcess(child.pid);
  child.kill("SIGKILL");
  await child.status;
  return owner;
}
