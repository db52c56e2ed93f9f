import assert from "node:assert/strict";
import {
  connectEngine,
  type EngineClient,
  ImageNotFoundError,
  RegistryAuthError,
} from "../../lib/engine/mod.ts";
import { dockerCredentials } from "../../lib/registry/mod.ts";
import { importBusybox } from "../support/busybox_image.ts";
import { registryProblem, startRegistry } from "../support/registry_server.ts";
import { oneFileTar } from "../engine/_core_calls.ts";
import { openBench, testUnless, thrownBy, unique } from "../engine/_engine.ts";

const problem = await registryProblem();
const login = { username: "me", password: "pass word:ü" };

async function withImage(
  host: string,
  config: unknown,
  body: (engine: EngineClient, reference: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "superorch-push-" });
  await Deno.writeTextFile(`${directory}/config.json`, JSON.stringify(config));
  await Deno.writeTextFile(
    `${directory}/docker-credential-test`,
    `#!/bin/sh
[ "$1" = list ] && { echo '{"${host}":"me"}'; exit; }
read -r server
[ "$1 $server" = "get ${host}" ] || { echo "credentials not found in native keychain"; exit 1; }
echo '${JSON.stringify({ ServerURL: host, Username: login.username, Secret: login.password })}'
`,
    { mode: 0o755 },
  );
  const values: Readonly<Record<string, string>> = {
    DOCKER_CONFIG: directory,
    PATH: `${directory}:${Deno.env.get("PATH")}`,
  };
  const credentials = dockerCredentials({ env: (name) => values[name] });
  await using engine = await connectEngine({ credentials });
  const reference = `${host}/${unique("app")}:1.0`;
  try {
    await importBusybox(engine, reference);
    await body(engine, reference);
  } finally {
    await engine.images.remove(reference, { force: true });
    await Deno.remove(directory, { recursive: true });
  }
}

testUnless(problem, "push and pull bring an image to a registry and back", async () => {
  await using registry = await startRegistry();
  await withImage(registry.host, {}, async ({ images }, reference) => {
    const { Id } = await images.inspect(reference);
    const lines: string[] = [];
    const digest = await images.push(reference, {
      onProgress: ({ status }) => lines.push(status ?? ""),
    });
    assert.match(digest, /^sha256:[0-9a-f]{64}$/);
    assert.ok(lines.includes("Pushed"), lines.join());
    await images.remove(reference);
    await images.pull(reference);
    assert.equal((await images.inspect(reference)).Id, Id);
    const name = reference.slice(0, reference.lastIndexOf(":"));
    await images.pull(`${name}@${digest}`);
    await images.remove(`${name}@${digest}`);
    const error = await thrownBy(images.pull(`${name}:absent`));
    assert.ok(error instanceof ImageNotFoundError, `${error}`);
    assert.equal(error.subject, `${name}:absent`);
    const missing = await thrownBy(images.push(`${registry.host}/absent:1`));
    assert.ok(missing instanceof ImageNotFoundError, `${missing}`);
  });
});

for (
  const [what, config] of [
    ["auths", (host: string) => ({
      auths: {
        [host]: {
          auth: new TextEncoder().encode(`${login.username}:${login.password}`).toBase64(),
        },
      },
    })],
    ["credHelpers", (host: string) => ({ credHelpers: { [host]: "test" } })],
    ["credsStore", () => ({ credsStore: "test" })],
  ] as const
) {
  testUnless(problem, `push, pull and build find the password with ${what}`, async () => {
    await using registry = await startRegistry({ login });
    await withImage(registry.host, config(registry.host), async ({ images }, reference) => {
      await images.push(reference);
      await images.remove(reference);
      await images.pull(reference);
      await images.remove(reference);
      const built = `${unique("built")}:1`;
      await images.build(oneFileTar("Dockerfile", `FROM ${reference}\nCMD ["x"]\n`), { t: built });
      await images.remove(built);
    });
  });
}

testUnless(problem, "A registry that wants another password is a typed error", async () => {
  await using registry = await startRegistry({ login });
  const { host } = registry;
  const wrong = { auths: { [host]: { username: "me", password: "wrong" } } };
  for (const config of [{}, wrong]) {
    await withImage(host, config, async ({ images }, reference) => {
      for (const call of [() => images.push(reference), () => images.pull(reference)]) {
        const error = await thrownBy(call());
        assert.ok(error instanceof RegistryAuthError, `${error}`);
        assert.equal(error.subject, reference);
        assert.ok(!error.message.includes("wrong"));
      }
    });
  }
});

Deno.test("A registry that answers nonsense, or is not there, is an error with its name", async () => {
  let status = 500;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("<html>no registry</html>", { status }),
  );
  const reference = `127.0.0.1:${server.addr.port}/app:1`;
  await using bench = await openBench();
  for (status of [500, 404, 200]) {
    const error = await thrownBy(bench.engine.images.pull(reference)) as Error;
    assert.ok(error.message.includes(reference), error.message);
    assert.match(error.name, /EngineApiError|ImageNotFoundError/);
  }
  await server.shutdown();
  const error = await thrownBy(bench.engine.images.pull(reference)) as Error;
  assert.match(error.message, /connection refused/);
  await assert.rejects(bench.engine.images.pull("Not A Name"), TypeError);
});

Deno.test("save and load carry images, and history tells of their layers", async () => {
  await using bench = await openBench();
  const { images } = bench.engine;
  const { Id } = await images.inspect(bench.image);
  const bytes = await new Response(await images.save([bench.image])).bytes();
  await images.remove(bench.image);
  assert.deepEqual(await images.load(new Blob([bytes]).stream()), [bench.image]);
  assert.equal((await images.inspect(bench.image)).Id, Id);
  assert.equal((await images.history(bench.image)).length, 1);
  const absent = await thrownBy(images.save(["absent:1"]));
  assert.ok(absent instanceof ImageNotFoundError, `${absent}`);
  await assert.rejects(images.save([]), TypeError);
  const damaged = await thrownBy(images.load(new Blob(["no tar"]).stream()));
  assert.match((damaged as Error).name, /^EngineApiError$/);
});

Deno.test("Images without a name are pruned by label alone", async () => {
  await using bench = await openBench();
  const { images } = bench.engine;
  const labels = { ...bench.labels, "org.superorch.test.dangling": unique("d") };
  const [[key, value]] = Object.entries(labels).slice(-1) as [[string, string]];
  const changes = [`LABEL ${key}="${value}"`];
  const name = `${unique("dangling")}:1`;
  const tar = () => new Blob([new Uint8Array(1024)]).stream();
  const first = await images.import(name, tar(), { changes });
  const second = await images.import(name, tar(), { changes: [...changes, 'CMD ["x"]'] });
  assert.notEqual(first, second);
  const { deleted } = await images.prune({ labels: { [key]: value } });
  assert.deepEqual(deleted, [first]);
  assert.equal((await images.inspect(name)).Id, second);
  await images.remove(name);
});
