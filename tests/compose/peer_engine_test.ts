import assert from "node:assert/strict";
import { loadComposeProject, toNetwork } from "../../lib/compose/mod.ts";
import { BUSYBOX_IMAGE } from "../../lib/engine/ensure/mod.ts";
import type { ContainerInspect } from "../../lib/engine/mod.ts";
import { runProgram } from "../support/cli.ts";
import { freePort, tempDir, withScene } from "../containers/support.ts";
import { decided, peerProblem } from "./_peer.ts";

const disk = firstDisk();
const problem = disk === undefined ? "no disk to limit in /sys/block" : await peerProblem();

/** One service for each key, or group of keys, that docker-compose 1.29 knows. */
const SERVICES: Readonly<Record<string, string>> = {
  command: `command: sh -c 'echo "a b"; sleep 1000'`,
  entrypoint: `{ entrypoint: ["sh", "-c"], command: ["sleep 1000"] }`,
  environment: `{ environment: { A: 1, B: "x=y", C: "\${WORD}", D: "$$x" }, env_file: vars.env }`,
  working_dir: `{ working_dir: /tmp, user: "0:0", hostname: other, domainname: example.org }`,
  ports: `{ ports: ["PORT_A:80", "127.0.0.1:PORT_B:81/udp"], expose: ["90", "91"] }`,
  volumes:
    `{ volumes: ["data:/data", "./conf:/etc/app:ro", /anonymous, {type: tmpfs, target: /t, tmpfs: {size: 1048576}}, {type: bind, source: ./conf, target: /b, read_only: true}] }`,
  tmpfs: `{ tmpfs: ["/run", "/scratch:size=1m"] }`,
  networks: `{ networks: { front: { aliases: [web, www], ipv4_address: SUBNET.9 }, back: } }`,
  network_mode: `network_mode: none`,
  depends_on: `{ depends_on: [command] }`,
  healthcheck:
    `{ healthcheck: { test: ["CMD", "true"], interval: 7s, timeout: 3s, retries: 4, start_period: 5s } }`,
  healthcheck_text:
    `{ healthcheck: { test: "true", interval: 7s, timeout: 3s, retries: 4, start_period: 5s } }`,
  healthcheck_none: `{ healthcheck: { disable: true } }`,
  labels: `{ labels: { a: "1", b: "" } }`,
  labels_list: `{ labels: ["a=1", "b"] }`,
  caps: `{ cap_add: [NET_ADMIN], cap_drop: [MKNOD], security_opt: ["no-new-privileges:true"] }`,
  memory: `{ mem_limit: 64m, memswap_limit: 128m, mem_reservation: 32m, shm_size: 8m }`,
  cpu: `{ cpus: 0.5, cpu_shares: 512, cpuset: "0", pids_limit: 50, oom_score_adj: 100 }`,
  quota: `{ cpu_period: 50000, cpu_quota: 25000 }`,
  swap: `{ mem_swappiness: 10, oom_kill_disable: true, mem_limit: 64m }`,
  device_rules: `{ device_cgroup_rules: ["c 1:3 mr", "a 7:* rmw"] }`,
  block: `{ blkio_config: { device_read_bps: [{ path: DISK, rate: "12mb" }], ` +
    `device_write_iops: [{ path: DISK, rate: 30 }] } }`,
  owner: `{ volumes: ["data:/data", /more] }`,
  volumes_from: `{ volumes_from: ["owner:ro"] }`,
  restart: `{ restart: "on-failure:3" }`,
  restart_always: `{ restart: unless-stopped }`,
  ulimits: `{ ulimits: { nproc: 1000, nofile: { soft: 100, hard: 200 } } }`,
  sysctls: `{ sysctls: { net.core.somaxconn: 512 } }`,
  dns: `{ dns: [192.0.2.1], dns_search: [a.example], dns_opt: [ndots:2] }`,
  extra_hosts: `{ extra_hosts: ["one:192.0.2.1", "two:192.0.2.2"] }`,
  devices: `{ devices: ["/dev/null:/dev/nothing:r"] }`,
  flags: `{ tty: true, stdin_open: true, init: true, read_only: true }`,
  modes: `{ pid: host, ipc: shareable, userns_mode: host }`,
  shared: `{ pid: "service:command", network_mode: "service:command" }`,
  stop: `{ stop_signal: SIGUSR1, stop_grace_period: 3s }`,
  group_add: `{ group_add: ["7", "8"] }`,
  logging: `{ logging: { driver: json-file, options: { max-size: 1m } } }`,
};

Deno.test({
  name: `containers are those of docker-compose 1.29${problem === undefined ? "" : `: ${problem}`}`,
  ignore: problem !== undefined,
  fn: () =>
    withScene(async ({ engine, network: make }) => {
      await using directory = await tempDir();
      await Deno.mkdir(`${directory.path}/conf`);
      await Deno.writeTextFile(`${directory.path}/vars.env`, "FROM_FILE=yes\nA=loses\n");
      const write = async (name: string, subnet: string) => {
        const [a, b] = [String(freePort()), String(freePort())];
        const bodies = Object.entries(SERVICES).map(([key, body]) => {
          const own = body.startsWith("{") ? body.slice(1, -1).trim() : body;
          const fields = own
            .replaceAll("DISK", disk!).replace("PORT_A", a).replace("PORT_B", b).replace(
              "SUBNET",
              subnet,
            );
          const command = /(?:^|[{ ,])(?:command|entrypoint):/.test(own)
            ? ""
            : `, command: ["sleep", "1000"]`;
          return `  ${key}: { image: ${BUSYBOX_IMAGE}, ${fields}${command} }\n`;
        }).join("");
        const text = `version: "2.4"\nservices:\n${bodies}` +
          `networks:\n  front: { ipam: { config: [ { subnet: ${subnet}.0/24 } ] } }\n  back: {}\n` +
          `volumes: { data: {} }\n`;
        await Deno.writeTextFile(`${directory.path}/${name}.yaml`, text);
        return { path: `${directory.path}/${name}.yaml`, ports: [a, b] as const };
      };
      const id = crypto.randomUUID().slice(0, 8);
      const theirs = await write("theirs", "10.203.5");
      const ours = await write("ours", "10.203.6");
      const peer = (...args: readonly string[]) =>
        runProgram("docker-compose", ["-p", `peer${id}`, "-f", theirs.path, ...args], {
          env: { WORD: "word", DOCKER_HOST: engine.host },
          timeoutMs: 180_000,
        });
      const inspects = new Map<string, ContainerInspect>();
      try {
        const { code, stderr } = await peer("up", "-d");
        assert.equal(code, 0, stderr);
        for (
          const { Id, Labels } of await engine.containers.list({
            all: true,
            labels: { "com.docker.compose.project": `peer${id}` },
          })
        ) {
          const name = Labels["com.docker.compose.service"]!;
          inspects.set(name, await engine.containers.inspect(Id));
        }
      } finally {
        await peer("down", "-v", "-t", "0");
      }
      const project = await loadComposeProject({
        files: [ours.path],
        projectName: `ours${id}`,
        env: { WORD: "word" },
      });
      const { name, options, specs } = toNetwork(project);
      const network = await make(name, options);
      try {
        network.add(...specs);
        await network.run(undefined, { timeoutMs: 120_000 });
        const differences: string[] = [];
        for (const key of Object.keys(SERVICES)) {
          const mine = await network.container(key).inspect();
          const expected = decided(inspects.get(key)!, (text) => text.replace(`peer${id}_`, ""));
          const actual = decided(
            mine,
            (text) => text.replace(`ours${id}_`, "").replace(`_${network.runId}`, ""),
          );
          for (const field of Object.keys(expected) as (keyof typeof expected)[]) {
            const want = JSON.stringify(expected[field]).replaceAll(theirs.ports[0], "PORT_A")
              .replaceAll(theirs.ports[1], "PORT_B").replaceAll("10.203.5", "SUBNET");
            const have = JSON.stringify(actual[field]).replaceAll(ours.ports[0], "PORT_A")
              .replaceAll(ours.ports[1], "PORT_B").replaceAll("10.203.6", "SUBNET");
            if (want !== have) differences.push(`${key}.${field}: ${have}, theirs ${want}`);
          }
        }
        assert.deepEqual(differences, []);
      } finally {
        await network.terminateAll();
        await engine.volumes.remove(`ours${id}_data`);
      }
    }),
});

/** A block device of this machine, as limits are refused for what is none. */
function firstDisk(): string | undefined {
  try {
    const paths = [...Deno.readDirSync("/sys/block")].map(({ name }) => `/dev/${name}`).toSorted();
    return paths.find((path) => Deno.statSync(path).isBlockDevice);
  } catch {
    return undefined;
  }
}
