import assert from "node:assert/strict";
import { formatReference, parseReference } from "../../lib/registry/mod.ts";

const GOOD: readonly (readonly [string, string])[] = [
  ["postgres", "docker.io/library/postgres"],
  ["postgres:16", "docker.io/library/postgres:16"],
  ["bitnami/redis", "docker.io/bitnami/redis"],
  ["docker.io/postgres", "docker.io/library/postgres"],
  ["index.docker.io/a/b:c", "docker.io/a/b:c"],
  ["localhost/app", "localhost/app"],
  ["localhost:5000/app:1.2", "localhost:5000/app:1.2"],
  ["127.0.0.1:5000/shop/app", "127.0.0.1:5000/shop/app"],
  ["[::1]:5000/app", "[::1]:5000/app"],
  ["ghcr.io/a/b/c/d:T_a-g.1", "ghcr.io/a/b/c/d:T_a-g.1"],
  ["Build/app", "Build/app"],
  ["a__b/c-d.e--f", "docker.io/a__b/c-d.e--f"],
  [`app@sha256:${"0a".repeat(32)}`, `docker.io/library/app@sha256:${"0a".repeat(32)}`],
  [`host.x/app:1@sha256:${"0a".repeat(32)}`, `host.x/app:1@sha256:${"0a".repeat(32)}`],
];

for (const [given, expected] of GOOD) {
  Deno.test(`parseReference() reads ${given.slice(0, 40)}`, () => {
    const reference = parseReference(given);
    assert.equal(formatReference(reference), expected);
    assert.deepEqual(parseReference(expected), reference);
  });
}

const BAD: readonly (readonly [string, RegExp])[] = [
  ["", /it is empty/],
  [":tag", /must be small letters/],
  ["app:", /tag "" must be/],
  ["app:.x", /tag "\.x" must be/],
  [`app:${"x".repeat(129)}`, /1 to 128/],
  ["App", /must be small letters/],
  ["a/B", /must be small letters/],
  ["a//b", /must be small letters/],
  ["/a", /must be small letters/],
  ["a/", /must be small letters/],
  ["a..b", /must be small letters/],
  ["a___b", /must be small letters/],
  ["-a.b/c", /is not a host/],
  ["host:port/app", /is not a host/],
  ["https://host/app", /is not a host|must be small letters/],
  ["app@sha256:12", /is not a digest/],
  ["app@", /is not a digest/],
  ["app name", /must be small letters/],
  ["app\n", /must be small letters/],
  ["0a".repeat(32), /are an id, not a name/],
  ["a/".repeat(130) + "b", /more than 255/],
];

for (const [given, expected] of BAD) {
  Deno.test(`parseReference() refuses ${JSON.stringify(given.slice(0, 30))}`, () => {
    assert.throws(() => parseReference(given), (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, expected);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  });
}
