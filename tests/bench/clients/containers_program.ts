/** Ours as a program of its own for each step, start of Deno included, as docker-compose is one. */
import { serve } from "./_serve.ts";
import type { Job } from "./_job.ts";

const script = new URL("_services.ts", import.meta.url).href;

await serve(() => {
  const run = async (action: "up" | "down", job: Job) => {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", script, action, Deno.args[0]!, job.id, job.image],
      stdin: "null",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  return Promise.resolve({
    works: {
      up: (job) => run("up", job),
      again: (job) => run("up", job),
      down: (job) => run("down", job),
    },
    close: () => Promise.resolve(),
  });
});
