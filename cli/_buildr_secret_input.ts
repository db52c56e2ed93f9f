import { ExitCode } from "./exit_code.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** A value longer than this is somebody's mistake, and would make a manifest nobody can read. */
const LIMIT_BYTES = 1 << 20;

/**
 * Reads the value of a secret: from a file, from a pipe, or typed without being shown.
 *
 * @param name Name of the secret.
 * @param file The file; without one, standard input.
 * @param output Where a person is asked.
 */
export async function readSecretValue(
  name: string,
  file: string | undefined,
  output: Output,
): Promise<string> {
  const bytes = file !== undefined
    ? await readFile(file)
    : Deno.stdin.isTerminal()
    ? typeHidden(`Value of ${name} (not shown): `, output)
    : await readAll();
  if (bytes.length > LIMIT_BYTES) {
    throw new UsageError(`Cannot keep secret "${name}": it has more than 1 MiB`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError(`Cannot keep secret "${name}": it is not UTF-8; encode it, as base64`);
  }
  // "echo value |" adds the end of a line that nobody means.
  const value = file === undefined ? text.replace(/\r?\n$/, "") : text;
  if (value === "") throw new UsageError(`Cannot keep secret "${name}": it is empty`);
  if (value.includes("\0")) throw new UsageError(`Cannot keep secret "${name}": it has a NUL byte`);
  return value;
}

async function readFile(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new UsageError(`Cannot read "${path}": ${(error as Error).message}`);
  }
}

async function readAll(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of Deno.stdin.readable) {
    chunks.push(chunk);
    total += chunk.length;
    if (total > LIMIT_BYTES) break;
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function typeHidden(prompt: string, output: Output): Uint8Array {
  output.err.write(prompt);
  const typed: number[] = [];
  const one = new Uint8Array(1);
  // Not "cbreak": a Ctrl-C that ends the program would leave the terminal without its echo.
  Deno.stdin.setRaw(true);
  try {
    while (Deno.stdin.readSync(one) !== null) {
      const byte = one[0]!;
      if (byte === 3) throw new ExitCode(130);
      if (byte === 13 || byte === 10 || byte === 4) break;
      if (byte === 127 || byte === 8) removeLast(typed);
      else if (byte === 21) typed.length = 0;
      else typed.push(byte);
    }
  } finally {
    Deno.stdin.setRaw(false);
    output.err.write("\n");
  }
  return Uint8Array.from(typed);
}

/** Takes the last character away, all bytes of it. */
function removeLast(bytes: number[]): void {
  while (bytes.length > 0 && (bytes.pop()! & 0xc0) === 0x80);
}
