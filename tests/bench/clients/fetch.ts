/** The floor: bare `fetch` on the socket, without a check of anything. */
import { parseEngineHost } from "../../../lib/engine/mod.ts";
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

await serve(() => {
  const endpoint = parseEngineHost(Deno.args[0]!);
  if (endpoint.kind !== "unix") throw new Error("only written for a unix socket");
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: endpoint.path } });
  const call = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const response = await fetch(`http://localhost/v1.41${path}`, {
      method,
      client,
      headers: { "accept-encoding": "identity", "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return response;
  };
  const create = async (job: Job, name: string, ...more: [(readonly string[])?, object?]) => {
    const body = createBody(job, more[0], more[1] as Record<string, unknown>);
    const { Id } = await (await call("POST", `/containers/create?name=${name}`, body)).json();
    return Id as string;
  };
  const done = async (method: string, path: string, body?: unknown) => {
    await (await call(method, path, body)).body?.cancel();
  };
  const remove = (id: string) => done("DELETE", `/containers/${id}?force=1&v=1`);
  const count = async (response: Response): Promise<number> => {
    let bytes = 0;
    for await (const chunk of response.body!) bytes += chunk.length;
    return bytes;
  };
  const ids = new Map<string, string[]>();
  return Promise.resolve({
    works: {
      async cycle(job) {
        const id = await create(job, job.id);
        await done("POST", `/containers/${id}/start`);
        const exec = await (await call("POST", `/containers/${id}/exec`, {
          Cmd: ["true"],
          AttachStdout: true,
          AttachStderr: true,
        })).json();
        await count(await call("POST", `/exec/${exec.Id}/start`, { Detach: false }));
        const { ExitCode } = await (await call("GET", `/exec/${exec.Id}/json`)).json();
        if (ExitCode !== 0) throw new Error("the program failed");
        await remove(id);
      },
      async up(job) {
        await done("POST", "/networks/create", { Name: job.id, Labels: job.labels });
        const made: string[] = [];
        const inside = { ...job, network: job.id };
        await inTurn(async (index) => made[index] = await create(inside, `${job.id}-${index}`));
        await inTurn((index) => done("POST", `/containers/${made[index]}/start`));
        ids.set(job.id, made);
      },
      async again(job) {
        const filters = encodeURIComponent(JSON.stringify({ network: [job.id] }));
        await (await call("GET", `/containers/json?all=1&filters=${filters}`)).json();
      },
      async down(job) {
        const made = ids.get(job.id)!;
        await inTurn((index) => remove(made[index]!));
        await done("DELETE", `/networks/${job.id}`);
      },
      async healthy(job) {
        const filters = encodeURIComponent(JSON.stringify({ container: [job.id] }));
        const events = (await call("GET", `/events?filters=${filters}`)).body!.getReader();
        const id = await create(job, job.id, undefined, HEALTH_BODY);
        await done("POST", `/containers/${id}/start`);
        for (const decoder = new TextDecoder();;) {
          const { value } = await events.read();
          if (decoder.decode(value).includes("health_status: healthy")) break;
        }
        await events.cancel();
        return () => remove(id);
      },
      async output(job) {
        const id = await create(job, job.id, WRITE);
        const output = await call("POST", `/containers/${id}/attach?stream=1&stdout=1&stderr=1`);
        const counting = count(output);
        await done("POST", `/containers/${id}/start`);
        await counting;
        const { StatusCode } = await (await call("POST", `/containers/${id}/wait`)).json();
        if (StatusCode !== 0) throw new Error("the program failed");
        return () => remove(id);
      },
      async logs(job) {
        const id = await create(job, job.id, WRITE);
        await done("POST", `/containers/${id}/start`);
        const logs = await call("GET", `/containers/${id}/logs?follow=1&stdout=1&stderr=1`);
        requireBytes(await count(logs), OUTPUT_BYTES / 80 * 88); // a header of 8 bytes a line
        return () => remove(id);
      },
      async copy(job) {
        const response = await call("GET", `/containers/${job.holder}/archive?path=${COPIED_PATH}`);
        using file = await Deno.create(`${job.directory}/copied.tar`);
        await response.body!.pipeTo(file.writable, { preventClose: true });
      },
    },
    close: () => Promise.resolve(client.close()),
  });
});
