import assert from "node:assert/strict";
import { loadManifest, planRun, runEvents, runPlan } from "../../lib/buildr/mod.ts";
import { tarStream } from "../../lib/engine/tar/mod.ts";
import { IMAGE, Project } from "./_project.ts";

const MANIFEST = `
version: 2
image: ${IMAGE}
stages: [a, b]
a: { script: [echo one, echo two >&2] }
b: { script: [cat big] }
`;

async function project(): Promise<Project> {
  return await Project.make({ ".buildr.yml": MANIFEST, big: "x".repeat(3_000_000) });
}

Deno.test("runEvents() gives the whole run as plain data, in order, and its result at the end", async () => {
  await using made = await project();
  const plan = planRun(await loadManifest({ path: made.path }));
  const events = runEvents(plan, { engine: made.engine, env: (name) => made.env[name] });
  const kinds: string[] = [];
  let text = "";
  let next = await events.next();
  for (; !next.done; next = await events.next()) {
    const event = next.value;
    assert.deepEqual(JSON.parse(JSON.stringify(event)), event);
    if (event.type === "output") text += event.text;
    else if (event.type !== "note") {
      kinds.push("node" in event ? `${event.type} ${event.node}` : event.type);
    }
  }
  assert.deepEqual(kinds, [
    "run_started",
    "stage_started a",
    "script_started a",
    "script_finished a",
    "script_started a",
    "script_finished a",
    "stage_finished a",
    "stage_started b",
    "script_started b",
    "script_finished b",
    "stage_finished b",
    "run_finished",
  ]);
  assert.equal(text, `one\ntwo\n${"x".repeat(3_000_000)}`);
  assert.equal(next.value.status, "passed");
  await made.nothingLeft();
});

Deno.test("to stop taking events ends the run; nothing is left", async () => {
  await using made = await project();
  const plan = planRun(await loadManifest({ path: made.path }));
  for await (
    const event of runEvents(plan, {
      engine: made.engine,
      env: (name) => made.env[name],
    })
  ) {
    if (event.type === "output") break;
  }
  await made.nothingLeft();
});

Deno.test("an aborted run is canceled; a listener that throws gets its error back; nothing is left", async () => {
  await using made = await project();
  const plan = planRun(await loadManifest({ path: made.path }));
  const options = { engine: made.engine, env: (name: string) => made.env[name] };
  const stop = new AbortController();
  const result = await runPlan(plan, {
    ...options,
    signal: stop.signal,
    onOutput: () => stop.abort(new Error("enough")),
  });
  assert.deepEqual([result.status, result.exitCode], ["canceled", 130]);
  assert.deepEqual(result.nodes.map(({ status }) => status), ["canceled", "skipped"]);
  await assert.rejects(
    runPlan(plan, {
      ...options,
      onEvent: () => {
        throw new TypeError("the listener is broken");
      },
    }),
    /the listener is broken/,
  );
  await made.nothingLeft();
});

Deno.test("an image whose entry point is no shell, or that has none, is told as that", async () => {
  await using made = await project();
  const name = `superorch/test-entry:${crypto.randomUUID().slice(0, 8)}`;
  const id = await made.engine.images.build(dockerfile(`FROM ${IMAGE}\nENTRYPOINT ["false"]\n`), {
    t: name,
  });
  try {
    await made.write(".buildr.yml", `image: ${name}\nstages: [a]\na: { script: [echo A] }\n`);
    const { code, stderr } = await made.buildr();
    assert.equal(code, 255, stderr);
    assert.match(stderr, /the entry point of "superorch\/test-entry:.* does not go on to run "sh"/);
  } finally {
    await made.engine.images.remove(name, { force: true });
    await made.engine.images.remove(id, { force: true });
  }
});

Deno.test("on an engine that is not on this machine, stages work on a copy of the project", async () => {
  await using made = await Project.make({
    ".buildr.yml": `
version: 2
image: ${IMAGE}
docker: false
stages: [a]
a: { script: [cat given, echo x > made], artifacts: { paths: [made] } }
`,
    given: "given\n",
  });
  const { endpoint } = made.engine;
  assert.ok(endpoint.kind === "unix");
  await using proxy = forward(endpoint.path);
  const ran = await made.buildr([], { env: { DOCKER_HOST: `tcp://127.0.0.1:${proxy.port}` } });
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal(ran.stdout, "given\n");
  assert.match(ran.stderr, /stages work on a copy of the project/);
  assert.equal(await made.has("made"), false);
  assert.equal(await made.read(".buildr-out/artifacts/a/made"), "x\n");
});

function dockerfile(content: string): ReadableStream<Uint8Array> {
  return tarStream([{ kind: "file", path: "Dockerfile", content }]);
}

/** Passes what comes to a port on to a socket. */
function forward(path: string): { readonly port: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const pipe = async (source: Deno.Conn, target: Deno.Conn) => {
    const buffer = new Uint8Array(65536);
    for (let count = await source.read(buffer); count !== null; count = await source.read(buffer)) {
      for (let done = 0; done < count;) done += await target.write(buffer.subarray(done, count));
    }
    await target.closeWrite();
  };
  const serving = (async () => {
    for await (const near of listener) {
      const far = await Deno.connect({ transport: "unix", path });
      open.add(near).add(far);
      void Promise.allSettled([pipe(near, far), pipe(far, near)]).then(() => {
        for (const one of [near, far]) if (open.delete(one)) one.close();
      });
    }
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving.catch(() => {}); // that is what ends it
      for (const one of open) one.close();
      open.clear();
    },
  };
}
