import assert from "node:assert/strict";
import { resolveSettings } from "../../lib/rustc_wrap/mod.ts";
import type { LogLevel, LogStyle } from "../../lib/rustc_wrap/mod.ts";
import { tracer } from "../../lib/rustc_wrap/trace.ts";

function traced(log: LogLevel, logStyle: LogStyle, isTerminal = false): string {
  let text = "";
  const stderr = {
    writeSync(bytes: Uint8Array) {
      text += new TextDecoder().decode(bytes);
      return bytes.length;
    },
  };
  const note = tracer({ logPath: "-", log, logStyle, stderr, isTerminal: () => isTerminal });
  note("is\nthere");
  for (const level of ["error", "warn", "debug", "trace"] as const) note(level, level);
  return text.replaceAll(/^\S+ \d+ /gm, "");
}

Deno.test("a trace has what its level allows, a line each", () => {
  assert.equal(traced("off", "auto"), "");
  assert.equal(traced("error", "auto"), "ERROR error\n");
  assert.equal(traced("info", "auto"), "INFO  is\\nthere\nERROR error\nWARN  warn\n");
  assert.equal(traced("trace", "never", true).split("\n").length, 6);
});

Deno.test("levels have colours on a terminal, or always, or never", () => {
  assert.equal(traced("error", "auto", true), "\x1b[31mERROR\x1b[0m error\n");
  assert.equal(traced("error", "always"), "\x1b[31mERROR\x1b[0m error\n");
  assert.equal(traced("error", "never", true), "ERROR error\n");
});

Deno.test("a level without a path writes beside the results, and off writes nothing", () => {
  const settings = (env: Record<string, string>) => {
    const found = resolveSettings({ HOME: "/h", ...env }).settings;
    return [found.logPath, found.log];
  };
  assert.deepEqual(settings({}), [undefined, "debug"]);
  assert.deepEqual(settings({ CARGOGREEN_LOG: "warn" }), [
    "/h/.cache/superorch/rustc-wrap/rustcbuildx.log",
    "warn",
  ]);
  assert.deepEqual(settings({ RUSTCBUILDX_LOG: "off" }), [undefined, "off"]);
  assert.deepEqual(settings({ RUSTCBUILDX_LOG_PATH: "-" }), ["-", "debug"]);
  assert.deepEqual(settings({ CARGOGREEN_LOG: "info", CARGOGREEN_CACHE_DIR: "" }), ["-", "info"]);
  assert.throws(() => settings({ CARGOGREEN_LOG: "loud" }), /it must be one of off, error, warn/);
});

Deno.test("settings that contradict docker's own, and values of the wrong form, are refused", () => {
  const refused = (env: Record<string, string>, message: RegExp) =>
    assert.throws(() => resolveSettings({ HOME: "/h", ...env }), message);
  refused(
    { CARGOGREEN_RUNNER: "docker", DOCKER_BUILDKIT: "0" },
    /^TypeError: Cannot use DOCKER_BUILDKIT="0"/,
  );
  refused(
    { CARGOGREEN_RUNNER: "buildx", BUILDKIT_HOST: "tcp://x", BUILDX_BUILDER: "mine" },
    /Cannot use BUILDKIT_HOST together with the builder "mine"/,
  );
  resolveSettings({ HOME: "/h", DOCKER_BUILDKIT: "0", BUILDKIT_HOST: "tcp://x" });
  refused(
    { CARGOGREEN_SYNTAX_IMAGE: "docker-image://example.org/docker/dockerfile:1" },
    /it must be docker\/dockerfile/,
  );
  for (const image of ["docker/dockerfile:1", "docker.io/docker/dockerfile:1.7@sha256:00"]) {
    const { settings } = resolveSettings({ HOME: "/h", RUSTCBUILDX_SYNTAX: image });
    assert.equal(settings.syntax, image);
  }
  refused({ CARGOGREEN_ULIMIT_NOFILE: "10:9" }, /it must look like "1024"/);
  refused({ CARGOGREEN_ULIMIT_NOFILE: "0" }, /it must look like "1024"/);
  refused({ CARGOGREEN_ULIMIT_NOFILE: "1;id" }, /it must look like "1024"/);
  refused({ CARGOGREEN_INCREMENTAL: "yes" }, /it must be 0 or 1/);
  refused({ CARGOGREEN_EXPERIMENT: "incremental,incremental" }, /it has an item twice/);
  refused({ CARGOGREEN_REGISTRY_MIRRORS: "https://mirror.gcr.io" }, /items must be hosts/);
  const { settings } = resolveSettings({ HOME: "/h", CARGOGREEN_ULIMIT_NOFILE: "1024" });
  assert.equal(settings.nofile, "1024:1024");
});
