import assert from "node:assert/strict";
import { container, type ContainerOptions, type ContainerSpec } from "../../lib/containers/mod.ts";
import { checkContainers } from "../../lib/containers/check_container.ts";

/** `deno run` does not check types: what people write, not what they should. */
function specOf(options: unknown, name = "a"): ContainerSpec {
  return container(name, "x", options as ContainerOptions);
}

function mistakeOf(...specs: readonly ContainerSpec[]): string {
  try {
    checkContainers(specs);
    return "";
  } catch (error) {
    assert.ok(error instanceof TypeError || error instanceof RangeError);
    return error.message;
  }
}

Deno.test("what is right passes", () => {
  assert.equal(mistakeOf(), "");
  assert.equal(
    mistakeOf(specOf({
      command: [],
      entrypoint: ["sh"],
      env: { A: "", B: "x=y\nz" },
      volumes: [{ bind: ".", target: "/a" }, { volume: "v", target: "/b" }, { tmpfs: "/c" }],
      files: [{ target: "/d", content: "" }],
      health: { test: "true", intervalMs: 100, timeoutMs: 0, retries: 0 },
      memorySwapBytes: -1,
      oomScoreAdj: -500,
      recordLimitBytes: Infinity,
      stopTimeoutMs: 0,
    })),
    "",
  );
  assert.equal(mistakeOf(specOf({ health: "" }), specOf({ health: [] }, "b")), "");
});

for (
  const [what, options, message] of [
    ["a command as one text", { command: "sleep 10" }, /command must be a list of texts/],
    ["an entry point with a number", { entrypoint: ["sh", 1] }, /entrypoint must be a list/],
    ["an unset variable", { env: { TOKEN: undefined } }, /"TOKEN" must be a text .* undefined/],
    ["a variable that is a number", { env: { PORT: 80 } }, /"PORT" must be a text .* 80/],
    ["a name with an equals sign", { env: { "A=B": "1" } }, /"A=B" cannot be the name/],
    ["a variable without a name", { env: { "": "1" } }, /"" cannot be the name/],
    ["a NUL", { env: { A: "\0" } }, /"A" must be a text without NUL/],
    ["a volume as in a compose file", { volumes: ["./a:/b"] }, /".\/a:\/b" is no volume/],
    ["a relative target", { volumes: [{ bind: ".", target: "x" }] }, /"x" the path must be absol/],
    ["no target", { volumes: [{ bind: "." }] }, /undefined the path must be absolute/],
    ["a target twice", { volumes: [{ tmpfs: "/x" }, { tmpfs: "/x" }] }, /two volumes .* "\/x"/],
    ["a relative copy", { files: [{ target: "x", content: "" }] }, /to copy to "x" the path/],
    ["a test that is none", { health: { test: 3 } }, /the test of its health check is 3/],
    ["a negative interval", { health: { test: "x", intervalMs: -1 } }, /"intervalMs" .* is -1/],
    ["an interval that is too short", { health: { test: "x", intervalMs: 0.1 } }, /is 0.1/],
    ["NaN, which would be no limit", { memoryBytes: NaN }, /"memoryBytes" is NaN/],
    ["an endless number for the engine", { cpus: Infinity }, /"cpus" is Infinity/],
    ["a negative time", { stopTimeoutMs: -5 }, /"stopTimeoutMs" is -5/],
    ["a negative limit", { logLimitBytes: -1 }, /"logLimitBytes" is -1/],
    ["a port that is none", { ports: [70_000] }, /port 70000/],
  ] as const
) {
  Deno.test(`a mistake: ${what}`, () => {
    assert.match(mistakeOf(specOf(options)), message);
    assert.match(mistakeOf(specOf(options)), /container "a"/);
  });
}

Deno.test("all mistakes of a container are told at once", () => {
  assert.equal(
    mistakeOf(specOf({ command: "x", memoryBytes: NaN })),
    'Cannot make container "a": its command must be a list of texts, like ["sh", "-c", "…"]; ' +
      '"memoryBytes" is NaN',
  );
});

Deno.test("two containers cannot have one port of the host", () => {
  const port = { container: 80, host: 18_080 };
  assert.equal(
    mistakeOf(specOf({ ports: [port] }), specOf({ ports: [port] }, "b")),
    'Cannot publish 127.0.0.1:18080/tcp for "b": "a" has it already',
  );
  const others = [{ ...port, protocol: "udp" }, { ...port, hostIp: "127.0.0.2" }];
  assert.equal(mistakeOf(specOf({ ports: [port] }), specOf({ ports: others }, "b")), "");
  assert.equal(mistakeOf(specOf({ ports: [80] }), specOf({ ports: [80] }, "b")), "");
});
