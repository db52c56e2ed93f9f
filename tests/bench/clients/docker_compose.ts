/** Debian's docker-compose 1.29. */
import { dockerCompose } from "../deps/docker_compose.ts";
import { type Job, SLEEP, TEN } from "./_job.ts";
import { serve } from "./_serve.ts";

await serve(async () => {
  const found = await dockerCompose();
  if (found.program === undefined) throw new Error(found.skip);
  const { program, env } = found;
  const compose = async (job: Job, ...args: string[]) => {
    const { success, stderr } = await new Deno.Command(program, {
      args: ["-p", job.id, "-f", `${job.directory}/compose.yaml`, ...args],
      env: { ...env, DOCKER_HOST: Deno.args[0]! },
      stdin: "null",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  const write = async (job: Job) => {
    const { image, labels } = job;
    const service = { image, labels, command: SLEEP };
    const services = Object.fromEntries(TEN.map((index) => [`service-${index}`, service]));
    const networks = { default: { labels } };
    // JSON is YAML.
    const text = JSON.stringify({ version: "3.8", services, networks });
    await Deno.writeTextFile(`${job.directory}/compose.yaml`, text);
  };
  return {
    works: {
      async up(job) {
        await write(job);
        await compose(job, "up", "-d");
      },
      async again(job) {
        await compose(job, "up", "-d");
      },
      async down(job) {
        await compose(job, "down", "-t", "0");
      },
    },
    close: () => Promise.resolve(),
  };
});
