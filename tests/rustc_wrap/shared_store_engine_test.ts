// gate-timeout: 240 s
import assert from "node:assert/strict";
import {
  decodeResult,
  DirectoryStore,
  encodeResult,
  HttpStore,
  RegistryStore,
} from "../../lib/rustc_wrap/mod.ts";
import type { BlobStore } from "../../lib/rustc_wrap/mod.ts";
import { fillIn, openShared } from "../../lib/rustc_wrap/shared_store/open_shared.ts";
import { visibilityOf } from "../../lib/rustc_wrap/visibility.ts";
import { RegistryClient } from "../../lib/registry/mod.ts";
import { registryProblem, startRegistry } from "../support/registry_server.ts";
import { NO_CARGO, Workspace } from "./_workspace.ts";

const KEY = "ab".repeat(32);
const BYTES = new Uint8Array([0, 1, 2, 255]);
const noRegistry = await registryProblem();

async function keepsAndGives(store: BlobStore): Promise<void> {
  assert.equal(store.keepsPrivate, false);
  assert.equal(await store.get("result", KEY), undefined);
  await store.put("result", KEY, BYTES, { label: "x-1" });
  assert.deepEqual(await store.get("result", KEY), BYTES);
  assert.equal(await store.get("inputs", KEY), undefined);
  await store.put("inputs", KEY, BYTES);
  await store.put("inputs", KEY, BYTES.slice(1));
  assert.deepEqual(await store.get("inputs", KEY), BYTES.slice(1));
  await assert.rejects(() => store.get("result", "../x"), TypeError);
}

Deno.test("a shared directory keeps results", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await using store = new DirectoryStore(`${directory}/deep/er`);
    await keepsAndGives(store);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** A server that keeps what is put, and fails when it is told to. */
function serveBlobs(fails: () => boolean) {
  const kept = new Map<string, Uint8Array<ArrayBuffer>>();
  const requests: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (r) => {
    const { pathname } = new URL(r.url);
    requests.push(`${r.method} ${pathname} ${r.headers.get("authorization") ?? ""}`.trim());
    const body = await r.bytes();
    if (fails()) return new Response("no", { status: 500 });
    if (r.method === "PUT") {
      kept.set(pathname, body);
      return new Response(null, { status: 201 });
    }
    const found = kept.get(pathname);
    return found === undefined ? new Response("?", { status: 404 }) : new Response(found);
  });
  return { server, kept, requests, address: `http://127.0.0.1:${server.addr.port}` };
}

Deno.test("a plain HTTP server keeps results, and gets the login of the address", async () => {
  const { server, requests, address } = serveBlobs(() => false);
  await using _server = server;
  await using store = new HttpStore(`${address.replace("//", "//me:pass%40word@")}/cache/`);
  assert.equal(store.name, `${address}/cache`);
  await keepsAndGives(store);
  assert.equal(requests[0], `GET /cache/result/${KEY} Basic ${btoa("me:pass@word")}`);
});

Deno.test("a registry keeps results as image manifests under tags of their own", {
  ignore: noRegistry !== undefined,
}, async () => {
  await using registry = await startRegistry();
  await using store = new RegistryStore(`${registry.host}/team/cache:cached-main`);
  await keepsAndGives(store);
  await using client = new RegistryClient(registry.host);
  const tags = await Array.fromAsync(client.tags("team/cache"));
  assert.deepEqual(tags.sort(), [`cached-main.inputs-${KEY}`, `cached-main.result-${KEY}`]);
  const { mediaType } = await client.manifests.get("team/cache", tags[0]!);
  assert.equal(mediaType, "application/vnd.oci.image.manifest.v1+json");
});

Deno.test("a shared place that fails is told once and not asked again", async () => {
  let failing = false;
  const { server, requests, address } = serveBlobs(() => failing);
  await using _server = server;
  const failed: string[] = [];
  const [store] = await openShared({ cacheFrom: [address], cacheTo: [address] }, {
    env: {},
    cwd: "/",
    hasFailed: (name) => failed.includes(name),
    onFailure: (name) => failed.push(name),
  });
  await store!.put("result", KEY, BYTES);
  failing = true;
  assert.equal(await store!.get("result", KEY), undefined);
  await store!.put("result", KEY, BYTES);
  assert.deepEqual(failed, [address]);
  assert.equal(requests.length, 2);
});

Deno.test("what is only taken is never sent, and the other way round", async () => {
  const { server, requests, address } = serveBlobs(() => false);
  await using _server = server;
  const options = { env: {}, cwd: "/", hasFailed: () => false, onFailure: () => {} };
  const [from] = await openShared({ cacheFrom: [address], cacheTo: [] }, options);
  await from!.put("result", KEY, BYTES);
  const [to] = await openShared({ cacheFrom: [], cacheTo: [address] }, options);
  assert.equal(await to!.get("result", KEY), undefined);
  assert.deepEqual(requests, []);
});

Deno.test("{branch} stands for the branch, in letters of a tag", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    const place = "docker-image://r/x:cached-{branch}";
    assert.match(
      fillIn(place, { env: { GITHUB_HEAD_REF: "me/fix #1" }, cwd }),
      /:cached-me-fix-1$/,
    );
    await Deno.mkdir(`${cwd}/.git`);
    await Deno.writeTextFile(`${cwd}/.git/HEAD`, "ref: refs/heads/main\n");
    assert.match(fillIn(place, { env: {}, cwd }), /:cached-main$/);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

Deno.test("only crates.io is public unless more is shared, and never beside private units", () => {
  const source = (kind: "registry" | "member" | "git", visibility: "public" | "private") => ({
    kind,
    visibility,
    packageDir: "/p",
    root: "/p",
  });
  const share = ["registry"] as const;
  assert.equal(visibilityOf(source("registry", "public"), { share }), "public");
  assert.equal(visibilityOf(source("registry", "private"), { share }), "private");
  assert.equal(visibilityOf(source("git", "private"), { share }), "private");
  assert.equal(visibilityOf(source("git", "private"), { share: ["git"] }), "public");
  assert.equal(visibilityOf(source("registry", "public"), { share: [] }), "private");
  assert.equal(visibilityOf(source("registry", "public"), { share }, ["/none/libx"]), "private");
});

const TWO = {
  "Cargo.toml": `[workspace]\nresolver = "2"\nmembers = ["a", "b"]\n`,
  "a/Cargo.toml": `[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n`,
  "a/src/lib.rs": `pub fn a() -> &'static str { "NONCE" }\n`,
  "b/Cargo.toml":
    `[package]\nname = "b"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\na = { path = "../a" }\n`,
  "b/src/main.rs": `fn main() { println!("{}", a::a()); }\n`,
};

Deno.test("another machine takes results from a shared place; private ones never get there", {
  ignore: NO_CARGO,
}, async () => {
  await using ws = await Workspace.create(TWO);
  const shared = `${ws.root}/shared`;
  const env = { RUSTCBUILDX_RUNNER: "local", CARGOGREEN_CACHE_TO: shared };
  await ws.build(["build"], { env });
  await assert.rejects(() => Deno.stat(shared), Deno.errors.NotFound);
  await ws.clean();
  await Deno.remove(`${ws.root}/cache`, { recursive: true });
  await ws.build(["build"], { env: { ...env, CARGOGREEN_SHARE: "member" } });
  await ws.clean();
  await Deno.remove(`${ws.root}/cache`, { recursive: true });
  await ws.forget();
  await ws.build(["build"], {
    env: { RUSTCBUILDX_RUNNER: "local", CARGOGREEN_CACHE_FROM: shared },
  });
  assert.deepEqual((await ws.units()).hits, ["a", "b"]);
});

Deno.test("a server that fails in the middle costs one line, and no build", {
  ignore: NO_CARGO,
}, async () => {
  let left = 3;
  const { server, address } = serveBlobs(() => left-- <= 0);
  await using _server = server;
  await using ws = await Workspace.create(TWO);
  const ran = await ws.build(["build"], {
    env: {
      RUSTCBUILDX_RUNNER: "local",
      CARGOGREEN_SHARE: "member",
      CARGOGREEN_CACHE_FROM: address,
      CARGOGREEN_CACHE_TO: address,
    },
  });
  assert.equal(ran.stderr.split("goes on without").length - 1, 1, ran.stderr);
});

Deno.test("a shared result that leads out of its directory counts as damaged", async () => {
  for (const path of ["../x", "/x", "a/../../x"]) {
    const bytes = await encodeResult({
      code: 0,
      stdout: new Uint8Array(),
      stderr: new Uint8Array(),
      files: [{ path, mode: 0o644, content: new Uint8Array(1) }],
    });
    assert.equal(decodeResult(bytes), undefined, path);
  }
});
