/** The npm package testcontainers, without its sidecar (Ryuk), whose image cannot be had here. */
import { Buffer } from "node:buffer";
import { TESTCONTAINERS } from "../deps/testcontainers.ts";
import {
  COPIED_BYTES,
  COPIED_PATH,
  HEALTH,
  inTurn,
  type Job,
  OUTPUT_BYTES,
  requireBytes,
  SLEEP,
  WRITE,
} from "./_job.ts";
import { serve } from "./_serve.ts";

await serve(async () => {
  Deno.env.set("DOCKER_HOST", Deno.args[0]!);
  Deno.env.set("TESTCONTAINERS_RYUK_DISABLED", "true");
  const { GenericContainer, Network, Wait } = await import(TESTCONTAINERS);
  const describe = (job: Job, command = SLEEP) =>
    new GenericContainer(job.image).withCommand([...command]).withLabels(job.labels);
  // deno-lint-ignore no-explicit-any -- the package's types are not loaded
  const stop = (container: any) => container.stop({ timeout: 0 });
  // deno-lint-ignore no-explicit-any -- as above
  const made = new Map<string, { containers: any[]; network: any }>();
  // deno-lint-ignore no-explicit-any -- as above
  let holder: Promise<any> | undefined;
  return {
    works: {
      async cycle(job) {
        const container = await describe(job).withNetworkMode(job.network).start();
        const { exitCode } = await container.exec(["true"]);
        if (exitCode !== 0) throw new Error("the program failed");
        await stop(container);
      },
      async up(job) {
        const network = await new Network().start();
        // deno-lint-ignore no-explicit-any -- as above
        const containers: any[] = [];
        await inTurn(async (index) => {
          containers[index] = await describe(job).withNetwork(network).start();
        });
        made.set(job.id, { containers, network });
      },
      async down(job) {
        const { containers, network } = made.get(job.id)!;
        await inTurn((index) => stop(containers[index]));
        await network.stop();
      },
      async healthy(job) {
        const container = await describe(job).withNetworkMode(job.network)
          .withHealthCheck({
            test: HEALTH.test,
            interval: HEALTH.intervalMs,
            timeout: HEALTH.timeoutMs,
            retries: HEALTH.retries,
          })
          .withWaitStrategy(Wait.forHealthCheck()).start();
        return () => stop(container);
      },
      async output(job) {
        const { promise, resolve } = Promise.withResolvers<void>();
        let bytes = 0;
        const container = await describe(job, WRITE).withNetworkMode(job.network)
          // deno-lint-ignore no-explicit-any -- as above
          .withLogConsumer((stream: any) => {
            stream.on("data", (line: string) => bytes += Buffer.byteLength(line));
            stream.on("end", resolve);
          }).start();
        await promise;
        requireBytes(bytes, OUTPUT_BYTES);
        return () => stop(container);
      },
      async copy(job) {
        holder ??= describe(job, [
          "sh",
          "-c",
          `head -c ${COPIED_BYTES} /dev/zero > ${COPIED_PATH}; echo ready; sleep 1000`,
        ]).withNetworkMode(job.network).withWaitStrategy(Wait.forLogMessage("ready")).start();
        const stream = await (await holder).copyArchiveFromContainer(COPIED_PATH);
        using file = await Deno.create(`${job.directory}/copied.tar`);
        for await (const chunk of stream) await writeAll(file, chunk);
      },
    },
    close: async () => {
      if (holder !== undefined) await stop(await holder);
    },
  };
});

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
