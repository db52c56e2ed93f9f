import { deno } from "../support/cli.ts";

const ROOT = new URL("../../", import.meta.url);

/** The source tree of this checkout behind a plain URL, as anybody's web server would have it. */
export interface SourceServer extends AsyncDisposable {
  /** Ends with a slash. */
  readonly url: string;
  /** Paths that were asked for, from the root of the tree. */
  readonly asked: readonly string[];
}

/**
 * The answers of a registry as JSR is one, with this checkout as its only package: the list of
 * versions, the list of files with their hashes, and the files.
 */
async function jsrAnswer(path: string): Promise<Response | undefined> {
  const { name, version, exports } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  if (path === `/${name}/meta.json`) {
    return Response.json({ latest: version, versions: { [version]: {} } });
  }
  if (path === `/${name}/${version}_meta.json`) {
    const manifest: Manifest = {};
    for (const directory of ["lib", "cli"]) await describe(directory, manifest);
    for (const file of ["mod.ts", "deno.json"]) await describeFile(file, manifest);
    return Response.json({ manifest, exports });
  }
  const before = `/${name}/${version}/`;
  if (!path.startsWith(before)) return undefined;
  const text = await Deno.readTextFile(new URL(path.slice(before.length), ROOT))
    .catch(() => undefined);
  const type = path.endsWith(".json") ? "application/json" : "text/typescript";
  return text === undefined ? undefined : new Response(text, { headers: { "content-type": type } });
}

type Manifest = Record<string, { size: number; checksum: string }>;

async function describe(directory: string, manifest: Manifest): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(`${directory}/`, ROOT))) {
    await (isDirectory ? describe : describeFile)(`${directory}/${name}`, manifest);
  }
}

async function describeFile(file: string, manifest: Manifest): Promise<void> {
  const bytes = await Deno.readFile(new URL(file, ROOT));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  manifest[`/${file}`] = { size: bytes.length, checksum: `sha256-${hash}` };
}

/** Starts to serve; disposing it also removes what Deno keeps of a URL that will never be again. */
export function serveSources(): SourceServer {
  const asked: string[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const path = new URL(request.url).pathname;
      asked.push(path.slice(1));
      if (path.startsWith("/@")) {
        return await jsrAnswer(path) ?? new Response("not found", { status: 404 });
      }
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
