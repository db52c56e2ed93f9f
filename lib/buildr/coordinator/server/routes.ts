import { HttpError } from "./http_error.ts";

/** What a handler gets. */
export interface RouteRequest {
  /** The request. */
  readonly request: Request;
  /** Its address. */
  readonly url: URL;
  /** What stood in the place of `:name` in the path, decoded. */
  readonly parts: Readonly<Record<string, string>>;
}

/** Answers a request. */
export interface Route {
  /** Method. `GET` stands for `HEAD` too. */
  readonly method: "GET" | "POST" | "DELETE";
  /** Path; a part that begins with `:` stands for any. */
  readonly path: string;
  /** Who may: everybody, whoever has a token, or whoever the handler itself knows. */
  readonly access: "read" | "write" | "own";
  /** Answers. */
  readonly handle: (request: RouteRequest) => Response | Promise<Response>;
}

/** What {@linkcode findRoute} found. */
export interface FoundRoute {
  /** The route. */
  readonly route: Route;
  /** What stood in the place of `:name`. */
  readonly parts: Readonly<Record<string, string>>;
}

/**
 * Finds who answers.
 *
 * @throws {HttpError} 404 for an unknown path, 405 for a method that it does not have.
 */
export function findRoute(routes: readonly Route[], method: string, path: string): FoundRoute {
  const allowed: string[] = [];
  for (const route of routes) {
    const parts = matchPath(route.path, path);
    if (parts === undefined) continue;
    if (route.method === method || (route.method === "GET" && method === "HEAD")) {
      return { route, parts };
    }
    allowed.push(route.method, ...(route.method === "GET" ? ["HEAD"] : []));
  }
  if (allowed.length === 0) throw new HttpError(404, "There is nothing at this address");
  throw new HttpError(405, `Here one may ${allowed.join(", ")}, and not ${method}`, {
    allow: [...new Set(allowed)].join(", "),
  });
}

function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index]!;
    if (!part.startsWith(":")) {
      if (part !== value) return undefined;
      continue;
    }
    try {
      parts[part.slice(1)] = decodeURIComponent(value);
    } catch {
      return undefined;
    }
    if (value === "") return undefined;
  }
  return parts;
}
