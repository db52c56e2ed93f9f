import type { TarEntry } from "../../engine/tar/mod.ts";
import type { Capabilities, Plan, Runner, RunnerResult, RunOptions } from "../model.ts";
import { sha256 } from "../sha256.ts";

/** A plan that was carried out, with all that it needs and what came out. */
export interface RecordedPlan {
  /** The plan, without the files. */
  readonly plan: Omit<Plan, "entries">;
  /** The files, by absolute path; each kept once under its digest. */
  readonly entries: readonly RecordedEntry[];
  /** Digests of what it made, by path below its `outDir`. */
  readonly made: Readonly<Record<string, string>>;
}

/** One file of a plan. */
export interface RecordedEntry {
  /** As in the archive. */
  readonly kind: TarEntry["kind"];
  /** Without its leading slash. */
  readonly path: string;
  /** Permission bits. */
  readonly mode?: number;
  /** SHA-256 of the content. */
  readonly digest?: string;
  /** The text of a link. */
  readonly target?: string;
}

/** Carries out plans with another runner, and writes down those that succeed. */
export class RecordingRunner implements Runner {
  readonly #inner: Runner;
  readonly #directory: string;

  /** Disposing of it disposes of the other one. */
  constructor(inner: Runner, directory: string) {
    this.#inner = inner;
    this.#directory = directory;
  }

  /** That of the other one. */
  get name(): string {
    return this.#inner.name;
  }

  /** Those of the other one. */
  capabilities(options?: { readonly signal?: AbortSignal }): Promise<Capabilities> {
    return this.#inner.capabilities(options);
  }

  /** Carries out one plan. */
  async run(plan: Plan, options?: RunOptions): Promise<RunnerResult> {
    const result = await this.#inner.run(plan, options);
    if (result.code === 0) await this.#record(plan, result);
    return result;
  }

  /** Closes the other one. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }

  async #record(plan: Plan, result: RunnerResult): Promise<void> {
    const { entries: given, ...rest } = plan;
    const entries: RecordedEntry[] = [];
    for (const entry of given) {
      const { kind, path, mode } = entry;
      const common = { kind, path, ...(mode === undefined ? {} : { mode }) };
      if (entry.kind !== "file") {
        entries.push("target" in entry ? { ...common, target: entry.target } : common);
        continue;
      }
      const { content } = entry;
      const bytes = typeof content === "string"
        ? new TextEncoder().encode(content)
        : content instanceof Uint8Array
        ? new Uint8Array(content)
        : await Deno.readFile((content as { readonly hostPath: string }).hostPath);
      const digest = await sha256(bytes);
      await Deno.mkdir(`${this.#directory}/content`, { recursive: true });
      await Deno.writeFile(`${this.#directory}/content/${digest}`, bytes);
      entries.push({ ...common, digest });
    }
    const made: Record<string, string> = {};
    for (const { path, content, target } of result.files) {
      if (target === undefined && !path.endsWith("/")) made[path] = await sha256(content);
    }
    const record: RecordedPlan = { plan: rest, entries, made };
    // A unit that was tried again with more files is written down as it was in the end.
    await Deno.writeTextFile(`${this.#directory}/${plan.id}.json`, JSON.stringify(record));
  }
}
