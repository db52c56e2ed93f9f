import assert from "node:assert/strict";
import { importBusybox } from "../support/busybox_image.ts";
import { isProgram } from "../support/debian_packages.ts";
import {
  type PrivateEngine,
  privateEngineProblem,
  startPrivateEngine,
} from "../support/private_engine.ts";
import { makeTls } from "../support/tls_material.ts";
import { testUnless } from "./_engine.ts";

const problem = await privateEngineProblem() ??
  (await isProgram("openssl") ? undefined : "openssl is not there");

async function call(
  daemon: PrivateEngine,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly host?: string; readonly text?: string; readonly reason?: string }> {
  const script = new URL("scripts/tls_calls.ts", import.meta.url).href;
  const { success, stdout, stderr } = await new Deno.Command("nsenter", {
    args: ["-t", String(daemon.pid), "-n", Deno.execPath(), "run", "-A", "--no-lock", script],
    env: { HTTPS_PROXY: "", HTTP_PROXY: "", ALL_PROXY: "", DOCKER_CONTEXT: "", ...env },
    stdin: "null",
    signal: AbortSignal.timeout(30_000),
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

testUnless(
  problem,
  "A dockerd behind TLS answers who has a certificate, and says why not",
  async () => {
    const [good, foreign] = await Promise.all([makeTls(), makeTls()]);
    await using daemon = await startPrivateEngine({
      files: { "ca.pem": good.ca, "cert.pem": good.server.cert, "key.pem": good.server.key },
      args: [
        ...["--host", "tcp://127.0.0.1:2376"],
        "--tlsverify",
        ...["--tlscacert=@/ca.pem", "--tlscert=@/cert.pem", "--tlskey=@/key.pem"],
      ],
    });
    await using engine = await daemon.connect();
    await importBusybox(engine, "tls:local");
    const certificates = async (name: string, files: Readonly<Record<string, string>>) => {
      const directory = `${daemon.directory}/${name}`;
      await Deno.mkdir(directory);
      for (const [file, text] of Object.entries(files)) {
        await Deno.writeTextFile(`${directory}/${file}.pem`, text);
      }
      return { DOCKER_HOST: "tcp://127.0.0.1:2376", DOCKER_CERT_PATH: directory };
    };
    assert.deepEqual(
      await call(daemon, await certificates("good", { ca: good.ca, ...good.client })),
      {
        host: "tcp://127.0.0.1:2376",
        text: "5",
      },
    );
    const { reason: none } = await call(daemon, await certificates("none", { ca: good.ca }));
    assert.match(none ?? "", /refuses the client certificate, or wants one/);
    const { reason: wrongAuthority } = await call(
      daemon,
      await certificates("authority", { ca: foreign.ca, ...good.client }),
    );
    assert.match(wrongAuthority ?? "", /not signed by the given authority \(ca\.pem\)/);
    const { reason: wrongClient } = await call(
      daemon,
      await certificates("client", { ca: good.ca, ...foreign.client }),
    );
    assert.match(wrongClient ?? "", /refuses the client certificate, or wants one/);
    const { reason: damaged } = await call(
      daemon,
      await certificates("damaged", { ca: "nonsense", ...good.client }),
    );
    assert.ok(damaged !== undefined && damaged.length > 0 && !damaged.includes("\n"), damaged);
    const { reason: plain } = await call(daemon, { DOCKER_HOST: "tcp://127.0.0.1:2376" });
    assert.match(plain ?? "", /HTTP request to an HTTPS server|closed before an answer came/);
  },
);
