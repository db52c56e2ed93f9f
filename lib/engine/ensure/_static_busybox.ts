import type { ReadEnv } from "../state.ts";
import { findProgram } from "./_programs.ts";

/** Finds a busybox that runs without the libraries of this machine, and so inside a container. */
export async function findStaticBusybox(env: ReadEnv): Promise<string | undefined> {
  const path = await findProgram("busybox", env);
  return path !== undefined && await isStaticElf(path) ? path : undefined;
}

/** PT_INTERP: the segment that names the dynamic loader (man 5 elf). */
const INTERPRETER_SEGMENT = 3;

async function isStaticElf(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(4096);
  const length = await file.read(bytes) ?? 0;
  const view = new DataView(bytes.buffer, 0, length);
  if (length < 64 || view.getUint32(0) !== 0x7f454c46) return false;
  const wide = view.getUint8(4) === 2;
  const little = view.getUint8(5) === 1;
  const start = wide ? Number(view.getBigUint64(32, little)) : view.getUint32(28, little);
  const size = view.getUint16(wide ? 54 : 42, little);
  const count = view.getUint16(wide ? 56 : 44, little);
  for (let index = 0; index < count; index++) {
    const offset = start + index * size;
    if (offset + 4 > length) return false; // the table is not at the front: no ordinary program
    if (view.getUint32(offset, little) === INTERPRETER_SEGMENT) return false;
  }
  return true;
}
