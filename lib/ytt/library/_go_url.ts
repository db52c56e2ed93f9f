import { quoteString } from "../starlark/mod.ts";
import { escapeUrl, unescapeUrl } from "./_percent.ts";

/** A URL as Go's `net/url` takes it apart. */
export interface GoUrl {
  readonly scheme: string;
  readonly opaque: string;
  readonly user: { readonly name: string; readonly password: string | undefined } | undefined;
  readonly host: string;
  /** Decoded path, and the original where encoding it again would not give that. */
  readonly path: string;
  readonly rawPath: string;
  readonly query: string | undefined;
  readonly fragment: string;
  readonly rawFragment: string;
}

/**
 * Parses a URL by Go's rules.
 *
 * @throws {Error} `parse "…": …`
 */
export function parseGoUrl(text: string): GoUrl {
  const [main, fragment] = cut(text, "#");
  try {
    const url = parseWithoutFragment(main);
    if (fragment === undefined || fragment === "") return url;
    const decoded = unescapeUrl(fragment, "fragment");
    const rawFragment = original(fragment, decoded, "fragment");
    return { ...url, fragment: decoded, rawFragment };
  } catch (error) {
    throw new Error(`parse ${quoteString(text)}: ${(error as Error).message}`);
  }
}

function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function parseWithoutFragment(text: string): GoUrl {
  // deno-lint-ignore no-control-regex -- these are what Go rejects
  if (/[\x00-\x1f\x7f]/.test(text)) {
    throw new Error("net/url: invalid control character in URL");
  }
  const empty = {
    scheme: "",
    opaque: "",
    user: undefined,
    host: "",
    path: "",
    rawPath: "",
    query: undefined,
    fragment: "",
    rawFragment: "",
  };
  if (text === "*") return { ...empty, path: "*" };
  const [scheme, afterScheme] = splitScheme(text);
  let [rest, query] = cut(afterScheme, "?");
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { ...empty, scheme, opaque: rest, query };
    if (rest.split("/")[0]!.includes(":")) {
      throw new Error("first path segment in URL cannot contain colon");
    }
  }
  let user: GoUrl["user"];
  let host = "";
  if (rest.startsWith("//") && (scheme !== "" || !rest.startsWith("///"))) {
    const slash = rest.indexOf("/", 2);
    const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
    rest = slash < 0 ? "" : rest.slice(slash);
    ({ user, host } = parseAuthority(authority));
  }
  const path = unescapeUrl(rest, "path");
  const rawPath = original(rest, path, "path");
  return { ...empty, scheme, user, host, path, rawPath, query };
}

/** The text as it was written, where that is well formed and encoding would give another one. */
function original(text: string, decoded: string, part: "path" | "fragment"): string {
  const wellFormed = /^[A-Za-z0-9\-._~!$&'()*+,;=:@[\]%/?]*$/.test(text) &&
    !(part === "path" && text.includes("?"));
  return wellFormed && escapeUrl(decoded, part) !== text ? text : "";
}

function splitScheme(text: string): [scheme: string, rest: string] {
  const parts = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text);
  if (parts !== null) return [parts[1]!.toLowerCase(), text.slice(parts[0].length)];
  if (text.startsWith(":")) throw new Error("missing protocol scheme");
  return ["", text];
}

function parseAuthority(authority: string): Pick<GoUrl, "user" | "host"> {
  const at = authority.lastIndexOf("@");
  const host = parseHost(at < 0 ? authority : authority.slice(at + 1));
  if (at < 0) return { user: undefined, host };
  const info = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(info)) {
    throw new Error("net/url: invalid userinfo");
  }
  const [name, password] = cut(info, ":");
  return {
    user: {
      name: unescapeUrl(name, "user"),
      password: password === undefined ? undefined : unescapeUrl(password, "user"),
    },
    host,
  };
}

function parseHost(host: string): string {
  const port = host.startsWith("[")
    ? host.slice(host.lastIndexOf("]") + 1)
    : host.includes(":")
    ? host.slice(host.lastIndexOf(":"))
    : "";
  if (host.startsWith("[") && !host.includes("]")) throw new Error("missing ']' in host");
  if (!/^(:\d*)?$/.test(port)) {
    throw new Error(`invalid port ${quoteString(port)} after host`);
  }
  const bad = /[ \\^`{|}]/.exec(host);
  if (bad !== null) {
    throw new Error(`invalid character ${quoteString(bad[0])} in host name`);
  }
  return unescapeUrl(host, "host");
}

/** The host without its port. */
export function hostname({ host }: GoUrl): string {
  if (host.startsWith("[")) return host.slice(1, host.indexOf("]"));
  const colon = host.lastIndexOf(":");
  return colon >= 0 && /^\d*$/.test(host.slice(colon + 1)) ? host.slice(0, colon) : host;
}

/** `name:password`, encoded. */
export function showUser({ name, password }: NonNullable<GoUrl["user"]>): string {
  const secret = password === undefined ? "" : `:${escapeUrl(password, "user")}`;
  return escapeUrl(name, "user") + secret;
}

/** Puts a URL together again. */
export function showUrl(url: GoUrl): string {
  let out = url.scheme === "" ? "" : `${url.scheme}:`;
  if (url.opaque !== "") out += url.opaque;
  else {
    const hasAuthority = url.host !== "" || url.user !== undefined;
    if (hasAuthority || (url.scheme !== "" && url.path.startsWith("//"))) out += "//";
    if (url.user !== undefined) out += `${showUser(url.user)}@`;
    out += escapeUrl(url.host, "host");
    const path = url.rawPath !== "" ? url.rawPath : escapeUrl(url.path, "path");
    if (path !== "" && !path.startsWith("/") && url.host !== "") out += "/";
    if (out === "" && path.split("/")[0]!.includes(":")) out += "./";
    out += path;
  }
  if (url.query !== undefined) out += `?${url.query}`;
  if (url.fragment !== "") out += `#${url.rawFragment || escapeUrl(url.fragment, "fragment")}`;
  return out;
}
