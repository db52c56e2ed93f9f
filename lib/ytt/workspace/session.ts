/** What all parts of one rendering share. */
import type { Limits } from "../starlark/thread.ts";
import type { CompiledTemplate } from "../template/code.ts";
import type { TemplateFinder } from "../template/error.ts";
import type { DocumentSet } from "../yaml/nodes.ts";
import type { WorkFile } from "./file.ts";

/** Options that hold for every file. */
export interface SessionOptions {
  /** Comments that are neither `#@` nor `#!` are passed over. Default: false. */
  readonly ignoreUnknownComments?: boolean;
  /** A later map item replaces an earlier one with its key. Default: false. */
  readonly implicitMapKeyOverrides?: boolean;
  /** Refuses scalars that YAML 1.1 and 1.2 read differently. Default: false. */
  readonly strict?: boolean;
  /** Limits of each template. Default: 50 million steps, 1 GiB, 1,000 calls deep. */
  readonly limits?: Limits;
  /** Time for everything together. Default: 60,000. */
  readonly timeLimitMs?: number;
  /** Stops the run from outside. */
  readonly signal?: AbortSignal;
  /** Gets what templates print. Default: dropped. */
  readonly print?: (text: string) => void;
}

/** The state of one rendering. */
export class Session {
  readonly #compiled = new Map<string, CompiledTemplate>();
  readonly #documents = new Map<WorkFile, DocumentSet>();
  /** Every template of the run, also of sessions derived from this one. */
  readonly #templates: Map<string, CompiledTemplate>;

  /** Limits with their defaults. */
  readonly limits: Limits;

  /** `parent` is given for a library that is read in another way than the rest. */
  constructor(readonly options: SessionOptions, parent?: Session) {
    this.#templates = parent === undefined ? new Map() : parent.#templates;
    if (parent !== undefined) {
      this.limits = parent.limits;
      return;
    }
    const now = options.limits?.now ?? (() => performance.now());
    this.limits = {
      maxSteps: 50_000_000,
      now,
      deadlineMs: now() + (options.timeLimitMs ?? 60_000),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...options.limits,
    };
  }

  /** Finds a template for showing its lines. */
  readonly find: TemplateFinder = (name) => this.#templates.get(name);

  /** Compiles a file once. */
  compiled(file: WorkFile, compile: () => CompiledTemplate): CompiledTemplate {
    let template = this.#compiled.get(file.path);
    if (template === undefined) {
      template = compile();
      this.#compiled.set(file.path, template);
      this.#templates.set(file.path, template);
    }
    return template;
  }

  /** The same run with other options. */
  derive(options: Partial<SessionOptions>): Session {
    if (Object.keys(options).length === 0) return this;
    return new Session({ ...this.options, ...options }, this);
  }

  /** Reads a file once. */
  parsed(file: WorkFile, parse: () => DocumentSet): DocumentSet {
    let documents = this.#documents.get(file);
    if (documents === undefined) this.#documents.set(file, documents = parse());
    return documents;
  }
}

/** A failure with the words that ytt puts in front of it. */
export class ContextError extends Error {
  /** What was being done. */
  readonly context: string;
  /** The failure itself, never one with a context. */
  override readonly cause: Error;

  /** `context` is `Unmarshaling YAML template 'a.yml'` and the like; that of `cause` follows it. */
  constructor(context: string, cause: Error) {
    super(cause.message);
    this.context = cause instanceof ContextError ? `${context}: ${cause.context}` : context;
    this.cause = cause instanceof ContextError ? cause.cause : cause;
  }
}

/** Runs `fn`; what it throws gets the context. */
export function withContext<T>(context: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw new ContextError(context, error as Error);
  }
}
