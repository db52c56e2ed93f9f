import { escapeControls } from "../commands/command_line.ts";

/** What every refusal of a registry knows. */
export interface RegistryErrorFields {
  /** What was wanted, for example `read manifest "1.0" of 127.0.0.1:5000/app`. */
  readonly action: string;
  /** HTTP method. */
  readonly method: string;
  /** The URL, without its query. */
  readonly url: string;
  /** HTTP status. */
  readonly status: number;
  /** The registry's codes, for example `MANIFEST_UNKNOWN`; empty where it gave none. */
  readonly codes: readonly string[];
  /** The registry's own words. */
  readonly reason: string;
}

/** A registry answered, and the answer is no. */
export class RegistryError extends Error implements RegistryErrorFields {
  /** The name of the class. */
  override readonly name: string = "RegistryError";
  /** What was wanted. */
  readonly action: string;
  /** HTTP method. */
  readonly method: string;
  /** The URL, without its query. */
  readonly url: string;
  /** HTTP status. */
  readonly status: number;
  /** The registry's codes. */
  readonly codes: readonly string[];
  /** The registry's own words. */
  readonly reason: string;

  /** Makes the message from the fields. */
  constructor(fields: RegistryErrorFields, options?: ErrorOptions) {
    super(
      `Cannot ${fields.action}: ${escapeControls(fields.reason)} ` +
        `(${fields.method} ${fields.url}: ${fields.status})`,
      options,
    );
    this.action = fields.action;
    this.method = fields.method;
    this.url = fields.url;
    this.status = fields.status;
    this.codes = fields.codes;
    this.reason = fields.reason;
  }
}

/** The registry, or its token server, wants credentials or refuses those it was given. Status 401. */
export class RegistryUnauthorizedError extends RegistryError {
  /** The name of the class. */
  override readonly name: string = "RegistryUnauthorizedError";
}

/** The credentials are good, but not for this. Status 403. */
export class RegistryForbiddenError extends RegistryError {
  /** The name of the class. */
  override readonly name: string = "RegistryForbiddenError";
}

/** The registry has no such repository, manifest or blob. Status 404. */
export class RegistryNotFoundError extends RegistryError {
  /** The name of the class. */
  override readonly name: string = "RegistryNotFoundError";
}

/** The registry wants fewer requests, also after the retries. Status 429. */
export class RegistryTooManyRequestsError extends RegistryError {
  /** The name of the class. */
  override readonly name: string = "RegistryTooManyRequestsError";
}

/** The registry failed itself, also after the retries. Status 500 and above. */
export class RegistryServerError extends RegistryError {
  /** The name of the class. */
  override readonly name: string = "RegistryServerError";
}

/** The registry cannot be reached, broke the connection, or does not speak its protocol. */
export class RegistryConnectionError extends Error {
  /** The name of the class. */
  override readonly name: string = "RegistryConnectionError";
  /** What was wanted. */
  readonly action: string;
  /** The URL, without its query. */
  readonly url: string;
  /** Why, in one line. */
  readonly reason: string;

  /** Makes the message from the fields. */
  constructor(
    fields: Pick<RegistryConnectionError, "action" | "url" | "reason">,
    options?: ErrorOptions,
  ) {
    super(`Cannot ${fields.action}: ${escapeControls(fields.reason)} (${fields.url})`, options);
    this.action = fields.action;
    this.url = fields.url;
    this.reason = fields.reason;
  }
}

/** What came, or what was to be sent, is not what its digest or its size says. */
export class DigestMismatchError extends Error {
  /** The name of the class. */
  override readonly name: string = "DigestMismatchError";
  /** What was wanted. */
  readonly action: string;
  /** What it should be: a digest, or a number of bytes. */
  readonly expected: string;
  /** What it is. */
  readonly actual: string;

  /** Makes the message from the fields. */
  constructor(fields: Pick<DigestMismatchError, "action" | "expected" | "actual">) {
    super(`Cannot ${fields.action}: it should be ${fields.expected}, and is ${fields.actual}`);
    this.action = fields.action;
    this.expected = fields.expected;
    this.actual = fields.actual;
  }
}

/**
 * Finds the class for an answer.
 *
 * @param fields What was asked and what came back.
 * @returns The most telling {@linkcode RegistryError}.
 */
export function registryError(fields: RegistryErrorFields): RegistryError {
  const { status } = fields;
  if (status === 401) return new RegistryUnauthorizedError(fields);
  if (status === 403) return new RegistryForbiddenError(fields);
  if (status === 404) return new RegistryNotFoundError(fields);
  if (status === 429) return new RegistryTooManyRequestsError(fields);
  return status >= 500 ? new RegistryServerError(fields) : new RegistryError(fields);
}
