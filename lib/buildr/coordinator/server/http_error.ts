import { errorMessage } from "../../../errors/mod.ts";
import { JobRefusedError } from "../../queue/job.ts";
import { TransportError } from "../../queue/transport.ts";
import { LedgerError } from "../ledger_database.ts";

/** A request that gets another answer than the one it wanted. */
export class HttpError extends Error {
  /** The name of the class. */
  override readonly name = "HttpError";
  /** Status of the answer. */
  readonly status: number;
  /** What is wrong, one sentence for each mistake. */
  readonly problems: readonly string[];
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param status Status of the answer.
   * @param problems What is wrong.
   * @param headers More headers of the answer.
   */
  constructor(
    status: number,
    problems: string | readonly string[],
    headers: Readonly<Record<string, string>> = {},
  ) {
    const list = typeof problems === "string" ? [problems] : problems;
    super(list.join("; "));
    this.status = status;
    this.problems = list;
    this.headers = headers;
  }
}

/** Says which answer a failure is, without anything of the inside. */
export function asHttpError(thrown: unknown): HttpError {
  if (thrown instanceof HttpError) return thrown;
  if (thrown instanceof JobRefusedError) return new HttpError(400, thrown.problems);
  if (thrown instanceof LedgerError || isSqliteError(thrown)) {
    const message = thrown instanceof LedgerError
      ? thrown.message
      : `The ledger cannot be read: ${errorMessage(thrown)}`;
    return new HttpError(503, message, { "retry-after": "5" });
  }
  if (thrown instanceof TransportError) {
    return new HttpError(503, `The way to the agents is closed: ${thrown.message}`, {
      "retry-after": "5",
    });
  }
  return new HttpError(500, "The coordinator has a defect; its own output says more");
}

function isSqliteError(thrown: unknown): boolean {
  return (thrown as { readonly code?: unknown } | undefined)?.code === "ERR_SQLITE_ERROR";
}
