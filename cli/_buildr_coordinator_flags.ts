import type { WebhookOptions } from "../lib/buildr/coordinator/server/mod.ts";
import { parseDuration } from "../lib/retry/mod.ts";
import { readTokenLines } from "./_buildr_client.ts";
import { UsageError } from "./usage_error.ts";

/** What `superorch buildr coordinator` was told. */
export interface CoordinatorFlags {
  readonly listen: string;
  readonly ledger?: string;
  readonly broker?: string;
  readonly embedded?: boolean;
  readonly queueType: "classic" | "quorum";
  readonly withAgent?: boolean | string;
  readonly tokenFile?: string;
  readonly name?: readonly string[];
  readonly retention?: string;
  readonly allowPath?: readonly string[];
  readonly allowHost?: readonly string[];
  readonly allowEnv?: readonly string[];
  readonly dockerSocket: boolean;
  readonly webhookSecretFile?: readonly string[];
  readonly webhookRepo?: readonly string[];
  readonly webhookSsh?: boolean;
}

/** Reads `HOST:PORT`, `[::1]:PORT`, `HOST` or `:PORT`. */
export function listenAddress(text: string): { readonly hostname: string; readonly port: number } {
  const found = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(found?.[2] ?? 8420);
  if (found === null || port > 65_535 || text === "") {
    throw new UsageError(`--listen must be like 127.0.0.1:8420, and is "${text}"`);
  }
  return { hostname: found[1]!.replace(/^\[|\]$/g, "") || "127.0.0.1", port };
}

/** How many builds the agent in this process runs at a time; 0 without one. */
export function agentSlots(flag: boolean | string | undefined): number {
  if (flag === undefined || flag === false) return 0;
  const slots = flag === true ? 1 : Number(flag);
  if (Number.isSafeInteger(slots) && slots >= 1) return slots;
  throw new UsageError(`--with-agent must be a whole number from 1, and is "${flag}"`);
}

/** How long results are kept, in milliseconds. */
export function retentionMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new UsageError(`--retention must be like 30d or 12h, and is "${text}"`);
}

/** Tokens of a file, none of which is easily guessed. */
export async function readTokens(path: string): Promise<readonly string[]> {
  const tokens = await readTokenLines(path);
  if (tokens.length === 0) throw new UsageError(`The file "${path}" has no token`);
  const short = tokens.findIndex((token) => token.length < 16);
  if (short >= 0) {
    throw new UsageError(
      `Token ${short + 1} of "${path}" is too short: at least 16 characters are wanted, for ` +
        `example those of "openssl rand -hex 24"`,
    );
  }
  return tokens;
}

/** Webhooks: `[github=|gitlab=]FILE`, without a name for both. */
export async function readWebhooks(flags: CoordinatorFlags): Promise<WebhookOptions> {
  const { webhookSecretFile = [], webhookRepo, webhookSsh } = flags;
  let [githubSecret, gitlabSecret]: (string | undefined)[] = [];
  for (const text of webhookSecretFile) {
    const [, name, path = ""] = /^(?:(github|gitlab)=)?(.*)$/s.exec(text) ?? [];
    const secret = (await readSecretFile(path, "--webhook-secret-file")).trim();
    if (secret === "") throw new UsageError(`The file "${path}" has no secret`);
    if (name !== "gitlab") githubSecret = secret;
    if (name !== "github") gitlabSecret = secret;
  }
  return {
    ...(githubSecret === undefined ? {} : { githubSecret }),
    ...(gitlabSecret === undefined ? {} : { gitlabSecret }),
    ...(webhookRepo === undefined ? {} : { repositories: webhookRepo }),
    ...(webhookSsh === true ? { clone: "ssh" } : {}),
  };
}

async function readSecretFile(path: string, flag: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new UsageError(`Cannot read "${path}" of ${flag}: ${(error as Error).message}`);
  }
}
