import { type LazyLocation, lazyLocation, type SourceLocation } from "./location.ts";
import { STACKED } from "./_read.ts";
import { chainOf } from "./chain.ts";
import { renderError } from "./render.ts";
import { type ErrorReport, reportError } from "./report.ts";

/** How a {@linkcode StackedError} is made. */
export interface StackedErrorOptions {
  /** What this layer stands on: any thrown value. */
  readonly cause?: unknown;
  /**
   * The place to show. Default: the line that constructs the error; `false` for none, which is
   * what library code uses so that only the user's own lines are shown.
   */
  readonly location?: SourceLocation | LazyLocation | false;
}

/**
 * One layer of a failure: what was attempted here, and below it, as `cause`, what went wrong.
 *
 * Layers form the standard `cause` chain, so anything that understands `Error` understands this;
 * printing it gives one flat text, newest layer first and root cause last.
 *
 * @example
 * ```ts
 * import { StackedError } from "@superorch/superorch/errors";
 *
 * try {
 *   JSON.parse("{");
 * } catch (cause) {
 *   const error = new StackedError("Cannot read the settings", { cause });
 *   console.error(error.render());
 * }
 * ```
 */
export class StackedError extends Error {
  /** The name of the class. */
  override readonly name: string = "StackedError";
  readonly #location: LazyLocation;

  /**
   * Makes one layer.
   *
   * @param message What was attempted; empty for a layer that only marks a place.
   * @param options The cause and the place.
   */
  constructor(message = "", options: StackedErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    const { location } = options;
    if (location === undefined) {
      const holder: { stack?: string } = {};
      Error.captureStackTrace(holder, new.target);
      this.#location = lazyLocation(() => holder.stack);
    } else {
      this.#location = typeof location === "function" ? location : () => location || undefined;
    }
  }

  /** How another copy of this module knows it. */
  get [STACKED](): true {
    return true;
  }

  /** The place of this layer, `undefined` for a layer of library code. */
  get location(): SourceLocation | undefined {
    return this.#location();
  }

  /**
   * Puts another layer on top.
   *
   * @param message What was attempted one level up; empty to mark the calling line only.
   * @param options `location: false` leaves the calling line out.
   * @returns The new outermost layer, with this error as its `cause`.
   */
  with(message = "", options: Omit<StackedErrorOptions, "cause"> = {}): StackedError {
    const holder: { stack?: string } = {};
    Error.captureStackTrace(holder, this.with);
    const location = options.location ?? lazyLocation(() => holder.stack);
    return new StackedError(message, { cause: this, location });
  }

  /** This error and its causes, newest first; the last one is the root. */
  chain(): readonly unknown[] {
    return chainOf(this);
  }

  /**
   * The whole chain as text.
   *
   * @param options `colour: true` adds ANSI colours; default `false`.
   * @returns Text as {@linkcode renderError} lays it out.
   */
  render(options: { readonly colour?: boolean } = {}): string {
    return renderError(this, options);
  }

  /** The whole chain as plain data, for `JSON.stringify`. */
  toJSON(): ErrorReport {
    return reportError(this);
  }

  /** The whole chain as plain text. */
  override toString(): string {
    return renderError(this);
  }

  /** What `console.log` shows under Deno. */
  [Symbol.for("Deno.customInspect")](
    _inspect: unknown,
    options: { readonly colors?: boolean },
  ): string {
    return renderError(this, { colour: options.colors === true });
  }

  /** What `console.log` shows under Node. */
  [Symbol.for("nodejs.util.inspect.custom")](
    _depth: number,
    options: { readonly colors?: boolean },
  ): string {
    return renderError(this, { colour: options.colors === true });
  }
}

/**
 * Puts the layers of one failure under those of another, for a failure that was met while a first
 * one was handled.
 *
 * @param outer The failure to show first. Its layers are copied, not changed.
 * @param inner The failure to show below the root of `outer`.
 * @returns A new chain: the layers of `outer`, then those of `inner`.
 */
export function chainErrors(outer: unknown, inner: unknown): StackedError {
  let below = inner;
  let top: StackedError | undefined;
  for (const layer of chainOf(outer).toReversed()) {
    const location = layer instanceof StackedError ? () => layer.location : false;
    top = new StackedError(textOf(layer), { cause: below, location });
    below = top;
  }
  return top ?? new StackedError("", { cause: inner, location: false });
}

function textOf(layer: unknown): string {
  if (layer instanceof StackedError) return layer.message;
  return layer instanceof Error ? `${layer}` : String(layer);
}
