import assert from "node:assert/strict";
import { projectMount } from "../../lib/buildr/run/project_mount.ts";
import type { EngineClient } from "../../lib/engine/mod.ts";

const local = {
  host: "unix:///run/docker.sock",
  endpoint: { kind: "unix", path: "/run/docker.sock" },
} as unknown as EngineClient;
const remote = {
  host: "tcp://10.0.0.1:2375",
  endpoint: { kind: "tcp", hostname: "10.0.0.1", port: 2375 },
} as unknown as EngineClient;

function reader(values: Readonly<Record<string, string>>) {
  return (name: string) => values[name];
}

Deno.test("the project and the socket are mounted from where they are, unless the user says otherwise", () => {
  assert.deepEqual(projectMount(local, "/home/me/shop", reader({}), undefined), {
    directory: "/home/me/shop",
    reason: undefined,
    socket: "/run/docker.sock",
  });
  assert.equal(projectMount(local, "/x", reader({}), false).socket, undefined);
  assert.equal(projectMount(local, "/x", reader({}), "/other.sock").socket, "/other.sock");
});

Deno.test("inside of a stage, the host's own paths are mounted", () => {
  const env = reader({
    BUILDR_HOST_PROJECT_DIR: "/home/me/shop",
    BUILDR_HOST_DOCKER_SOCK: "/run/user/1/docker.sock",
    BUILDR_PROJECT_DIR: "/app",
  });
  const mount = (directory: string) => projectMount(local, directory, env, undefined);
  assert.equal(mount("/app").directory, "/home/me/shop");
  assert.equal(mount("/app/deep/down").directory, "/home/me/shop/deep/down");
  assert.equal(mount("/app").socket, "/run/user/1/docker.sock");
  assert.equal(mount("/application").directory, undefined);
  assert.match(mount("/tmp/x").reason ?? "", /not a part of its host's/);
  const copy = projectMount(local, "/app", reader({ BUILDR_HOST_PROJECT_DIR: "" }), undefined);
  assert.equal(copy.directory, undefined, "a copy of the project is not on the host");
});

Deno.test("an engine on another machine has neither the project nor our socket", () => {
  const mount = projectMount(remote, "/home/me/shop", reader({}), undefined);
  assert.equal(mount.directory, undefined);
  assert.match(mount.reason ?? "", /tcp:\/\/10\.0\.0\.1:2375/);
  assert.equal(mount.socket, "/var/run/docker.sock");
});
