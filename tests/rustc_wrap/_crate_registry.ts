import { parentOf } from "../../lib/rustc_wrap/_paths.ts";
import { runProgram } from "../support/cli.ts";

/** A dependency as an index has it. */
export interface PublishedDependency {
  /** As in `Cargo.toml`. */
  readonly name: string;
  /** Such as `^1`. */
  readonly req: string;
  /** The index of another registry; default: this one. */
  readonly registry?: string;
}

/** A crate that is published. */
export interface PublishedCrate {
  /** As in `Cargo.toml`. */
  readonly name: string;
  /** As in `Cargo.toml`. */
  readonly version: string;
  /** Its files, by path; `Cargo.toml` among them. */
  readonly files: Readonly<Record<string, string>>;
  /** As in `Cargo.toml`. */
  readonly deps?: readonly PublishedDependency[];
}

/**
 * A registry of crates on this machine: a sparse index and packed crates over HTTP.
 *
 * @see https://doc.rust-lang.org/cargo/reference/registry-index.html
 */
export class CrateRegistry implements AsyncDisposable {
  readonly #root: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #token: string | undefined;
  /** Paths that were asked for with the right token, or by anybody where there is none. */
  readonly served: string[] = [];

  private constructor(root: string, token: string | undefined) {
    this.#root = root;
    this.#token = token;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => this.#answer(request),
    );
  }

  /** Starts an empty one; with a token, for those who have it. */
  static async start(token?: string): Promise<CrateRegistry> {
    return new CrateRegistry(await Deno.makeTempDir(), token);
  }

  /** As cargo's configuration has it. */
  get index(): string {
    return `sparse+http://127.0.0.1:${this.#server.addr.port}/index/`;
  }

  /** Packs a crate as `cargo publish` does, and puts it into the index. */
  async publish({ name, version, files, deps = [] }: PublishedCrate): Promise<void> {
    const packed = `${this.#root}/crates/${name}-${version}.crate`;
    const work = await Deno.makeTempDir();
    try {
      for (const [path, text] of Object.entries(files)) {
        const file = `${work}/${name}-${version}/${path}`;
        await Deno.mkdir(parentOf(file), { recursive: true });
        await Deno.writeTextFile(file, text);
      }
      await Deno.mkdir(`${this.#root}/crates`, { recursive: true });
      const { code, stderr } = await runProgram("tar", [
        ...["-C", work, "-czf", packed, `${name}-${version}`],
      ]);
      if (code !== 0) throw new Error(stderr);
    } finally {
      await Deno.remove(work, { recursive: true });
    }
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(packed));
    const line = JSON.stringify({
      name,
      vers: version,
      deps: deps.map((dependency) => ({
        features: [],
        optional: false,
        default_features: true,
        target: null,
        kind: "normal",
        ...dependency,
      })),
      features: {},
      cksum: new Uint8Array(digest).toHex(),
      yanked: false,
    });
    const entry = `${this.#root}/index/${indexPath(name)}`;
    await Deno.mkdir(parentOf(entry), { recursive: true });
    await Deno.writeTextFile(entry, `${line}\n`, { append: true });
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (this.#token !== undefined && request.headers.get("authorization") !== this.#token) {
      return new Response("who are you?", { status: 401 });
    }
    this.served.push(pathname);
    if (pathname === "/index/config.json") {
      return Response.json({
        dl: `http://127.0.0.1:${this.#server.addr.port}/crates/{crate}-{version}.crate`,
        "auth-required": this.#token !== undefined,
      });
    }
    const bytes = await Deno.readFile(`${this.#root}${pathname}`).catch(() => undefined);
    return bytes === undefined
      ? new Response("not here", { status: 404 })
      : new Response(bytes, { headers: { etag: `"${bytes.length}"` } });
  }

  /** Ends the server and removes all that was published. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await Deno.remove(this.#root, { recursive: true });
  }
}

function indexPath(name: string): string {
  if (name.length <= 2) return `${name.length}/${name}`;
  if (name.length === 3) return `3/${name[0]}/${name}`;
  return `${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`;
}
