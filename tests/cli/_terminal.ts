import { eventually } from "../../lib/retry/mod.ts";
import { debianFiles, libraryPath } from "../support/debian_packages.ts";
import { runProgram } from "../support/cli.ts";

/** How a terminal is opened. */
export interface TerminalOptions {
  /** Default 100. */
  readonly columns?: number;
  /** Default 30. */
  readonly rows?: number;
  /** Working directory. */
  readonly cwd: string;
  /** Variables besides our own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Why there is no terminal here, `undefined` when there is. */
export async function terminalProblem(): Promise<string | undefined> {
  return (await tmux()).skip;
}

interface Tmux {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly skip?: string;
}

let found: Promise<Tmux> | undefined;

function tmux(): Promise<Tmux> {
  return found ??= findTmux();
}

async function findTmux(): Promise<Tmux> {
  const here = await new Deno.Command("tmux", { args: ["-V"], stdout: "null", stderr: "null" })
    .output().catch(() => undefined);
  if (here?.success) return { program: "tmux", env: {} };
  const { root, skip } = await debianFiles({ packages: ["tmux"] });
  if (root === undefined) return { program: "", env: {}, skip };
  return { program: `${root}/usr/bin/tmux`, env: { LD_LIBRARY_PATH: libraryPath(root) } };
}

/** A real pseudo-terminal with a program in it, as somebody at the keyboard has it. */
export class Terminal implements AsyncDisposable {
  readonly #tmux: Tmux;
  readonly #directory: string;
  readonly #exitFile: string;

  private constructor(tmux: Tmux, directory: string) {
    this.#tmux = tmux;
    this.#directory = directory;
    this.#exitFile = `${directory}/exit`;
  }

  /**
   * Opens a terminal and runs a program in it; the terminal stays when the program ends.
   *
   * @param words Program and words.
   */
  static async open(words: readonly string[], options: TerminalOptions): Promise<Terminal> {
    const directory = await Deno.makeTempDir({ prefix: "superorch-tty-" });
    const terminal = new Terminal(await tmux(), directory);
    const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    // The shell itself survives a Ctrl-C, to tell how the program ended.
    const script = `trap : INT; ${quoted}; echo $? > '${terminal.#exitFile}'; exec sleep 1000`;
    const { columns = 100, rows = 30 } = options;
    const env = Object.entries({ NO_COLOR: "", ...options.env })
      .flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    await terminal.#call(
      ["-f", "/dev/null", "new-session", "-d", "-x", `${columns}`, "-y", `${rows}`]
        .concat(env, ["-c", options.cwd, "sh", "-c", script]),
    );
    return terminal;
  }

  /** What is on the screen, without empty lines at the end; `colours` keeps colours. */
  async screen(options: { readonly colours?: boolean } = {}): Promise<string> {
    const flags = options.colours === true ? ["-e"] : [];
    return (await this.#call(["capture-pane", "-p", ...flags])).trimEnd();
  }

  /** Presses keys, as tmux names them: `C-c`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#call(["send-keys", ...keys]);
  }

  /** Changes the size. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#call(["resize-window", "-x", `${columns}`, "-y", `${rows}`]);
  }

  /** Waits until the screen shows something. */
  async until(pattern: RegExp, ms = 30_000): Promise<string> {
    let screen = "";
    const check = async () => {
      screen = await this.screen();
      if (!pattern.test(screen)) throw new Error(`${pattern} is not on the screen:\n${screen}`);
    };
    await eventually(check, ms, { what: `screen with ${pattern}`, pollMs: 50 });
    return screen;
  }

  /** Waits until the program has ended, and gives its exit code. */
  async exitCode(ms = 30_000): Promise<number> {
    let code = NaN;
    const check = async () => {
      const text = await Deno.readTextFile(this.#exitFile);
      if (!/^\d+\n$/.test(text)) throw new Error("not ended yet");
      code = Number(text);
    };
    await eventually(check, ms, { what: "end of the program", pollMs: 25 });
    return code;
  }

  /** Closes the terminal and everything in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#call(["kill-server"]).catch(() => {}); // it has ended already
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #call(words: readonly string[]): Promise<string> {
    const { program, env } = this.#tmux;
    const { code, stdout, stderr } = await runProgram(
      program,
      ["-S", `${this.#directory}/socket`, ...words],
      { env: { ...env, TERM: "xterm-256color", LC_ALL: "C.UTF-8" } },
    );
    if (code !== 0) throw new Error(`tmux ${words[0]}: ${stderr}`);
    return stdout;
  }
}
