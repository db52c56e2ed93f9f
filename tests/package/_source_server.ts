import { deno } from "../support/cli.ts";

const ROOT = new URL("../../", import.meta.url);

/** The source tree of this checkout behind a plain URL, as anybody's web server would have it. */
export interface SourceServer extends AsyncDisposable {
  /** Ends with a slash. */
  readonly url: string;
  /** Paths that were asked for, from the root of the tree. */
  readonly asked: readonly string[];
}

/** Starts to serve; disposing it also removes what Deno keeps of a URL that will never be again. */
export function serveSources(): SourceServer {
  const asked: string[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const path = new URL(request.url).pathname;
      asked.push(path.slice(1));
      const body = await Deno.readTextFile(new URL(`.${path}`, ROOT)).catch(() => undefined);
      const headers = { "content-type": "text/plain; charset=utf-8" };
      return new Response(body, { status: body === undefined ? 404 : 200, headers });
    },
  );
  const { port } = server.addr;
  return {
    url: `http://127.0.0.1:${port}/`,
    asked,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      const { denoDir }: { denoDir: string } = JSON.parse((await deno(["info", "--json"])).stdout);
      for (const part of ["remote/http", "gen/http"]) {
        await Deno.remove(`${denoDir}/${part}/127.0.0.1_PORT${port}`, { recursive: true })
          .catch(() => {}); // the second exists only where something was compiled
      }
    },
  };
}
