/** Magic numbers of the versions that keep the time of the source, by their layouts. */
const PYTHON_37 = 3392;
const PYTHON_33 = 3190;
const PYTHON_4 = 20_000;

/**
 * Where compiled Python keeps the time of its source.
 *
 * @param bytes The beginning of a `.pyc` file.
 * @returns Offset of 4 bytes; `undefined` when it goes by a hash, or is no such file.
 */
export function sourceTimeOffset(bytes: Uint8Array): number | undefined {
  if (bytes.length < 16 || bytes[2] !== 0x0d || bytes[3] !== 0x0a) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint16(0, true);
  if (magic >= PYTHON_37 && magic < PYTHON_4) return view.getUint32(4, true) === 0 ? 8 : undefined;
  return magic >= PYTHON_33 || magic >= PYTHON_4 ? 4 : undefined;
}

/**
 * Gives compiled Python another time of its source, so that it stays valid when all files of an
 * archive get one time.
 *
 * @param bytes The `.pyc` file, which is changed.
 * @param from Time of the source so far, in seconds.
 * @param to Time of the source from now on.
 * @returns Whether it was compiled from that source.
 */
export function moveSourceTime(bytes: Uint8Array, from: number, to: number): boolean {
  const offset = sourceTimeOffset(bytes);
  if (offset === undefined) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(offset, true) !== from % 2 ** 32) return false;
  view.setUint32(offset, to, true);
  return true;
}

/**
 * The source that a file was compiled from.
 *
 * @param path Path of a `.pyc` file.
 * @returns Path of the `.py` file.
 */
export function sourceOfCompiled(path: string): string {
  const cached = /^(.*?)__pycache__\/([^/]+?)\.[^/.]+(?:\.opt-\d)?\.pyc$/.exec(path);
  return cached === null ? path.replace(/c$/, "") : `${cached[1]}${cached[2]}.py`;
}
