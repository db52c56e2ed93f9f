/** The docker command, as a shell script would use it. */
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

await serve(async () => {
  const docker = async (...args: string[]) => {
    const { success, stdout, stderr } = await new Deno.Command("docker", {
      args: ["-H", Deno.args[0]!, ...args],
      stdin: "null",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return stdout;
  };
  await docker("version");
  const run = (job: Job, name: string, ...options: string[]) => [
    "run",
    `--name=${name}`,
    `--network=${job.network}`,
    ...Object.entries(job.labels).map(([key, value]) => `--label=${key}=${value}`),
    ...options,
    job.image,
  ];
  return {
    works: {
      async cycle(job) {
        await docker(...run(job, job.id, "-d"), ...SLEEP);
        await docker("exec", job.id, "true");
        await docker("rm", "-fv", job.id);
      },
      async up(job) {
        const labels = Object.entries(job.labels).map(([key, value]) => `--label=${key}=${value}`);
        await docker("network", "create", ...labels, job.id);
        const inside = { ...job, network: job.id };
        for (const index of TEN) await docker(...run(inside, `${job.id}-${index}`, "-d"), ...SLEEP);
      },
      async down(job) {
        await docker("rm", "-fv", ...TEN.map((index) => `${job.id}-${index}`));
        await docker("network", "rm", job.id);
      },
      async healthy(job) {
        await docker(
          ...run(
            job,
            job.id,
            "-d",
            `--health-cmd=true`,
            `--health-interval=${HEALTH.intervalMs}ms`,
            `--health-timeout=${HEALTH.timeoutMs}ms`,
            `--health-retries=${HEALTH.retries}`,
          ),
          ...SLEEP,
        );
        for (;;) {
          const status = await docker("inspect", "-f", "{{.State.Health.Status}}", job.id);
          if (new TextDecoder().decode(status).trim() === "healthy") break;
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
        return () => docker("rm", "-fv", job.id);
      },
      async output(job) {
        requireBytes((await docker(...run(job, job.id), ...WRITE)).length, OUTPUT_BYTES);
        return () => docker("rm", "-fv", job.id);
      },
      async logs(job) {
        await docker(...run(job, job.id, "-d"), ...WRITE);
        requireBytes((await docker("logs", "-f", job.id)).length, OUTPUT_BYTES);
        return () => docker("rm", "-fv", job.id);
      },
      async copy(job) {
        await docker("cp", `${job.holder}:${COPIED_PATH}`, `${job.directory}/copied`);
      },
    },
    close: () => Promise.resolve(),
  };
});
