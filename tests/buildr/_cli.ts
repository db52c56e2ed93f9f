import { runBuildr } from "../../cli/buildr.ts";

/** What the command line of buildr did. */
export interface BuildrRan {
  /** Exit code. */
  readonly code: number;
  /** All of standard output. */
  readonly stdout: string;
  /** All of standard error. */
  readonly stderr: string;
}

/** Runs the command line of buildr in this process; nothing of it is a terminal. */
export async function buildr(...args: readonly string[]): Promise<BuildrRan> {
  const texts = { out: "", err: "" };
  const sink = (name: "out" | "err") => ({
    terminal: false,
    colour: false,
    write: (text: string) => {
      texts[name] += text;
    },
  });
  const code = await runBuildr(args, { out: sink("out"), err: sink("err") });
  return { code, stdout: texts.out, stderr: texts.err };
}
