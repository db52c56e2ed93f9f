import assert from "node:assert/strict";
import {
  type CredentialResolver,
  DigestMismatchError,
  pullArtifact,
  pushArtifact,
  RegistryClient,
  RegistryError,
  RegistryNotFoundError,
  RegistryUnauthorizedError,
  sha256Digest,
  TITLE,
} from "../../lib/registry/mod.ts";
import { registryProblem, type RegistryServer, startRegistry } from "../support/registry_server.ts";

const problem = await registryProblem();
if (problem !== undefined) console.log(`Without a registry: ${problem}`);
const login = { username: "me", password: "pass word:ü" };
const credentials: CredentialResolver = {
  get: (serveraddress) => Promise.resolve({ ...login, serveraddress }),
  all: () => Promise.resolve({}),
};
const nobody: CredentialResolver = {
  get: () => Promise.resolve(undefined),
  all: () => Promise.resolve({}),
};

for (const [what, asked] of [["without", undefined], ["with", login]] as const) {
  const test = (name: string, body: (server: RegistryServer) => Promise<void>) =>
    Deno.test({
      name: `${name}, ${what} a password`,
      ignore: problem !== undefined,
      fn: async () => {
        await using server = await startRegistry(asked === undefined ? {} : { login: asked });
        await body(server);
      },
    });

  test("blobs come back as they went, from bytes, files and streams", async ({ host }) => {
    await using client = new RegistryClient(host, { credentials });
    await client.ping();
    const large = randomBytes(3_000_001);
    const directory = await Deno.makeTempDir();
    await Deno.writeFile(`${directory}/large`, large);
    const digest = await sha256Digest(large);
    const chunkBytes = 1_000_000;
    const progress: number[] = [];
    const sources = [
      { bytes: large },
      { path: `${directory}/large` },
      { stream: new Blob([large]).stream() },
    ];
    for (const [at, source] of sources.entries()) {
      const repository = `shop/${at}`;
      assert.equal(await client.blobs.exists(repository, digest), false);
      const onProgress = (bytes: number) => void progress.push(bytes);
      const put = await client.blobs.put(repository, source, { chunkBytes, onProgress });
      assert.deepEqual(put, { digest, sizeBytes: large.length, how: "sent" });
      assert.equal(await client.blobs.size(repository, digest), large.length);
      assert.deepEqual(await client.blobs.bytes(repository, digest), large);
      const again = await client.blobs.put(repository, { bytes: large });
      assert.equal(again.how, "present");
    }
    assert.deepEqual(progress.slice(0, 4), [1_000_000, 2_000_000, 3_000_000, 3_000_001]);
    // A short stream, an empty blob, a mounted one.
    const short = await client.blobs.put("shop/short", { stream: new Blob(["short"]).stream() });
    assert.equal(short.digest, await sha256Digest(new TextEncoder().encode("short")));
    const empty = await client.blobs.put("shop/short", { bytes: new Uint8Array() });
    assert.deepEqual(await client.blobs.bytes("shop/short", empty.digest), new Uint8Array());
    const mounted = await client.blobs.put("shop/other", { bytes: large }, { mountFrom: "shop/0" });
    assert.equal(mounted.how, "mounted");
    assert.equal(await client.blobs.mount("shop/more", digest, "shop/0"), true);
    assert.equal(await client.blobs.mount("shop/none", digest, "shop/absent"), false);
    await client.blobs.save("shop/0", digest, `${directory}/out/copy`, {
      mode: 0o640,
      parents: true,
    });
    assert.deepEqual(await Deno.readFile(`${directory}/out/copy`), large);
    await Deno.remove(directory, { recursive: true });
    await client.blobs.delete("shop/0", digest);
    assert.equal(await client.blobs.exists("shop/0", digest), false);
    await assert.rejects(client.blobs.get("shop/0", digest), RegistryNotFoundError);
  });

  test("manifests, tags and repositories are listed page by page, and deleted", async ({ host }) => {
    await using client = new RegistryClient(host, { credentials });
    const reference = `${host}/shop/app`;
    const layers = [{ bytes: new TextEncoder().encode("layer") }];
    for (const tag of ["a", "b", "c"]) {
      const annotations = { tag };
      await pushArtifact(`${reference}:${tag}`, { artifactType: "a/b", layers, annotations }, {
        client,
      });
    }
    const tags = await Array.fromAsync(client.tags("shop/app", { pageSize: 2 }));
    assert.deepEqual(tags.sort(), [..."abc"]);
    await pushArtifact(`${host}/another:1`, { artifactType: "a/b", layers }, { client });
    assert.deepEqual(await Array.fromAsync(client.catalog({ pageSize: 1 })), [
      "another",
      "shop/app",
    ]);
    const found = await client.manifests.head("shop/app", "a");
    assert.ok(found !== undefined);
    const { bytes, json, digest } = await client.manifests.get("shop/app", "a");
    assert.equal(digest, found.digest);
    assert.equal(await sha256Digest(bytes), digest);
    assert.deepEqual(json["annotations"], { tag: "a" });
    await client.manifests.delete("shop/app", digest);
    assert.equal(await client.manifests.head("shop/app", "a"), undefined);
    await assert.rejects(client.manifests.get("shop/app", "a"), (error) => {
      assert.ok(error instanceof RegistryNotFoundError);
      assert.equal(error.status, 404);
      assert.deepEqual(error.codes, ["MANIFEST_UNKNOWN"]);
      assert.ok(error.message.includes(`manifest "a" of ${host}/shop/app`), error.message);
      return true;
    });
    await assert.rejects(Array.fromAsync(client.tags("shop/absent")), RegistryNotFoundError);
    // A manifest whose layer is nowhere.
    const broken = { ...json, layers: [{ mediaType: "a/b", size: 1, digest: found.digest }] };
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const sending = client.manifests.put("shop/app", "broken", { mediaType, content: broken });
    await assert.rejects(sending, (error) => {
      assert.ok(error instanceof RegistryError && error.status === 400, `${error}`);
      return true;
    });
  });

  test("artifacts travel whole, and equal ones are one", async ({ host }) => {
    const directory = await Deno.makeTempDir();
    await Deno.writeTextFile(`${directory}/notes.txt`, "notes");
    const reference = `${host}/shop/artifact:1.0`;
    const artifact = () => ({
      artifactType: "application/vnd.test.thing.v1",
      layers: [
        { path: `${directory}/notes.txt`, mediaType: "text/plain" },
        { bytes: new Uint8Array([1, 2, 3]), annotations: { [TITLE]: "../../etc/passwd" } },
        { stream: new Blob(["streamed"]).stream(), annotations: { [TITLE]: "s" } },
        { bytes: new Uint8Array([4]) },
        { bytes: new Uint8Array([5]) },
      ],
      annotations: { version: "1.0" },
    });
    const pushed = await pushArtifact(reference, artifact(), { credentials });
    const again = await pushArtifact(reference, artifact(), { credentials });
    assert.equal(again.digest, pushed.digest);
    assert.equal(pushed.reference, `${reference}@${pushed.digest}`);
    {
      await using pulled = await pullArtifact(pushed.reference, {
        credentials,
        artifactType: "application/vnd.test.thing.v1",
      });
      assert.equal(pulled.digest, pushed.digest);
      assert.deepEqual(pulled.annotations, { version: "1.0" });
      assert.deepEqual(pulled.layers.map(({ title }) => title), [
        "notes.txt",
        undefined, // a name that leads out of a directory is none
        "s",
        undefined,
        undefined,
      ]);
      const texts = await Promise.all(
        pulled.layers.map(async (layer) => [...await layer.bytes()].length),
      );
      assert.deepEqual(texts, [5, 3, 8, 1, 1]);
      await pulled.layers[0]?.save(`${directory}/copy`);
      assert.equal(await Deno.readTextFile(`${directory}/copy`), "notes");
      await assert.rejects(
        pulled.layers[2]?.bytes({ limitBytes: 3 }) ?? Promise.resolve(),
        RangeError,
      );
    }
    await assert.rejects(
      pullArtifact(reference, { credentials, artifactType: "a/b" }),
      /Cannot pull .* it is application\/vnd\.test\.thing\.v1, not a\/b/,
    );
    await assert.rejects(
      pullArtifact(`${host}/shop/artifact:absent`, { credentials }),
      RegistryNotFoundError,
    );
    await Deno.remove(directory, { recursive: true });
  });

  test("what refers to a manifest is found, also where the registry keeps no list", async ({ host }) => {
    await using client = new RegistryClient(host, { credentials });
    const name = `${host}/shop/subject`;
    const subject = await pushArtifact(`${name}:1`, { artifactType: "a/b", layers: [] }, {
      client,
    });
    assert.deepEqual(await client.referrers("shop/subject", subject.digest), []);
    for (const artifactType of ["a/signature", "a/sbom", "a/signature"]) {
      const tag = artifactType.replace("/", "-");
      await pushArtifact(`${name}:${tag}`, { artifactType, layers: [], subject }, { client });
    }
    const all = await client.referrers("shop/subject", subject.digest);
    assert.deepEqual(all.map(({ artifactType }) => artifactType), ["a/signature", "a/sbom"]);
    const some = await client.referrers("shop/subject", subject.digest, { artifactType: "a/sbom" });
    assert.equal(some.length, 1);
  });
}

Deno.test({
  name: "a wrong password and none are refused without being told",
  ignore: problem !== undefined,
  fn: async () => {
    await using server = await startRegistry({ login });
    const wrong: CredentialResolver = {
      ...nobody,
      get: (serveraddress) =>
        Promise.resolve({ username: "me", password: "secret", serveraddress }),
    };
    for (const resolver of [nobody, wrong]) {
      await using client = new RegistryClient(server.host, { credentials: resolver });
      await assert.rejects(client.ping(), (error) => {
        assert.ok(error instanceof RegistryUnauthorizedError, `${error}`);
        assert.ok(error.message.includes(server.host));
        assert.ok(!error.message.includes("secret"));
        return true;
      });
      await assert.rejects(
        client.blobs.put("app", { bytes: new Uint8Array(1) }),
        (error) => error instanceof RegistryUnauthorizedError,
      );
    }
  },
});

Deno.test({
  name: "what is not what it should be is not put into a registry, and a stop leaves nothing",
  ignore: problem !== undefined,
  fn: async () => {
    await using server = await startRegistry();
    await using client = new RegistryClient(server.host);
    const digest = await sha256Digest(new Uint8Array([1]));
    const other = new Uint8Array(200);
    await assert.rejects(
      client.blobs.put("app", { bytes: other }, { digest }),
      DigestMismatchError,
    );
    const stream = new Blob([other]).stream();
    await assert.rejects(
      client.blobs.put("app", { stream }, { digest, chunkBytes: 50 }),
      DigestMismatchError,
    );
    assert.equal(await client.blobs.exists("app", digest), false);
    // A stream that fails, and one that never ends.
    const failing = new ReadableStream({
      pull(controller) {
        controller.error(new Error("the disk is gone"));
      },
    });
    await assert.rejects(client.blobs.put("app", { stream: failing }), /the disk is gone/);
    let cancelled = false;
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1000)),
      cancel: () => void (cancelled = true),
    });
    const stop = new AbortController();
    const reason = new Error("enough");
    await assert.rejects(
      client.blobs.put("app", { stream: endless }, {
        chunkBytes: 10_000,
        signal: stop.signal,
        onProgress: (bytes) => bytes > 50_000 && stop.abort(reason),
      }),
      reason,
    );
    assert.ok(cancelled);
    const uploads: string[] = [];
    for await (const path of walk(`${server.directory}/data`)) {
      // The registry writes down how far its hash was when it gave up the upload: nothing of ours.
      if (/\/_uploads\/(?!.*\/hashstates\/)/.test(path)) uploads.push(path);
    }
    assert.deepEqual(uploads, []);
    await assert.rejects(client.blobs.put("app", { path: "/absent" }), Deno.errors.NotFound);
  },
});

async function* walk(directory: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(directory)) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory) yield* walk(path);
    else yield path;
  }
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, length)));
  }
  return bytes;
}
