import assert from "node:assert/strict";
import { exportTypeScript, loadComposeProject, toNetwork } from "../../lib/compose/mod.ts";
import { BUSYBOX_IMAGE } from "../../lib/engine/ensure/mod.ts";
import { deno } from "../support/cli.ts";
import { sceneTest, tempDir } from "../containers/support.ts";

const FILE = `
services:
  reader:
    image: ${BUSYBOX_IMAGE}
    command: |
      sh -c 'cat /etc/inline /run/secrets/token /run/secrets/from_file; stat -c "%a %u" /etc/inline /run/secrets/token; ls /made'
    configs: [{ source: inline, target: /etc/inline, mode: 0440, uid: "7" }]
    secrets: [token, from_file]
    volumes: ["./made/deep:/made"]
  locked:
    image: ${BUSYBOX_IMAGE}
    command: cat /run/secrets/from_file
    read_only: true
    secrets: [from_file]
  asks:
    image: ${BUSYBOX_IMAGE}
    command: sh -c 'ping -c1 -W2 many && ping -c1 -W2 many-2 && echo reached'
    depends_on:
      many: { condition: service_healthy }
      reader: { condition: service_completed_successfully }
    networks: [back]
  many:
    image: ${BUSYBOX_IMAGE}
    command: sleep 1000
    healthcheck: { test: ["CMD", "true"] }
    deploy: { replicas: 2 }
    networks: [back]
  built:
    build:
      dockerfile_inline: |
        FROM ${BUSYBOX_IMAGE}
        ARG WORD
        RUN echo "$$WORD" > /word
    command: cat /word
networks: { back: { internal: true } }
configs: { inline: { content: "config of \${COMPOSE_PROJECT_NAME}\\n" } }
secrets: { token: { environment: TOKEN }, from_file: { file: ./secret.txt } }
`;

async function project(directory: string, name = "runs") {
  await Deno.writeTextFile(`${directory}/compose.yaml`, FILE.replace("ARG WORD", "ARG WORD=built"));
  await Deno.writeTextFile(`${directory}/secret.txt`, "from a file\n");
  return await loadComposeProject({
    cwd: directory,
    projectName: name,
    env: { TOKEN: "from a variable\n" },
  });
}

const EXPECTED = "config of runs\nfrom a variable\nfrom a file\n440 7\n444 0\n";

sceneTest(
  "configs, secrets, replicas, conditions and builds do what a compose file says",
  async ({ network: make }) => {
    await using directory = await tempDir();
    const { name, options, specs, containers } = toNetwork(await project(directory.path));
    assert.deepEqual(containers["many"], ["many-1", "many-2"]);
    const network = await make(name, options);
    network.add(...specs);
    await network.run(undefined, { timeoutMs: 60_000 });
    const results = await network.wait(["reader", "locked", "asks", "built"], {
      timeoutMs: 30_000,
    });
    assert.equal(results.get("reader")?.stdoutText(), EXPECTED);
    assert.equal(results.get("locked")?.stdoutText(), "from a file\n");
    assert.match(results.get("asks")!.stdoutText(), /reached\n$/);
    assert.equal(results.get("built")?.stdoutText(), "built\n");
    assert.ok((await Deno.stat(`${directory.path}/made/deep`)).isDirectory);
  },
);

Deno.test("an exported program type-checks, is formatted, and does the same", async () => {
  await using directory = await tempDir();
  const containersModule = new URL("../../lib/containers/mod.ts", import.meta.url).href;
  const text = exportTypeScript(await project(directory.path), { importFrom: containersModule });
  assert.doesNotMatch(text, /from a variable/, "what comes from the environment stays there");
  // Only what ends, so that the program ends too.
  const path = `${directory.path}/main.ts`;
  await Deno.writeTextFile(path, text);
  await Deno.writeTextFile(`${directory.path}/deno.json`, `{ "fmt": { "lineWidth": 100 } }`);
  const options = { cwd: directory.path, timeoutMs: 60_000 };
  const formatted = await deno(["fmt", "--check", "main.ts"], options);
  assert.equal(formatted.code, 0, formatted.stderr);
  const checked = await deno(["check", "main.ts"], options);
  assert.equal(checked.code, 0, checked.stderr);
  const script = `
    import description from "./main.ts";
    import { ContainerNetwork } from ${JSON.stringify(containersModule)};
    await using network = await ContainerNetwork.create(description.name, {
      ...description.options,
      forward: false,
    });
    network.add(...description.specs);
    await network.run(["reader"]);
    console.log((await network.wait(["reader"])).get("reader").stdoutText());
    await network.terminateAll();`;
  await Deno.writeTextFile(`${directory.path}/run.ts`, script);
  const ran = await deno(["run", "-q", "-A", "--no-check", "run.ts"], {
    ...options,
    env: { TOKEN: "from a variable\n" },
  });
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal(ran.stdout.trimEnd(), EXPECTED.trimEnd());
});
