import { textWidth } from "./text_width.ts";

/** The size of a terminal. */
export interface ScreenSize {
  /** Characters in a line. */
  readonly columns: number;
  /** Lines. */
  readonly rows: number;
}

/**
 * A block of lines at the end of a terminal that is drawn again and again in place.
 *
 * The cursor stays visible and below the block, so a process that is killed leaves a terminal that
 * needs no repair. Each frame is one write, and nothing is erased that is drawn over, so it does not
 * flicker.
 */
export class Screen {
  readonly #write: (text: string) => void;
  readonly #size: () => ScreenSize;
  /** Widths of the lines that are on the terminal. */
  #drawn: readonly number[] = [];

  /**
   * Nothing is drawn yet.
   *
   * @param write Writes to the terminal.
   * @param size Gets its size, which may change at any time.
   */
  constructor(write: (text: string) => void, size: () => ScreenSize) {
    this.#write = write;
    this.#size = size;
  }

  /** Its size now. */
  get size(): ScreenSize {
    return this.#size();
  }

  /**
   * Draws the block in the place of the one before.
   *
   * @param lines Each narrower than the terminal; may hold colours and nothing else that a terminal
   * acts on.
   */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\x1b[K\n`).join("");
    this.#write(`${this.#toStart()}${text}\x1b[J`);
    this.#drawn = lines.map((line) => textWidth(line.replace(COLOURS, "")));
  }

  /**
   * Writes lines above the block.
   *
   * @param text Whole lines.
   */
  print(text: string): void {
    this.#write(`${this.#toStart()}\x1b[J${text}`);
    this.#drawn = [];
  }

  /** Leaves the block where it is: what comes next goes below. */
  leave(): void {
    this.#drawn = [];
  }

  // A terminal that became narrower has broken the lines that are too long for it now.
  #toStart(): string {
    const { columns } = this.#size();
    const rows = this.#drawn.reduce(
      (sum, width) => sum + Math.max(1, Math.ceil(width / Math.max(1, columns))),
      0,
    );
    return rows === 0 ? "\r" : `\r\x1b[${rows}A`;
  }
}

// deno-lint-ignore no-control-regex -- they are what is looked for
const COLOURS = /\x1b\[[0-9;]*m/g;

/** Gets the size of the terminal of this process, a usual one where there is none. */
export function consoleSize(): ScreenSize {
  try {
    const { columns, rows } = Deno.consoleSize();
    // A terminal that nobody has given a size says 0.
    return { columns: columns || 80, rows: rows || 24 };
  } catch {
    return { columns: 80, rows: 24 };
  }
}
