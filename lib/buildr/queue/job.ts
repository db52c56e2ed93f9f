import { branchProblem } from "./repository.ts";

/**
 * A build that somebody asks for, as it travels: JSON with exactly these names.
 *
 * JSON and not a binary format: everybody can write one by hand into the broker's own page, read
 * it in the dead letters, and log it; builds come by the second and not by the million.
 */
export interface BuildJob {
  /** Version of this format. */
  readonly v: 1;
  /** What the build is known by, for ever: 1 to 64 letters, digits, `.`, `_` and `-`. */
  readonly id: string;
  /** Address of the repository, for `git clone`. */
  readonly repo: string;
  /** Branch; the default branch of the repository without one. */
  readonly branch?: string;
  /** Commit, 7 to 64 hexadecimal digits; the newest of the branch without one. */
  readonly commit?: string;
  /** Directory of the project in the repository, with `/`. Default the top one. */
  readonly path?: string;
  /** Stages to run; all of them without a list. */
  readonly stages?: readonly string[];
  /** What an agent must carry to take it. */
  readonly tags?: readonly string[];
  /** Variables of the build, on top of the manifest's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Higher ones are taken first; 0 to 9. Default 4. */
  readonly priority?: number;
  /** How long one attempt may take, in seconds. */
  readonly timeout?: number;
  /** How often it is started at most when agents are lost. Default 3. */
  readonly max_attempts?: number;
  /** Only one build with this name runs at a time. */
  readonly concurrency?: string;
  /** When it was asked for: milliseconds since 1970. */
  readonly submitted_at: number;
}

/** What users of the first program put on the queue `build_queue` by hand. */
export interface SeedJob {
  /** Address of the repository. */
  readonly repo: string;
  /** Branch. */
  readonly branch?: string;
}

/** Largest message that is looked into, in bytes. */
export const MAX_JOB_BYTES = 256 * 1024;

/** How often a build is started at most, unless it says so itself. */
export const DEFAULT_MAX_ATTEMPTS = 3;

/** Priority of a build that names none. */
export const DEFAULT_PRIORITY = 4;

/** A message asks for something that is no build; it will never become one. */
export class JobRefusedError extends TypeError {
  /** The name of the class. */
  override readonly name = "JobRefusedError";
  /** What is wrong, one sentence for each mistake, without a final period. */
  readonly problems: readonly string[];

  /**
   * Makes one.
   *
   * @param problems What is wrong.
   */
  constructor(problems: readonly string[]) {
    super(`The message is not a build: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/**
 * Reads a message of a job queue.
 *
 * @param content The message.
 * @returns A job, or what the first program's users send, which has no id yet.
 * @throws {JobRefusedError} when it is neither, with every mistake.
 */
export function parseJob(content: Uint8Array | string): BuildJob | SeedJob {
  const value = parseObject(content);
  return "v" in value || "id" in value ? checkJob(value) : checkSeedJob(value);
}

/** Whether a message that {@linkcode parseJob} took has an id. */
export function isBuildJob(job: BuildJob | SeedJob): job is BuildJob {
  return "v" in job;
}

/**
 * Checks a job.
 *
 * @param value What may be one, for example the body of a request.
 * @returns The job, with nothing in it that this version does not know.
 * @throws {JobRefusedError} with every mistake.
 */
export function checkJob(value: unknown): BuildJob {
  const check = new ObjectCheck(value);
  if (check.value["v"] !== 1) {
    check.problem(`"v" is ${show(check.value["v"])}, and this program knows version 1`);
    throw new JobRefusedError(check.problems);
  }
  const job: BuildJob = {
    v: 1,
    id: check.text("id", (id) => ID.test(id) ? undefined : "is not 1 to 64 of A-Z a-z 0-9 . _ -") ??
      "",
    repo: check.text("repo") ?? "",
    ...present({
      branch: check.optionalText("branch", branchProblem),
      commit: check.optionalText(
        "commit",
        (text) => /^[0-9a-f]{7,64}$/.test(text) ? undefined : "is not 7 to 64 hexadecimal digits",
      ),
      path: check.optionalText("path", pathProblem),
      stages: check.texts("stages"),
      tags: check.texts("tags", (tag) => isTag(tag) ? undefined : "is not letters and digits"),
      env: check.environment("env"),
      priority: check.integer("priority", 0, 9),
      timeout: check.integer("timeout", 1, 7 * 24 * 3600),
      max_attempts: check.integer("max_attempts", 1, 100),
      concurrency: check.optionalText(
        "concurrency",
        (text) => text.length <= 200 ? undefined : "is longer than 200 characters",
      ),
    }),
    submitted_at: check.integer("submitted_at", 0, Number.MAX_SAFE_INTEGER) ?? 0,
  };
  check.noOthers(
    [
      "v id repo branch commit path stages tags env priority timeout max_attempts concurrency",
      "submitted_at",
    ].join(" ").split(" "),
  );
  if (check.problems.length > 0) throw new JobRefusedError(check.problems);
  return job;
}

function checkSeedJob(value: Readonly<Record<string, unknown>>): SeedJob {
  // Other keys have always been ignored here.
  const check = new ObjectCheck(value);
  const job = {
    repo: check.text("repo") ?? "",
    ...present({ branch: check.optionalText("branch", branchProblem) }),
  };
  if (check.problems.length > 0) throw new JobRefusedError(check.problems);
  return job;
}

/** Whether a text can be what agents carry and builds ask for. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const TAG = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function parseObject(content: Uint8Array | string): Record<string, unknown> {
  if (content.length > MAX_JOB_BYTES) {
    throw new JobRefusedError([`it has more than ${MAX_JOB_BYTES} bytes`]);
  }
  let value: unknown;
  try {
    const text = typeof content === "string"
      ? content
      : new TextDecoder("utf-8", { fatal: true }).decode(content);
    value = JSON.parse(text);
  } catch {
    throw new JobRefusedError(["it is not JSON"]);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new JobRefusedError([`it is ${show(value)}, and an object is wanted`]);
  }
  return value as Record<string, unknown>;
}

function pathProblem(path: string): string | undefined {
  const parts = path.split("/");
  const isInside = !path.startsWith("/") && !parts.includes("..") &&
    !path.includes("\0") && !path.includes("\\");
  return isInside ? undefined : "is not a path inside of the repository";
}

/** The part of an object whose values are there. */
function present<T extends Record<string, unknown>>(values: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

type TextCheck = (text: string) => string | undefined;

/** Looks at the values of an object and collects what is wrong with them. */
class ObjectCheck {
  readonly value: Readonly<Record<string, unknown>>;
  readonly problems: string[] = [];

  constructor(value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new JobRefusedError([`it is ${show(value)}, and an object is wanted`]);
    }
    this.value = value as Record<string, unknown>;
  }

  problem(text: string): undefined {
    this.problems.push(text);
  }

  text(key: string, check?: TextCheck): string | undefined {
    if (this.value[key] === undefined) return this.problem(`"${key}" is missing`);
    return this.optionalText(key, check);
  }

  optionalText(key: string, check: TextCheck = () => undefined): string | undefined {
    const value = this.value[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") return this.problem(`"${key}" is ${show(value)}, not a text`);
    const problem = check(value);
    return problem === undefined
      ? value
      : this.problem(`"${key}" ${problem.replace(/^it /, "")}: ${show(value)}`);
  }

  texts(key: string, check: TextCheck = () => undefined): readonly string[] | undefined {
    const value = this.value[key];
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value) || value.length > 1_000) {
      return this.problem(`"${key}" is ${show(value)}, not a list of at most 1000 texts`);
    }
    for (const entry of value) {
      if (typeof entry !== "string") this.problem(`"${key}" has ${show(entry)}, not a text`);
      else if (check(entry) !== undefined) this.problem(`"${key}" ${check(entry)}: ${show(entry)}`);
    }
    return value;
  }

  environment(key: string): Readonly<Record<string, string>> | undefined {
    const value = this.value[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "object" || Array.isArray(value)) {
      return this.problem(`"${key}" is ${show(value)}, not an object of texts`);
    }
    for (const [name, text] of Object.entries(value)) {
      if (!ENV_NAME.test(name)) this.problem(`"${key}" has the name ${show(name)}`);
      if (typeof text !== "string" || text.includes("\0")) {
        this.problem(`"${key}.${name}" is ${show(text)}, not a text`);
      }
    }
    return value as Record<string, string>;
  }

  integer(key: string, min: number, max: number): number | undefined {
    const value = this.value[key];
    if (value === undefined || value === null) return undefined;
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
      return this.problem(`"${key}" is ${show(value)}, not a whole number from ${min} to ${max}`);
    }
    return value as number;
  }

  noOthers(known: readonly string[]): void {
    for (const key of Object.keys(this.value)) {
      if (!known.includes(key)) this.problem(`"${show(key).slice(1, -1)}" is not known`);
    }
  }
}
