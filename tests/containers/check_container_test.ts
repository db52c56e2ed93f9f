import assert from "node:assert/strict";
import { command } from "../../lib/commands/mod.ts";
import {
  container,
  type ContainerOptions,
  type ContainerSpec,
  hostCommand,
} from "../../lib/containers/mod.ts";
import { checkContainers, checkNodes } from "../../lib/containers/check_container.ts";

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
    ["a misspelt option", { comand: ["x"] }, /a container has no option "comand"/],
    [
      "a misspelt option of a bind",
      { volumes: [{ bind: ".", target: "/a", readonly: true }] },
      /a bind has no option "readonly"/,
    ],
    ["a misspelt option of a tmpfs", { volumes: [{ tmpfs: "/a", size: 1 }] }, /"size"/],
    [
      "a misspelt option of a volume",
      { volumes: [{ volume: "v", target: "/a", ro: true }] },
      /"ro"/,
    ],
    ["a misspelt option of a port", { ports: [{ container: 80, hostPort: 1 }] }, /"hostPort"/],
    ["a misspelt option of a check", { health: { test: "x", interval: 1 } }, /"interval"/],
    ["a misspelt option of a file", { files: [{ target: "/a", contents: "x" }] }, /"contents"/],
    ["a misspelt option of a device", { devices: [{ path: "/dev/null" }] }, /"path"/],
    ["a platform that is none", { platform: "linux arm64" }, /platform must be as "linux\/arm64"/],
    ["an address of hardware that is none", { mac: "02:42" }, /mac must be as/],
    ["a capability that is none", { capAdd: ["NET_ADMIM"] }, /"NET_ADMIM" is no capability/],
    ["a signal that is none", { stopSignal: "SIGNOPE" }, /stopSignal must be as "SIGTERM"/],
    ["an IPv4 address that is none", { ipv4: "10.0.0.256" }, /ipv4 is "10.0.0.256", which is no/],
    ["an IPv6 address that is none", { ipv6: "10.0.0.1" }, /ipv6 is "10.0.0.1", which is no/],
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

Deno.test("what depends on the network is found with it", () => {
  const subnets = [{ subnet: "10.213.7.0/24" }, { subnet: "fd5e:10de::/64" }];
  const mistake = (options: unknown, network: unknown) => {
    try {
      checkContainers([specOf(options)], network as Parameters<typeof checkContainers>[1]);
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.equal(mistake({ ipv4: "10.213.7.9", ipv6: "fd5e:10de:0::9" }, { subnets }), "");
  assert.match(mistake({ ipv4: "10.213.8.9" }, { subnets }), /is not in the network's 10\.213\.7/);
  assert.match(mistake({ ipv6: "fd5e:10df::9" }, { subnets }), /is not in the network's fd5e:10de/);
  assert.match(mistake({ ipv4: "10.0.0.1" }, {}), /needs a subnet .* user configured subnets/);
  assert.match(mistake({ ipv6: "fd::1" }, { subnets: subnets.slice(0, 1) }), /needs a subnet/);
  const inner = { networks: { back: { ipv4: "10.0.0.1" } } };
  assert.match(mistake(inner, { networks: { back: {} } }), /ipv4 in network "back" .* needs a/);
  assert.equal(mistake(inner, { networks: { back: { external: true, name: "x" } } }), "");
  assert.match(mistake({ log: true }, {}), /and the network has no logDir/);
  assert.equal(mistake({ log: true }, { logDir: "logs" }), "");
});

Deno.test("capabilities, signals and platforms are known by all their names", () => {
  assert.equal(
    mistakeOf(
      specOf({ capAdd: ["NET_ADMIN", "CAP_SYS_PTRACE", "ALL"], capDrop: ["cap_chown"] }),
      specOf({ stopSignal: "SIGRTMIN+3", platform: "linux/arm/v7" }, "b"),
      specOf({ stopSignal: "9", platform: "linux", mac: "02-42-0A-D5-5E-09" }, "c"),
      specOf({ stopSignal: "usr1" }, "d"),
    ),
    "",
  );
});

Deno.test("what is no container and no command is told where it is written", () => {
  const wrong = (value: unknown) => value as never;
  assert.throws(() => container(wrong(undefined), "x"), /Cannot use name undefined/);
  assert.throws(() => container("a", wrong(undefined)), /container "a": its image must be a name/);
  assert.throws(() => container("a", ""), /it is ""/);
  assert.throws(() => container("a", wrong({})), /its image must be a name .* \{\}/);
  for (const value of [undefined, null, "echo hi", ["echo"]]) {
    assert.throws(
      () => hostCommand("a", wrong(value)),
      /Cannot describe host command "a": its command must be as command\(/,
    );
  }
  const misspelt = hostCommand("a", command("true"), wrong({ dependOn: ["b"] }));
  assert.throws(
    () => checkNodes([misspelt]),
    /host command "a": a host command has no option "dep/,
  );
});
