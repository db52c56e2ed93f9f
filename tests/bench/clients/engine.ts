/** Ours, call by call: `engine`, and the two functions for exec and copy. */
import { copyOutOfContainer, execInContainer } from "../../../lib/containers/mod.ts";
import { connectEngine, Demultiplexer } from "../../../lib/engine/mod.ts";
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
  const engine = await connectEngine({ host: Deno.args[0] });
  const { containers } = engine;
  const create = async (job: Job, name: string, ...more: [(readonly string[])?, object?]) => {
    const body = createBody(job, more[0], more[1] as Record<string, unknown>);
    return (await containers.create(name, body)).Id;
  };
  const remove = (id: string) => containers.remove(id, { force: true });
  const ids = new Map<string, string[]>();
  return {
    works: {
      async cycle(job) {
        const id = await create(job, job.id);
        await containers.start(id);
        const { exitCode } = await execInContainer(engine, id, ["true"]);
        if (exitCode !== 0) throw new Error("the program failed");
        await remove(id);
      },
      async up(job) {
        await engine.networks.create({ Name: job.id, Labels: job.labels });
        const made: string[] = [];
        const inside = { ...job, network: job.id };
        await inTurn(async (index) => made[index] = await create(inside, `${job.id}-${index}`));
        await inTurn((index) => containers.start(made[index]!));
        ids.set(job.id, made);
      },
      async again(job) {
        await containers.list({ filters: { network: [job.id] } });
      },
      async down(job) {
        const made = ids.get(job.id)!;
        await inTurn((index) => remove(made[index]!));
        await engine.networks.remove(job.id);
      },
      async healthy(job) {
        const stop = new AbortController();
        const events = await engine.system.events({ types: ["container"], signal: stop.signal });
        const id = await create(job, job.id, undefined, HEALTH_BODY);
        await containers.start(id);
        for await (const { Action, Actor } of events) {
          if (Actor.ID === id && Action === "health_status: healthy") break;
        }
        stop.abort();
        return () => remove(id);
      },
      async output(job) {
        const id = await create(job, job.id, WRITE);
        const pieces: Uint8Array[] = [];
        // Pieces are views of the buffer that is read into.
        const frames = new Demultiplexer((_stream, piece) => void pieces.push(piece.slice()));
        using stream = await containers.attach(id);
        await containers.start(id);
        for (let bytes = await stream.read(); bytes !== null; bytes = await stream.read()) {
          frames.write(bytes);
        }
        const { StatusCode } = await containers.wait(id);
        if (StatusCode !== 0) throw new Error("the program failed");
        requireBytes(pieces.reduce((sum, { length }) => sum + length, 0), OUTPUT_BYTES);
        return () => remove(id);
      },
      async logs(job) {
        const id = await create(job, job.id, WRITE);
        await containers.start(id);
        let bytes = 0;
        const frames = new Demultiplexer((_stream, { length }) => void (bytes += length));
        for await (const chunk of await containers.logs(id, { follow: true })) frames.write(chunk);
        requireBytes(bytes, OUTPUT_BYTES);
        return () => remove(id);
      },
      async copy(job) {
        await copyOutOfContainer(engine, job.holder, COPIED_PATH, job.directory);
      },
    },
    close: async () => await engine[Symbol.asyncDispose](),
  };
});
