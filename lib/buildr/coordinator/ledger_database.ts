import { errorMessage } from "../../errors/mod.ts";
import { MIGRATIONS } from "./ledger_schema.ts";

/** The ledger cannot write or read: the disk is full, or another program holds it. */
export class LedgerError extends Error {
  /** The name of the class. */
  override readonly name = "LedgerError";
}

/** How a ledger is opened. */
export interface LedgerOptions {
  /** How long another program may hold it. Default 2 s. */
  readonly busyTimeoutMs?: number;
}

// deno-lint-ignore no-explicit-any -- rows are what SQLite says they are
export type Row = any;
type Database = import("node:sqlite").DatabaseSync;
type Value = string | number | null;

/**
 * The file of a ledger: what a write has returned from survives a power cut (`synchronous = FULL`).
 *
 * Permissions: `--allow-read` and `--allow-write` of the file's directory.
 */
export class LedgerDatabase implements Disposable {
  readonly #database: Database;
  readonly #statements = new Map<string, ReturnType<Database["prepare"]>>();

  private constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Opens a ledger, and makes it when it is not there.
   *
   * @param path The file; `:memory:` for one that is forgotten.
   * @param options How.
   * @throws {LedgerError} when it cannot be opened, or a newer superorch has written it.
   */
  static async open(
    path: string,
    { busyTimeoutMs = 2_000 }: LedgerOptions = {},
  ): Promise<LedgerDatabase> {
    const { DatabaseSync } = await import("node:sqlite");
    let database: Database | undefined;
    try {
      database = new DatabaseSync(path);
      database.exec(`
        PRAGMA busy_timeout = ${Math.round(busyTimeoutMs)};
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA foreign_keys = ON;
      `);
      migrate(database, path);
    } catch (cause) {
      database?.close();
      if (cause instanceof LedgerError) throw cause;
      throw new LedgerError(`Cannot open the ledger "${path}": ${errorMessage(cause)}`, { cause });
    }
    return new LedgerDatabase(database);
  }

  /**
   * Does all of it or nothing.
   *
   * @param what What it does, for the error: `note a build`.
   * @param work Does it.
   * @throws {LedgerError} when it cannot be done, and then nothing of it is.
   */
  write<T>(what: string, work: () => T): T {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
    } catch (cause) {
      throw new LedgerError(`The ledger cannot ${what}: ${errorMessage(cause)}`, { cause });
    }
    try {
      const value = work();
      this.#database.exec("COMMIT");
      return value;
    } catch (cause) {
      // A full disk may have rolled it back already.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw new LedgerError(`The ledger cannot ${what}: ${errorMessage(cause)}`, { cause });
    }
  }

  /** Changes something. @returns How many rows, and the id of the last one. */
  run(sql: string, ...values: Value[]): ReturnType<ReturnType<Database["prepare"]>["run"]> {
    return this.#prepare(sql).run(...values);
  }

  /** The first row; `undefined` when there is none. */
  get(sql: string, ...values: Value[]): Row {
    return this.#prepare(sql).get(...values);
  }

  /** All rows. */
  all(sql: string, ...values: Value[]): Row[] {
    return this.#prepare(sql).all(...values);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): ReturnType<Database["prepare"]> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function migrate(database: Database, path: string): void {
  const row = database.prepare("PRAGMA user_version").get() as { readonly user_version: number };
  const version = row.user_version;
  if (version > MIGRATIONS.length) {
    throw new LedgerError(
      `The ledger "${path}" has version ${version}, and this superorch knows ${MIGRATIONS.length}`,
    );
  }
  for (let step = version; step < MIGRATIONS.length; step++) {
    // Two programs may open it at once: the second one finds it done.
    database.exec("BEGIN IMMEDIATE");
    const now = database.prepare("PRAGMA user_version").get() as { readonly user_version: number };
    if (now.user_version === step) {
      database.exec(`${MIGRATIONS[step]}; PRAGMA user_version = ${step + 1}`);
    }
    database.exec("COMMIT");
  }
}
