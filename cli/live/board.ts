import type { UpEvent } from "../../lib/compose/mod.ts";
import type { ImageEvent, NodeEvent } from "../../lib/containers/mod.ts";
import { bar } from "./bar.ts";
import type { ScreenSize } from "./screen.ts";
import { cutText, fitText, plainText, textWidth } from "./text_width.ts";

/** What is known of one service. */
interface Row {
  readonly name: string;
  readonly after: readonly string[];
  state: string;
  health: "-" | "starting" | "healthy" | "unhealthy";
  image?: ImageEvent;
  line?: string;
  kept: boolean;
  exitCode?: number;
  /** When it began to do something. */
  beganAtMs?: number;
  /** When it was ready, or had ended. */
  settledAtMs?: number;
}

/** The looks of a line. */
type Mood = "idle" | "busy" | "good" | "bad";

const COLOUR: Readonly<Record<Mood, string>> = { idle: "2", busy: "33", good: "32", bad: "31" };
const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;
const MAX_NAME = 24;
/** What a column of the board takes, with the blanks before it. */
const HEALTH_WIDTH = 11;
const TIME_WIDTH = 9;
/** A last line that is cut to less than this says nothing. */
const MIN_DETAIL = 14;

/** The state of everything that is brought up, and its picture: one line for each service. */
export class Board {
  readonly #rows = new Map<string, Row>();
  readonly #beganAtMs: number;
  #name = "";
  #title: string | undefined;

  /**
   * Empty at first.
   *
   * @param nowMs Now, in milliseconds since 1970.
   */
  constructor(nowMs: number) {
    this.#beganAtMs = nowMs;
  }

  /** Whether there is something to show. */
  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  /** Takes notice of an event. */
  take(event: UpEvent, nowMs: number): void {
    if (event.kind === "project") {
      this.#name = event.name;
      for (const { name, after } of event.nodes) {
        this.#rows.set(name, { name, after, state: "waiting", health: "-", kept: false });
      }
    }
    if (event.kind === "line") this.#row(event.name, (row) => row.line = event.text);
    if (event.kind === "image") this.#row(event.name, (row) => takeImage(row, event, nowMs));
    if (event.kind === "node") this.#row(event.name, (row) => takeNode(row, event, nowMs));
    if (event.kind === "summary") {
      for (const { name, state } of event.nodes) {
        this.#row(name, (row) => {
          if (row.state === "waiting" && state !== "not run") takeListed(row, state, nowMs);
        });
      }
    }
  }

  /** Says in the title what goes on, instead of how many are up. */
  set title(text: string) {
    this.#title = text;
  }

  /**
   * Draws it.
   *
   * @param size What it has to fit into.
   * @param nowMs Now.
   * @param colour Whether it may be coloured.
   * @returns Lines narrower than the terminal.
   */
  lines(size: ScreenSize, nowMs: number, colour: boolean): readonly string[] {
    const columns = Math.max(10, size.columns) - 1;
    const paint = (codes: string, text: string) =>
      colour && text !== "" ? `\x1b[${codes}m${text}\x1b[0m` : text;
    const all = [...this.#rows.values()];
    const up = all.filter((row) => moodOf(row) === "good").length;
    const title = this.#title ?? `${up} of ${all.length} up`;
    const clock = seconds(nowMs - this.#beganAtMs);
    const name = cutText(this.#name, columns);
    const rest = cutText(`  ${title}  ${clock}`, columns - textWidth(name));
    const nameWidth = Math.min(
      MAX_NAME,
      Math.max(4, ...all.map((row) => textWidth(row.name))),
      Math.max(4, columns - 2 - 10),
    );
    const room = Math.max(1, size.rows - 3);
    const shown = all.length <= room ? all : mostInteresting(all, room - 1);
    const layout = { columns, nameWidth, frame: Math.floor(nowMs / FRAME_MS), nowMs };
    const lines = shown.map((row) => this.#line(row, layout, paint));
    const hidden = all.filter((row) => !shown.includes(row));
    return [
      paint("1", name) + paint("2", rest),
      ...lines,
      ...(hidden.length === 0 ? [] : [paint("2", cutText(`  … and ${tally(hidden)}`, columns))]),
    ];
  }

  #line(row: Row, layout: Layout, paint: (codes: string, text: string) => string): string {
    const { columns, nameWidth, frame, nowMs } = layout;
    const mood = moodOf(row);
    const mark = { idle: "◌", good: "✔", bad: "✘", busy: SPINNER[frame % SPINNER.length]! }[mood];
    let line = paint(COLOUR[mood], mark) + " " + fitText(row.name, nameWidth);
    let width = 2 + nameWidth;
    const add = (text: string, codes?: string) => {
      line += codes === undefined ? `  ${text}` : `  ${paint(codes, text)}`;
      width += 2 + textWidth(text);
    };
    add(fitText(stateText(row), Math.min(10, columns - width - 2)), COLOUR[mood]);
    if (columns - width >= HEALTH_WIDTH + TIME_WIDTH) {
      add(fitText(row.health, 9), row.health === "unhealthy" ? "31" : "2");
    }
    if (columns - width >= TIME_WIDTH) add(timeText(row, nowMs).padStart(7), "2");
    if (columns - width >= MIN_DETAIL) {
      const left = columns - width - 2;
      const detail = this.#detail(row, left);
      add(cutText(detail, left), row.image?.state === "progress" ? "36" : "2");
    }
    return line.trimEnd();
  }

  #detail(row: Row, width: number): string {
    if (row.image !== undefined && row.image.state !== "done") return bar(row.image, width);
    if (row.line !== undefined) return plainText(row.line);
    if (row.kept) return "unchanged";
    if (row.state !== "waiting" && row.state !== "created") return "";
    const open = row.after.filter((name) => moodOf(this.#rows.get(name)) !== "good");
    return open.length === 0 ? "" : `after ${open.join(", ")}`;
  }

  #row(name: string, change: (row: Row) => void): void {
    const row = this.#rows.get(name);
    if (row !== undefined) change(row);
  }
}

interface Layout {
  readonly columns: number;
  readonly nameWidth: number;
  readonly frame: number;
  readonly nowMs: number;
}

function takeImage(row: Row, event: ImageEvent, nowMs: number): void {
  row.beganAtMs ??= nowMs;
  row.image = event;
  row.state = event.state === "done" ? "waiting" : event.action === "pull" ? "pulling" : "building";
}

function takeNode(row: Row, { what, state, exitCode, kept }: NodeEvent, nowMs: number): void {
  row.beganAtMs ??= nowMs;
  row.kept = kept;
  if (state === "exited" || state === "failed" || state === "terminated") {
    row.state = state === "terminated" ? "ended" : state;
    row.exitCode = exitCode;
    row.health = "-";
  } else if (what === "created" || what === "starting") row.state = what;
  else {
    row.state = "running";
    row.health = state === "healthy" || state === "unhealthy" || state === "starting" ? state : "-";
  }
  const isSettled = moodOf(row) === "good" || moodOf(row) === "bad";
  row.settledAtMs = isSettled ? row.settledAtMs ?? nowMs : undefined;
}

function takeListed(row: Row, state: string, nowMs: number): void {
  row.kept = true;
  row.settledAtMs = nowMs;
  if (state === "healthy" || state === "unhealthy" || state === "starting") {
    row.state = "running";
    row.health = state;
  } else row.state = state;
}

function moodOf(row: Row | undefined): Mood {
  if (row === undefined) return "good";
  if (row.state === "waiting" || row.state === "created" || row.state === "ended") return "idle";
  if (row.state === "failed" || row.health === "unhealthy") return "bad";
  if (row.state === "exited") return (row.exitCode ?? 0) === 0 ? "good" : "bad";
  return row.state === "running" && row.health !== "starting" ? "good" : "busy";
}

function stateText({ state, exitCode }: Row): string {
  return state === "exited" && exitCode !== undefined ? `exited ${exitCode}` : state;
}

function timeText({ beganAtMs, settledAtMs }: Row, nowMs: number): string {
  return beganAtMs === undefined ? "" : seconds((settledAtMs ?? nowMs) - beganAtMs);
}

function seconds(ms: number): string {
  const whole = Math.max(0, ms) / 1000;
  if (whole < 100) return `${whole.toFixed(1)} s`;
  return `${Math.floor(whole / 60)}m${String(Math.floor(whole % 60)).padStart(2, "0")}s`;
}

// What fails or goes on is worth a line more than what waits or is up; the order stays.
function mostInteresting(rows: readonly Row[], count: number): readonly Row[] {
  const rank = { bad: 0, busy: 1, idle: 2, good: 3 };
  const chosen = new Set(
    rows.toSorted((a, b) => rank[moodOf(a)] - rank[moodOf(b)]).slice(0, Math.max(0, count)),
  );
  return rows.filter((row) => chosen.has(row));
}

function tally(rows: readonly Row[]): string {
  const words = { good: "up", busy: "on their way", idle: "waiting", bad: "failed" };
  const groups = Map.groupBy(rows, moodOf);
  const parts = [...groups].map(([mood, list]) => `${list.length} ${words[mood]}`);
  return `${rows.length} more: ${parts.join(", ")}`;
}
