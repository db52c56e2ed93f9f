import { type BuildJob, checkJob, JobRefusedError } from "../queue/job.ts";
import { type RepositoryPolicy, repositoryProblem } from "../queue/repository.ts";
import type { SubmitOptions } from "../queue/transport.ts";
import type { Ledger } from "./ledger.ts";
import type { BuildRecord } from "./ledger_records.ts";
import { WriteBatch } from "./write_batch.ts";

/** A build to submit: a job whose id, version and time may be left out. */
export type Submission =
  & Omit<BuildJob, "v" | "id" | "submitted_at">
  & Partial<Pick<BuildJob, "v" | "id" | "submitted_at">>;

/** What became of a submission. */
export interface Submitted {
  /** What is known of the build now. */
  readonly build: BuildRecord;
  /** Whether nobody had submitted it before. */
  readonly isNew: boolean;
}

/** How long a build may wait for others to be written with: less than the disk takes for one. */
const SUBMIT_WAIT_MS = 2;
/** Where submissions go. */
export interface SubmissionsOptions {
  /** Keeps them. */
  readonly ledger: Ledger;
  /** Which repositories are taken. Default every one that is no path. */
  readonly repositories: RepositoryPolicy | undefined;
  /** Called when there are new ones. */
  readonly onNew: () => void;
}

/** Checks what is submitted and writes it down, many at a time where they come so. */
export class Submissions {
  readonly #options: SubmissionsOptions;
  readonly #batch: WriteBatch<BuildJob, Submitted>;

  /** @param options Where they go. */
  constructor(options: SubmissionsOptions) {
    this.#options = options;
    this.#batch = new WriteBatch({
      write: (jobs) => this.#insert(jobs, {}),
      waitMs: SUBMIT_WAIT_MS,
    });
  }

  /** As `Coordinator.submitAll`. */
  takeAll(submissions: readonly Submission[], reply: SubmitOptions): readonly Submitted[] {
    return this.#insert(this.#checkAll(submissions), reply);
  }

  /** As `Coordinator.submitSoon`. */
  async takeSoon(submissions: readonly Submission[]): Promise<readonly Submitted[]> {
    return await this.#batch.add(this.#checkAll(submissions));
  }

  /** Writes what waits. */
  flush(): void {
    this.#batch.flush();
  }

  #insert(jobs: readonly BuildJob[], reply: SubmitOptions): readonly Submitted[] {
    const { ledger, onNew } = this.#options;
    const isNew = ledger.submitAll(jobs, reply);
    if (isNew.includes(true)) onNew();
    return jobs.map(({ id }, index) => ({ build: ledger.get(id)!, isNew: isNew[index]! }));
  }

  #checkAll(submissions: readonly Submission[]): readonly BuildJob[] {
    const problems: string[] = [];
    const jobs = submissions.flatMap((submission, index) => {
      try {
        return [this.#check(submission)];
      } catch (error) {
        if (!(error instanceof JobRefusedError)) throw error;
        const place = submissions.length === 1 ? "" : `build ${index + 1}: `;
        problems.push(...error.problems.map((problem) => `${place}${problem}`));
        return [];
      }
    });
    if (problems.length > 0) throw new JobRefusedError(problems);
    return jobs;
  }

  #check(submission: Submission): BuildJob {
    // What is no object is for `checkJob` to refuse.
    const isObject = typeof submission === "object" && submission !== null &&
      !Array.isArray(submission);
    const job = checkJob(
      isObject
        ? {
          ...submission,
          v: submission.v ?? 1,
          id: submission.id ?? crypto.randomUUID(),
          submitted_at: submission.submitted_at ?? Date.now(),
        }
        : submission,
    );
    const problem = repositoryProblem(job.repo, this.#options.repositories);
    if (problem !== undefined) throw new JobRefusedError([`"repo": ${problem}`]);
    return job;
  }
}
