import type { BuildEvent } from "../engine/build/mod.ts";
import type { ProgressLine } from "../engine/mod.ts";
import type { ImageEvent } from "./run_event.ts";

/** An engine tells of every few KiB; people and log files have enough with ten a second. */
const INTERVAL_MS = 100;

type Told = Pick<ImageEvent, "current" | "total" | "text">;

/** Adds up what an engine tells of the layers of a pull, or of the steps of a build. */
export class ImageProgress {
  readonly #tell: (told: Told) => void;
  readonly #layers = new Map<string, { current: number; total: number }>();
  #steps: Told = {};
  #toldAtMs = -Infinity;

  /**
   * Starts at nothing.
   *
   * @param tell Takes the sums, at most ten times a second.
   */
  constructor(tell: (told: Told) => void) {
    this.#tell = tell;
  }

  /** Takes a line of a pull. */
  takePull({ id, status, progressDetail }: ProgressLine): void {
    if (id === undefined || status === undefined) return;
    const layer = this.#layers.get(id);
    if (status === "Downloading" && progressDetail?.total !== undefined) {
      const { current = 0, total } = progressDetail;
      this.#layers.set(id, { current, total });
    } else if (layer !== undefined) {
      layer.current = layer.total; // whatever comes after the download: it is verified, extracted
    }
    if (this.#layers.size === 0) return;
    const all = [...this.#layers.values()];
    const sum = (key: "current" | "total") => all.reduce((total, one) => total + one[key], 0);
    this.#report({ current: sum("current"), total: sum("total"), text: status });
  }

  /** Takes an event of a build. */
  takeBuild(event: BuildEvent): void {
    if (event.kind !== "step" || event.state !== "started") return;
    const step = /\[(?:[^\]]*\s)?(\d+)\/(\d+)\]|^Step (\d+)\/(\d+)/.exec(event.text);
    if (step !== null) {
      const [current, total] = [Number(step[1] ?? step[3]) - 1, Number(step[2] ?? step[4])];
      this.#steps = { current, total };
    }
    this.#report({ ...this.#steps, text: event.text });
  }

  #report(told: Told): void {
    const now = performance.now();
    if (now - this.#toldAtMs < INTERVAL_MS) return;
    this.#toldAtMs = now;
    this.#tell(told);
  }
}
