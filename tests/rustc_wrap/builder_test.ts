import assert from "node:assert/strict";
import { builderSpec } from "../../lib/rustc_wrap/builders/builder_spec.ts";
import { chooseBuilder } from "../../lib/rustc_wrap/builders/choose_builder.ts";
import {
  checkSetup,
  ClientRunner,
  makePlan,
  recreateOwnBuilder,
  removeOwnBuilder,
  resolveSettings,
} from "../../lib/rustc_wrap/mod.ts";
import { findClient } from "../../lib/rustc_wrap/runners/docker_client.ts";

/** Writes down its words, and keeps builders as names of files. */
const DOCKER = `#!/bin/sh
dir=@DIR@
echo "$*" >>"$dir/calls"
case $* in
version*) echo 28.0.0 28.0.0 ;;
'buildx version') echo github.com/docker/buildx v0.20.0 ;;
'buildx build --help') echo --build-context ;;
'buildx create --help') echo --buildkitd-config --buildkitd-flags ;;
'buildx inspect --bootstrap '*)
  [ ! -e "$dir/broken" ] || { rm "$dir/broken"; echo 'ERROR: no such image' >&2; exit 1; } ;;
'buildx inspect') printf 'Name: default\\nDriver: docker\\n' ;;
'buildx inspect '*)
  [ -e "$dir/builders/$3" ] || { echo "ERROR: no builder" >&2; exit 1; }
  printf 'Name: %s\\nDriver: docker-container\\n' "$3" ;;
'buildx create '*)
  name=\${3#--name=}; : >"$dir/builders/$name"
  for word; do case $word in --buildkitd-config=*) cp "\${word#*=}" "$dir/config" ;; esac; done ;;
'buildx rm '*) for name; do :; done; rm "$dir/builders/$name" ;;
*) echo "unknown words: $*" >&2; exit 2 ;;
esac
`;

async function withDocker(
  work: (lab: {
    choose: (env?: Record<string, string>) => Promise<unknown>;
    settings: (env?: Record<string, string>) => ReturnType<typeof resolveSettings>["settings"];
    env: Record<string, string>;
    directory: string;
    calls: () => string[];
  }) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "builder-" });
  try {
    await Deno.mkdir(`${directory}/builders`);
    const docker = DOCKER.replace("@DIR@", `'${directory}'`);
    await Deno.writeTextFile(`${directory}/docker`, docker, { mode: 0o755 });
    const env = {
      PATH: `${directory}:/usr/bin:/bin`,
      HOME: directory,
      CARGOGREEN_RUNNER: "buildx",
      CARGOGREEN_CACHE_DIR: `${directory}/cache`,
    };
    const settings = (more = {}) => resolveSettings({ ...env, ...more }).settings;
    await work({
      directory,
      env,
      settings,
      calls: () => {
        const path = `${directory}/calls`;
        const lines = Deno.readTextFileSync(path).trim().split("\n");
        Deno.removeSync(path);
        return lines.filter((line) => !/^(?:version|buildx version|buildx \w+ --help)/.test(line));
      },
      choose: async (more = {}) => {
        const client = await findClient("buildx", { env, cacheDir: undefined });
        const options = { settings: settings(more), env: { ...env, ...more }, again: false };
        return await chooseBuilder(client, options);
      },
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const CREATE = "buildx create --name=supergreen --driver=docker-container " +
  "--driver-opt=image=docker.io/moby/buildkit:latest";

Deno.test("a builder of our own is made once, with its mirrors, and used from then on", async () => {
  await withDocker(async ({ choose, calls, directory }) => {
    const made = { name: "supergreen", driver: "docker-container" };
    assert.deepEqual(await choose(), made);
    const config = `${directory}/cache/builders/supergreen.toml`;
    assert.deepEqual(calls(), [
      "buildx inspect supergreen",
      `${CREATE} --buildkitd-config=${config}`,
      "buildx inspect --bootstrap supergreen",
    ]);
    assert.equal(
      await Deno.readTextFile(`${directory}/config`),
      `[registry."docker.io"]\n  mirrors = ["mirror.gcr.io", "public.ecr.aws/docker"]\n`,
    );
    // Nobody is asked for ten minutes.
    assert.deepEqual(await choose(), made);
    assert.deepEqual(calls(), []);
  });
});

Deno.test("another image or other mirrors make it anew, with what it had where that works", async () => {
  await withDocker(async ({ choose, calls, directory }) => {
    await choose();
    calls();
    const env = {
      CARGOGREEN_BUILDER_IMAGE: "docker-image://example.org/buildkit:1",
      CARGOGREEN_REGISTRY_MIRRORS: "",
    };
    await choose(env);
    const create = CREATE.replace("docker.io/moby/buildkit:latest", "example.org/buildkit:1");
    assert.deepEqual(calls(), [
      "buildx inspect supergreen",
      "buildx rm --keep-state --force supergreen",
      create,
      "buildx inspect --bootstrap supergreen",
    ]);
    await Deno.writeTextFile(`${directory}/broken`, "");
    await choose();
    const words = calls();
    assert.deepEqual(words.filter((line) => line.startsWith("buildx rm")), [
      "buildx rm --keep-state --force supergreen",
      "buildx rm --keep-state --force supergreen",
    ]);
    assert.equal(words.filter((line) => line.startsWith("buildx create")).length, 2);
  });
});

Deno.test("one that does not start is told, and not taken for a builder afterwards", async () => {
  await withDocker(async ({ choose, directory }) => {
    await Deno.writeTextFile(`${directory}/broken`, "");
    await assert.rejects(choose, {
      name: "InfrastructureError",
      message: "Cannot start the builder supergreen of docker.io/moby/buildkit:latest: " +
        "no such image; BUILDX_BUILDER= builds with the engine's own",
    });
    assert.deepEqual([...Deno.readDirSync(`${directory}/builders`)], []);
  });
});

Deno.test("a named builder must be there, and none is docker's own choice", async () => {
  await withDocker(async ({ choose, calls, directory, settings, env }) => {
    await assert.rejects(() => choose({ BUILDX_BUILDER: "mine" }), {
      message: 'Cannot use the builder "mine": there is none of that name',
    });
    await Deno.writeTextFile(`${directory}/builders/mine`, "");
    calls();
    assert.deepEqual(await choose({ BUILDX_BUILDER: "mine" }), {
      name: "mine",
      driver: "docker-container",
    });
    assert.deepEqual(await choose({ BUILDX_BUILDER: "" }), { name: "", driver: "docker" });
    assert.deepEqual(calls(), ["buildx inspect mine", "buildx inspect"]);
    const looked = async (more: Record<string, string>) =>
      (await checkSetup({ settings: settings(more), env, cwd: directory }))
        .filter(({ what }) => what === "builder").map(({ ok, found }) => `${ok} ${found}`);
    assert.deepEqual(await looked({}), ["true supergreen: made when it is first needed"]);
    assert.deepEqual(await looked({ BUILDX_BUILDER: "mine" }), ["true mine: docker-container"]);
    assert.deepEqual(await looked({ BUILDX_BUILDER: "no" }), ['false There is no builder "no"']);
    calls();
    // `docker build` is the engine's own as long as nobody says otherwise.
    assert.equal(await choose({ CARGOGREEN_RUNNER: "docker" }), undefined);
  });
});

Deno.test("commands remove our builder and make it anew, with or without what it had", async () => {
  await withDocker(async ({ settings, env, calls, directory }) => {
    const options = { settings: settings(), env };
    assert.equal(await removeOwnBuilder(options), undefined);
    assert.equal(await recreateOwnBuilder({ ...options, clean: false }), "supergreen");
    calls();
    assert.equal(await recreateOwnBuilder({ ...options, clean: false }), "supergreen");
    assert.equal(
      calls().filter((line) => line === "buildx rm --keep-state --force supergreen").length,
      1,
    );
    await recreateOwnBuilder({ ...options, clean: true });
    const words = calls();
    assert.ok(words.includes("buildx rm --force supergreen"), words.join("\n"));
    assert.equal(words.filter((line) => line.startsWith("buildx create")).length, 1);
    assert.equal(await removeOwnBuilder(options), "supergreen");
    assert.deepEqual([...Deno.readDirSync(`${directory}/builders`)], []);
  });
});

Deno.test("registries on this machine are asked in the clear, and over its own network", () => {
  const spec = (env: Record<string, string>) =>
    builderSpec(resolveSettings({ HOME: "/home/x", ...env }).settings);
  const local = spec({
    CARGOGREEN_REGISTRY_MIRRORS: "127.0.0.1:5001,mirror.gcr.io",
    CARGOGREEN_CACHE_IMAGES: "docker-image://localhost:5000/a/b,docker-image://ghcr.io/a/b",
    CARGOGREEN_WITH_NETWORK: "host",
  });
  assert.equal(local.hostNetwork, true);
  assert.equal(local.flags, "--allow-insecure-entitlement=network.host");
  assert.equal(
    local.config,
    `[registry."docker.io"]
  mirrors = ["127.0.0.1:5001", "mirror.gcr.io"]

[registry."127.0.0.1:5001"]
  http = true
  insecure = true

[registry."localhost:5000"]
  http = true
  insecure = true
`,
  );
  const far = spec({ CARGOGREEN_CACHE_IMAGES: "docker-image://localhost.example.org/a" });
  assert.deepEqual([far.hostNetwork, far.flags], [false, ""]);
  assert.equal(spec({ CARGOGREEN_REGISTRY_MIRRORS: "" }).config, "");
});

Deno.test("the builder's own cache goes to repositories only for what is public, and only from builders of their own", async () => {
  const directory = await Deno.makeTempDir({ prefix: "builder-" });
  try {
    await Deno.writeTextFile(
      `${directory}/docker`,
      `#!/bin/sh\ncase $* in\nversion*) echo 28.0.0 28.0.0 ;;\n'buildx version') echo buildx ;;\n` +
        `*--help) ;;\n*) echo "$BUILDX_BUILDER: $*" >>'${directory}/calls'; echo no >&2; exit 1 ;;\nesac\n`,
      { mode: 0o755 },
    );
    const plan = await makePlan({
      id: "a-0123456789abcdef",
      kind: "compile",
      base: { image: "x", identity: "x", rustc: "rustc" },
      argv: ["rustc"],
      env: {},
      cwd: "/w/a",
      outDir: "/w/a",
      roots: ["/w/a"],
      entries: [],
      network: "none",
    });
    const words = async (driver: string, isPublic: boolean) => {
      await using runner = new ClientRunner("buildx", {
        env: { PATH: `${directory}:/usr/bin:/bin` },
        cacheDir: undefined,
        ensureBase: () => Promise.resolve(),
        builder: () => Promise.resolve({ name: "mine", driver }),
        cacheImages: { from: ["r.example/c"], to: ["r.example/c"] },
      });
      await assert.rejects(() => runner.run(plan, { isPublic }), /Cannot build with buildx: no/);
      const text = await Deno.readTextFile(`${directory}/calls`);
      await Deno.remove(`${directory}/calls`);
      return text.trim().split(" ").filter((word) => !/^--(?:progress|network|target)=/.test(word));
    };
    const reference = "type=registry,ref=r.example/c:buildkit-out-a-0123456789abcdef";
    const plain = ["mine:", "buildx", "build", "-f", "Dockerfile", `--cache-from=${reference}`];
    const end = ["--output=type=tar,dest=-", "-"];
    assert.deepEqual(await words("docker-container", true), [
      ...plain,
      `--cache-to=${reference},mode=max,image-manifest=true,ignore-error=false`,
      ...end,
    ]);
    assert.deepEqual(await words("docker-container", false), [...plain, ...end]);
    assert.deepEqual(await words("docker", true), [...plain, ...end]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
