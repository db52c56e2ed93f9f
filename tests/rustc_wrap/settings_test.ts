import assert from "node:assert/strict";
import { derivedSteps } from "../../lib/rustc_wrap/base/derived_identity.ts";
import { resolveSettings, SETTINGS, settingsFiles } from "../../lib/rustc_wrap/mod.ts";

const rowOf = (found: ReturnType<typeof resolveSettings>, key: string) =>
  found.rows.find(({ row }) => row.key === key)!;

Deno.test("each setting has a variable of both names, or an older one", () => {
  for (const { names } of SETTINGS) {
    assert.ok(names.some((name) => name.startsWith("CARGOGREEN_")), names.join());
    assert.ok(names.some((name) => name.startsWith("RUSTCBUILDX_")), names.join());
  }
});

Deno.test("variables count over the crate, the workspace, the team and the user", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    const write = async (path: string, text: string) => {
      await Deno.mkdir(`${root}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${root}/${path}`, text);
    };
    await write(
      "ws/Cargo.toml",
      `[workspace]\nmembers = ["a"]\n[workspace.metadata.green]\nrunner = "none"\nset-envs = ["W"]\n` +
        `add = { apt = ["b", "a", "b"] }\n`,
    );
    await write(
      "ws/a/Cargo.toml",
      `[package]\nname = "a"\n[package.metadata.green]\nset-envs = ["P"]\n`,
    );
    await write("team.toml", `fallback = "never"\n[profile.ci]\ncache-limit = 7\n`);
    await write("config/superorch/rustc-wrap.toml", `fallback = "always"\ncache-limit = "1k"\n`);
    const env = {
      HOME: root,
      XDG_CONFIG_HOME: `${root}/config`,
      CARGOGREEN_TEAM_FILE: `${root}/team.toml`,
    };
    const read = async (more: Record<string, string>, words: readonly string[] = ["build"]) => {
      const all = { ...env, ...more };
      return resolveSettings(all, await settingsFiles({ env: all, cwd: `${root}/ws/a`, words }));
    };
    const found = await read({ RUSTCBUILDX_RUNNER: "local" });
    assert.equal(found.settings.runner, "local");
    assert.equal(rowOf(found, "runner").source, "RUSTCBUILDX_RUNNER");
    assert.deepEqual(found.settings.setEnvs, ["P"]);
    assert.equal(
      rowOf(found, "set-envs").source,
      `${root}/ws/a/Cargo.toml [package.metadata.green]`,
    );
    assert.deepEqual(found.settings.packages, ["a", "b"]);
    assert.equal(found.settings.fallback, "never");
    assert.equal(found.settings.cacheLimitBytes, 1000);
    assert.equal((await read({ CI: "true" })).settings.cacheLimitBytes, 7);
    assert.equal((await read({ CARGOGREEN_PROFILE: "ci" })).settings.cacheLimitBytes, 7);
    // What is installed has no say.
    assert.equal((await read({}, ["install", "x"])).settings.runner, "buildkit");
    await write("ws/a/Cargo.toml", `[package]\n[package.metadata.green]\nlog-path = "x"\n`);
    await assert.rejects(() => read({}), /only the variable CARGOGREEN_LOG_PATH sets it/);
    await write("ws/a/Cargo.toml", `[package]\n[package.metadata.green]\nruner = "x"\n`);
    await assert.rejects(() => read({}), /runer: there is no such setting/);
    await write("ws/a/Cargo.toml", `[package.metadata.green\n`);
    await assert.rejects(() => read({}), /Cannot read the settings in .*ws\/a\/Cargo\.toml/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("wrong values are refused, all of them at once, by the name of their place", () => {
  const wrong: readonly Record<string, string>[] = [
    { CARGOGREEN_SET_ENVS: "A,,B" },
    { CARGOGREEN_SET_ENVS: "A,A" },
    { CARGOGREEN_SET_ENVS: "A, B" },
    { CARGOGREEN_SET_ENVS: "'A'" },
    { CARGOGREEN_SET_ENVS: "A;B" },
    { CARGOGREEN_SET_ENVS: "A\\B" },
    { CARGOGREEN_SET_ENVS: "CARGOGREEN_LOG" },
    { CARGOGREEN_ADD_APT: "-o" },
    { CARGOGREEN_BASE_IMAGE: "rust:1" },
    { RUSTCBUILDX_BASE_IMAGE: "https://rust" },
    { CARGOGREEN_CACHE_IMAGES: "docker-image://x" },
    { CARGOGREEN_CACHE_IMAGES: `docker-image://a/b@sha256:${"0".repeat(64)}` },
    { CARGOGREEN_CACHE_FROM: "relative" },
    { CARGOGREEN_SHARE: "everything" },
  ];
  for (const env of wrong) {
    assert.throws(() => resolveSettings(env), { name: "TypeError" }, JSON.stringify(env));
  }
  assert.throws(
    () => resolveSettings({ CARGOGREEN_RUNNER: "x", RUSTCBUILDX_FALLBACK: "y" }),
    /CARGOGREEN_RUNNER="x".*\n.*RUSTCBUILDX_FALLBACK="y"/,
  );
  assert.equal(resolveSettings({ RUSTCBUILDX_BASE_IMAGE: "rust:1" }).settings.baseImage, "rust:1");
  assert.equal(
    resolveSettings({ CARGOGREEN_BASE_IMAGE: "docker-image://rust:1" }).settings.baseImage,
    "rust:1",
  );
  assert.equal(
    rowOf(
      resolveSettings({ CARGOGREEN_WITH_NETWORK: "host", CARGO_NET_OFFLINE: "1" }),
      "with-network",
    )
      .source,
    "CARGO_NET_OFFLINE",
  );
});

Deno.test("packages are added by the image's own manager, and only those that are named", () => {
  const settings = (env: Record<string, string>) =>
    derivedSteps(resolveSettings({ RUSTCBUILDX_BASE_IMAGE: "x", ...env }).settings);
  assert.equal(settings({}), "");
  const apt = settings({ CARGOGREEN_ADD_APT: "b,a,b" });
  assert.match(apt, /apt-get install --no-install-recommends -y a b &&/);
  assert.doesNotMatch(apt, /apk/);
  const two = settings({ CARGOGREEN_ADD_APT: "a", CARGOGREEN_ADD_APK: "z,y" });
  assert.match(two, /^RUN if command -v apt-get .*elif command -v apk .*apk add --no-cache y z; /s);
  assert.equal(settings({ CARGOGREEN_BASE_IMAGE_INLINE: "RUN true\n" }), "RUN true");
  // An image of this machine has its packages from this machine.
  assert.equal(settings({ RUSTCBUILDX_BASE_IMAGE: "", CARGOGREEN_ADD_APT: "a" }), "");
});
