import type { Submission } from "../submissions.ts";
import { compileGlob } from "../../plan/glob.ts";
import { parseJson } from "./body.ts";
import { HttpError } from "./http_error.ts";
import { isSameText } from "./tokens.ts";

/** What is taken from GitHub and GitLab. */
export interface WebhookOptions {
  /** Secret of GitHub's webhook; without one they are refused. */
  readonly githubSecret?: string;
  /** Secret or signing token (`whsec_…`) of GitLab's webhook; without one they are refused. */
  readonly gitlabSecret?: string;
  /**
   * Addresses of repositories that are built, with `*` for a part of a path and `**` for any.
   * Default all.
   */
  readonly repositories?: readonly string[];
  /** Which address of a repository is cloned. Default `https`. */
  readonly clone?: "https" | "ssh";
}

/** What a webhook asks for: a build, or nothing, with the reason. */
export type Wanted =
  | { readonly submission: Submission; readonly ignored?: undefined }
  | { readonly submission?: undefined; readonly ignored: string };

type Json = Readonly<Record<string, unknown>>;

/** How old a signed message may be, in seconds. */
const MAX_AGE_S = 300;

/**
 * Reads a webhook of GitHub, whose signature is an HMAC-SHA-256 of the body
 * (https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries).
 *
 * @throws {HttpError} 401 when it is not signed with our secret, 404 without one, 400, 415.
 */
export async function readGithub(
  headers: Headers,
  body: Uint8Array<ArrayBuffer>,
  options: WebhookOptions,
): Promise<Wanted> {
  const { githubSecret } = options;
  if (githubSecret === undefined) throw new HttpError(404, "No secret of GitHub is set");
  const expected = `sha256=${(await hmac(new TextEncoder().encode(githubSecret), body)).toHex()}`;
  const given = headers.get("x-hub-signature-256") ?? "";
  if (!await isSameText(given, expected)) {
    throw new HttpError(401, "The signature X-Hub-Signature-256 is missing or wrong");
  }
  const event = headers.get("x-github-event") ?? "";
  if (event === "ping") return { ignored: "ping" };
  if (event !== "push") return { ignored: `the event ${JSON.stringify(event)} is not a push` };
  const payload = jsonPayload(headers, body);
  const repository = object(payload["repository"]);
  const repo = text(repository[options.clone === "ssh" ? "ssh_url" : "clone_url"]);
  return wanted({
    repo,
    ref: text(payload["ref"]),
    commit: text(payload["after"]),
    delivery: `github-${deliveryId(headers, ["x-github-delivery"])}`,
  }, options);
}

/**
 * Reads a webhook of GitLab: with its secret in `X-Gitlab-Token`, or signed as
 * https://www.standardwebhooks.com/ says.
 *
 * @throws {HttpError} 401 when it does not prove our secret, 404 without one, 400, 415.
 */
export async function readGitlab(
  headers: Headers,
  body: Uint8Array<ArrayBuffer>,
  options: WebhookOptions,
): Promise<Wanted> {
  const { gitlabSecret } = options;
  if (gitlabSecret === undefined) throw new HttpError(404, "No secret of GitLab is set");
  if (headers.has("webhook-signature")) await checkSigned(headers, body, gitlabSecret);
  else if (!await isSameText(headers.get("x-gitlab-token") ?? "", gitlabSecret)) {
    throw new HttpError(401, "The header X-Gitlab-Token is missing or wrong");
  }
  const event = headers.get("x-gitlab-event") ?? "";
  if (event !== "Push Hook" && event !== "Tag Push Hook") {
    return { ignored: `the event ${JSON.stringify(event)} is not a push` };
  }
  const payload = jsonPayload(headers, body);
  const project = object(payload["project"]);
  const repo = text(project[options.clone === "ssh" ? "git_ssh_url" : "git_http_url"]);
  const names = ["idempotency-key", "webhook-id", "x-gitlab-event-uuid"];
  return wanted({
    repo,
    ref: text(payload["ref"]),
    // Of a tag with a message, `after` is the tag and `checkout_sha` its commit.
    commit: text(payload["checkout_sha"] ?? payload["after"]),
    delivery: `gitlab-${deliveryId(headers, names)}`,
  }, options);
}

async function checkSigned(
  headers: Headers,
  body: Uint8Array<ArrayBuffer>,
  secret: string,
): Promise<void> {
  const id = headers.get("webhook-id") ?? "";
  const time = headers.get("webhook-timestamp") ?? "";
  let key: Uint8Array<ArrayBuffer>;
  try {
    key = secret.startsWith("whsec_")
      ? Uint8Array.fromBase64(secret.slice(6))
      : new TextEncoder().encode(secret);
  } catch {
    throw new HttpError(401, "The secret of GitLab is not a signing token");
  }
  const prefix = new TextEncoder().encode(`${id}.${time}.`);
  const message = new Uint8Array(prefix.length + body.length);
  message.set(prefix);
  message.set(body, prefix.length);
  const expected = `v1,${(await hmac(key, message)).toBase64()}`;
  let isKnown = false;
  for (const given of (headers.get("webhook-signature") ?? "").split(" ").slice(0, 10)) {
    isKnown = await isSameText(given, expected) || isKnown;
  }
  const age = Math.abs(Date.now() / 1_000 - Number(time));
  if (!isKnown || !(age <= MAX_AGE_S)) {
    throw new HttpError(401, "The signature webhook-signature is wrong or old");
  }
}

function wanted(
  { repo, ref, commit, delivery }: {
    readonly repo: string;
    readonly ref: string;
    readonly commit: string;
    readonly delivery: string;
  },
  { repositories }: WebhookOptions,
): Wanted {
  if (repo === "" || ref === "") {
    throw new HttpError(400, "The message names no repository or no ref");
  }
  if (commit === "" || /^0+$/.test(commit)) return { ignored: `${ref} was deleted` };
  if (repositories !== undefined) {
    const isAllowed = repositories.some((pattern) =>
      pattern === repo || compileGlob(pattern)(repo)
    );
    if (!isAllowed) {
      throw new HttpError(403, `The repository ${JSON.stringify(repo)} is not allowed`);
    }
  }
  const [, kind, name = ""] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
  if (kind === undefined) return { ignored: `${ref} is neither a branch nor a tag` };
  return {
    submission: {
      id: delivery,
      repo,
      commit: commit.toLowerCase(),
      ...(kind === "heads" ? { branch: name } : { env: { BUILDR_TAG: name } }),
    },
  };
}

function deliveryId(headers: Headers, names: readonly string[]): string {
  for (const name of names) {
    const id = headers.get(name);
    if (id !== null && /^[A-Za-z0-9._-]{1,56}$/.test(id)) return id;
  }
  throw new HttpError(400, `The delivery has no usable id in ${names.join(" or ")}`);
}

function jsonPayload(headers: Headers, body: Uint8Array): Json {
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new HttpError(415, "Set the content type of the webhook to application/json");
  }
  return object(parseJson(body));
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Json : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

async function hmac(
  secret: Uint8Array<ArrayBuffer>,
  message: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
}
