import assert from "node:assert/strict";
import { formatEndpoint, parseEngineHost } from "../../lib/engine/mod.ts";

const GOOD: readonly (readonly [string, string])[] = [
  ["unix:///var/run/docker.sock", "unix:///var/run/docker.sock"],
  [" unix:///a b ", "unix:///a b"],
  ["tcp://build", "tcp://build:2375"],
  ["tcp://build:80", "tcp://build:80"],
  ["tcp://[::1]:2375/", "tcp://[::1]:2375"],
  ["https://build", "tcp://build:2376"],
  ["http://10.0.0.1:4243", "tcp://10.0.0.1:4243"],
  ["ssh://lab", "ssh://lab"],
  ["ssh://me@lab:22", "ssh://me@lab:22"],
  ["ssh://me@lab/run/user/1000/docker.sock", "ssh://me@lab/run/user/1000/docker.sock"],
  [" ssh://lab:2222 ", "ssh://lab:2222"],
];

for (const [given, expected] of GOOD) {
  Deno.test(`parseEngineHost() reads ${JSON.stringify(given)}`, () => {
    const endpoint = parseEngineHost(given);
    assert.equal(formatEndpoint(endpoint), expected);
    assert.deepEqual(
      parseEngineHost(expected),
      endpoint.kind === "tcp" && endpoint.tls
        ? { kind: "tcp", hostname: endpoint.hostname, port: endpoint.port }
        : endpoint,
    );
  });
}

const BAD: readonly (readonly [string, RegExp])[] = [
  ["", /must start with unix:/],
  ["/var/run/docker.sock", /must start with unix:/],
  ["127.0.0.1:2375", /must start with unix:/],
  ["unix://", /path must be absolute/],
  ["unix://docker.sock", /path must be absolute/],
  [`unix:///${"x".repeat(107)}`, /at most 107 bytes, this one has 108/],
  [`unix:///${"ü".repeat(54)}`, /at most 107 bytes, this one has 109/],
  ["fd://", /"fd" is not one of/],
  ["npipe:////./pipe/docker_engine", /Windows named pipe; let the engine listen on tcp:.*WSL/],
  ["tcp://", /host or port is not valid/],
  ["tcp://:2375", /host or port is not valid/],
  ["tcp://build:99999", /host or port is not valid/],
  ["tcp://build:0", /port 0/],
  ["tcp://build:x", /host or port is not valid/],
  ["tcp://build:2375/v1.41", /only a host and a port/],
  ["tcp://me@build:2375", /only a host and a port/],
  ["tcp://:secret@build:2375", /only a host and a port/],
  ["ssh://-oProxyCommand=x", /host or port is not valid/],
  ["ssh://-oX@lab", /host or port is not valid/],
  ["ssh://me:secret@lab", /password/],
  ["ssh://me%zz@lab", /percent sign/],
  ["ssh://lab/a:b", /no colon/],
];

for (const [given, expected] of BAD) {
  Deno.test(`parseEngineHost() refuses ${JSON.stringify(given.slice(0, 40))}`, () => {
    assert.throws(() => parseEngineHost(given), (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, expected);
      assert.ok(!error.message.includes("secret"), "a password is not repeated");
      return true;
    });
  });
}

Deno.test("parseEngineHost() takes a socket path of exactly 107 bytes", () => {
  const path = `/${"x".repeat(106)}`;
  assert.deepEqual(parseEngineHost(`unix://${path}`), { kind: "unix", path });
});
