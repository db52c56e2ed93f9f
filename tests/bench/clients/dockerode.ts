/** The npm package dockerode. */
import { Writable } from "node:stream";
import { parseEngineHost } from "../../../lib/engine/mod.ts";
import { DOCKERODE } from "../deps/dockerode.ts";
import {
  COPIED_PATH,
  createBody,
  HEALTH_BODY,
  inTurn,
  type Job,
  OUTPUT_BYTES,
  requireBytes,
  WRITE,
} from "./_job.ts";
import { serve } from "./_serve.ts";

await serve(async () => {
  const { default: Dockerode } = await import(DOCKERODE);
  const endpoint = parseEngineHost(Deno.args[0]!);
  if (endpoint.kind !== "unix") throw new Error("only written for a unix socket");
  const docker = new Dockerode({ socketPath: endpoint.path });
  const create = (job: Job, name: string, ...more: [(readonly string[])?, object?]) =>
    docker.createContainer({
      name,
      ...createBody(job, more[0], more[1] as Record<string, unknown>),
    });
  // deno-lint-ignore no-explicit-any -- the package's types are not loaded
  const made = new Map<string, any[]>();
  // deno-lint-ignore no-explicit-any -- as above
  const ended = (stream: any) =>
    new Promise<void>((resolve, reject) => stream.on("end", resolve).on("error", reject));
  const remove = (id: string) => docker.getContainer(id).remove({ force: true, v: true });
  const counter = () => {
    const pieces: Uint8Array[] = [];
    const sink = new Writable({
      write(piece, _encoding, done) {
        pieces.push(piece);
        done();
      },
    });
    return { sink, bytes: () => pieces.reduce((sum, { length }) => sum + length, 0) };
  };
  return {
    works: {
      async cycle(job) {
        const container = await create(job, job.id);
        await container.start();
        const exec = await container.exec({
          Cmd: ["true"],
          AttachStdout: true,
          AttachStderr: true,
        });
        const stream = await exec.start({});
        stream.resume();
        await ended(stream);
        if ((await exec.inspect()).ExitCode !== 0) throw new Error("the program failed");
        await container.remove({ force: true, v: true });
      },
      async up(job) {
        await docker.createNetwork({ Name: job.id, Labels: job.labels });
        // deno-lint-ignore no-explicit-any -- as above
        const containers: any[] = [];
        const inside = { ...job, network: job.id };
        await inTurn(async (index) => {
          containers[index] = await create(inside, `${job.id}-${index}`);
        });
        await inTurn((index) => containers[index].start());
        made.set(job.id, containers);
      },
      async down(job) {
        const containers = made.get(job.id)!;
        await inTurn((index) => containers[index].remove({ force: true, v: true }));
        await docker.getNetwork(job.id).remove();
      },
      async healthy(job) {
        const container = await create(job, job.id, undefined, HEALTH_BODY);
        await container.start();
        // It has no wait of its own; this is what people write, and what Compose v5 does.
        while ((await container.inspect()).State.Health.Status !== "healthy") {
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
        return () => remove(container.id);
      },
      async output(job) {
        const container = await create(job, job.id, WRITE);
        const stream = await container.attach({ stream: true, stdout: true, stderr: true });
        const { sink, bytes } = counter();
        docker.modem.demuxStream(stream, sink, sink);
        await container.start();
        await ended(stream);
        if ((await container.wait()).StatusCode !== 0) throw new Error("the program failed");
        requireBytes(bytes(), OUTPUT_BYTES);
        return () => remove(container.id);
      },
      async logs(job) {
        const container = await create(job, job.id, WRITE);
        await container.start();
        const stream = await container.logs({ follow: true, stdout: true, stderr: true });
        const { sink, bytes } = counter();
        docker.modem.demuxStream(stream, sink, sink);
        await ended(stream);
        requireBytes(bytes(), OUTPUT_BYTES);
        return () => remove(container.id);
      },
      async copy(job) {
        const stream = await docker.getContainer(job.holder).getArchive({ path: COPIED_PATH });
        using file = await Deno.create(`${job.directory}/copied.tar`);
        for await (const chunk of stream) await writeAll(file, chunk);
      },
    },
    close: () => Promise.resolve(),
  };
});

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
