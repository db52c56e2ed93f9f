/** What an agent lets itself be asked to clone. */
export interface RepositoryPolicy {
  /**
   * Directories of the agent's own machine below which repositories may be cloned, as absolute
   * paths. Default none: `file:` addresses and paths are refused.
   */
  readonly allowedPaths?: readonly string[];
  /** Hosts that may be asked; `undefined` for all. A leading `*.` stands for every subdomain. */
  readonly allowedHosts?: readonly string[];
}

/** Longest address that is taken, in characters. */
export const MAX_REPOSITORY_LENGTH = 2_048;

/**
 * Says why an address is not cloned.
 *
 * `git` takes more than addresses: a word with a leading hyphen is an option, `ext::` runs a
 * program, and a host with a leading hyphen becomes an option of ssh. What a stranger may put on a
 * queue is therefore a short list: `https`, `http`, `ssh`, `git`, `user@host:path`, and, below the
 * directories that the policy names, `file` and absolute paths.
 *
 * @param repo The address.
 * @param policy What is allowed.
 * @returns The reason, beginning with a small letter, or `undefined` when it may be cloned.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { repositoryProblem } from "./repository.ts";
 *
 * assert.equal(repositoryProblem("https://example.org/shop.git"), undefined);
 * assert.match(repositoryProblem("ext::sh -c id") ?? "", /transport "ext"/);
 * ```
 */
export function repositoryProblem(
  repo: string,
  { allowedPaths = [], allowedHosts }: RepositoryPolicy = {},
): string | undefined {
  if (repo === "") return "it is empty";
  if (repo.length > MAX_REPOSITORY_LENGTH) {
    return `it has ${repo.length} characters, and ${MAX_REPOSITORY_LENGTH} is the limit`;
  }
  const helper = /^([A-Za-z0-9+.-]+)::/.exec(repo)?.[1];
  if (helper !== undefined) return `the transport "${helper}" runs a program`;
  // deno-lint-ignore no-control-regex -- exactly these
  if (/[\u0000-\u0020\u007f]/.test(repo)) return "it contains white space or control characters";
  if (repo.startsWith("-")) return "it begins with a hyphen, as options do";

  if (repo.startsWith("/")) return pathProblem(repo, allowedPaths);
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(repo)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const scp = /^(?:([^@/:]+)@)?([^@/:]+):(?!\/\/)(.+)$/.exec(repo);
    if (scp === null) return "it is neither a URL nor user@host:path nor an absolute path";
    const [, user = "", host = "", path = ""] = scp;
    if (user.startsWith("-") || path.startsWith("-")) return "a part of it begins with a hyphen";
    return hostProblem(host, allowedHosts);
  }
  let url: URL;
  try {
    url = new URL(repo);
  } catch {
    return "it is not a valid URL";
  }
  if (scheme === "file") {
    if (url.host !== "") return "a file address names no host";
    let path: string;
    try {
      path = decodeURIComponent(url.pathname);
    } catch {
      return "its path is not valid percent-encoding";
    }
    // git takes the text as it is and URL has removed ".." from it: both must mean one place.
    if (repo !== `file://${path}`) return "its path must be absolute, without .. and escapes";
    return pathProblem(path, allowedPaths);
  }
  if (!["https", "http", "ssh", "git", "git+ssh", "ssh+git"].includes(scheme)) {
    return `the scheme "${scheme}" is not among https, http, ssh and git`;
  }
  const authority = repo.slice(repo.indexOf("://") + 3).split("/")[0] ?? "";
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  if (authority.startsWith("-")) return "its host begins with a hyphen, as options do";
  return hostProblem(host.replace(/:\d*$/, "").replace(/^\[|\]$/g, ""), allowedHosts);
}

function hostProblem(host: string, allowed: readonly string[] | undefined): string | undefined {
  if (host === "") return "it names no host";
  if (host.startsWith("-")) return "its host begins with a hyphen, as options do";
  if (!/^[A-Za-z0-9._:%-]+$/.test(host)) return "its host has characters that no host name has";
  if (allowed === undefined) return undefined;
  const name = host.toLowerCase();
  const isAllowed = allowed.some((entry) =>
    entry.startsWith("*.")
      ? name.endsWith(entry.slice(1).toLowerCase())
      : name === entry.toLowerCase()
  );
  return isAllowed ? undefined : `the host "${host}" is not allowed`;
}

function pathProblem(path: string, allowed: readonly string[]): string | undefined {
  if (allowed.length === 0) return "no path of this machine is allowed";
  if (path.split("/").some((part) => part === ".." || part === ".")) {
    return "its path must be absolute, without .. and escapes";
  }
  const isBelow = allowed.some((directory) => {
    const prefix = directory.replace(/\/+$/, "");
    return path === prefix || path.startsWith(`${prefix}/`);
  });
  return isBelow ? undefined : `the path "${path}" is not below an allowed directory`;
}

/**
 * Says why a text is not the name of a branch, by the rules of `git check-ref-format --branch`.
 *
 * @param branch The name.
 * @returns The reason, or `undefined` when it is one.
 */
export function branchProblem(branch: string): string | undefined {
  if (branch === "") return "it is empty";
  if (branch.length > 255) return `it has ${branch.length} characters, and 255 is the limit`;
  if (branch.startsWith("-")) return "it begins with a hyphen, as options do";
  // deno-lint-ignore no-control-regex -- exactly these
  if (/[\u0000-\u0020\u007f~^:?*[\\]/.test(branch)) return "it has characters that no branch has";
  const isMalformed = branch.includes("..") || branch.includes("@{") || branch.endsWith(".") ||
    branch === "@" || branch.startsWith("/") || branch.endsWith("/") || branch.includes("//") ||
    branch.split("/").some((part) => part.startsWith(".") || part.endsWith(".lock"));
  return isMalformed ? "it is not a name that git takes" : undefined;
}
