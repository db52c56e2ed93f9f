/** The one error that leaves this module. */
import type { TemplateIssue } from "../template/error.ts";

/** What went wrong while rendering. */
export class YttError extends Error {
  /** The class's name. */
  override readonly name = "YttError";
  /** What was being done, such as `Unmarshaling YAML template 'a.yml'`. */
  readonly context: string | undefined;
  /** Which limit stopped the run, if one did. */
  readonly limit: "steps" | "memory" | "depth" | "time" | "abort" | undefined;
  /** The mistakes of a template, with the lines that led to them. */
  readonly issues: readonly TemplateIssue[];

  /** `message` is ytt's own text, without `context`. */
  constructor(
    message: string,
    details: {
      readonly context?: string | undefined;
      readonly limit?: YttError["limit"];
      readonly issues?: readonly TemplateIssue[];
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.context = details.context;
    this.limit = details.limit;
    this.issues = details.issues ?? [];
  }

  /** The whole text as the command line shows it after `ytt: Error: `. */
  describe(): string {
    if (this.context === undefined) return this.message;
    return `${this.context}: ${this.message}`;
  }
}
