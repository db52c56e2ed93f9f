/** Ours, as it is meant to be used: a `ContainerNetwork`. */
import {
  container,
  ContainerNetwork,
  copyOutOfContainer,
  type NetworkOptions,
  removeKept,
} from "../../../lib/containers/mod.ts";
import { connectEngine } from "../../../lib/engine/mod.ts";
import {
  COPIED_PATH,
  HEALTH,
  type Job,
  OUTPUT_BYTES,
  requireBytes,
  SLEEP,
  TEN,
  WRITE,
} from "./_job.ts";
import { serve } from "./_serve.ts";
import { addServices } from "./_services.ts";

await serve(async () => {
  const engine = await connectEngine({ host: Deno.args[0] });
  const options: NetworkOptions = { engine, forward: false };
  const shared = await ContainerNetwork.create("bench", options);
  const sleeper = (job: Job, index = 0) => {
    const name = `${job.id}-${index}`;
    shared.add(container(name, job.image, { command: SLEEP }));
    return name;
  };
  const use = async (name: string) => {
    const { exitCode } = await shared.container(name).exec(["true"]);
    if (exitCode !== 0) throw new Error("the program failed");
    await shared.remove(name);
  };
  return {
    works: {
      async cycle(job) {
        const name = sleeper(job);
        await shared.run([name]);
        await use(name);
      },
      async parallel(job) {
        const names = TEN.map((index) => sleeper(job, index));
        await shared.run(names);
        await Promise.all(names.map(use));
      },
      async up(job) {
        await using network = await ContainerNetwork.create(job.id, {
          ...options,
          lifetime: "kept",
        });
        await addServices(network, job.image).run();
      },
      async again(job) {
        await this.up!(job);
      },
      async down(job) {
        await removeKept(engine, job.id, { graceMs: 0 });
      },
      async healthy(job) {
        const health = { ...HEALTH, test: HEALTH.test.slice(1) }; // without the API's "CMD"
        shared.add(container(job.id, job.image, { command: SLEEP, health }));
        await shared.run([job.id]);
        await shared.waitFor(job.id, "healthy");
        return () => shared.remove(job.id);
      },
      async output(job) {
        const recordLimitBytes = 2 * OUTPUT_BYTES;
        shared.add(container(job.id, job.image, { command: WRITE, recordLimitBytes }));
        await shared.run([job.id]);
        const result = (await shared.wait([job.id])).get(job.id);
        if (result?.exitCode !== 0) throw new Error("the program failed");
        requireBytes(result?.stdout.length ?? 0, OUTPUT_BYTES);
        return () => shared.remove(job.id);
      },
      async copy(job) {
        await copyOutOfContainer(engine, job.holder, COPIED_PATH, job.directory);
      },
    },
    async close() {
      await shared[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
});
