/** An IP address: 4 or 16 bytes. An IPv4 address inside IPv6 counts as IPv4, as in Go. */
export type Address = readonly number[];

/** Parses an address, or returns `undefined`. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(":") ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): Address | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  // Go rejects leading zeros, which some programs read as octal.
  if (!parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return parts.map(Number);
}

function parseV6(text: string): Address | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const sides = halves.map((half, i) =>
    groups(half === "" ? [] : half.split(":"), i === halves.length - 1)
  );
  const [head, tail = []] = sides;
  if (head === undefined || sides.includes(undefined)) return undefined;
  const size = head.length + tail.length;
  if (halves.length === 1 ? size !== 16 : size > 14) return undefined;
  return unmap([...head, ...new Array(16 - size).fill(0), ...tail]);
}

function groups(parts: readonly string[], isLast: boolean): number[] | undefined {
  const bytes: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (isLast && i === parts.length - 1 && part.includes(".")) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      bytes.push(...v4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      const value = Number.parseInt(part, 16);
      bytes.push(value >> 8, value & 255);
    }
  }
  return bytes;
}

/** `::ffff:1.2.3.4` is 1.2.3.4. */
function unmap(bytes: Address): Address {
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 &&
    bytes[11] === 255;
  return mapped ? bytes.slice(12) : bytes;
}

/** Writes an address as Go: lower case, the longest run of zero groups as `::`. */
export function showAddress(address: Address): string {
  if (address.length === 4) return address.join(".");
  const parts: number[] = [];
  for (let i = 0; i < 16; i += 2) parts.push(address[i]! << 8 | address[i + 1]!);
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && parts[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = (from: number, to: number): string =>
    parts.slice(from, to).map((part) => part.toString(16)).join(":");
  if (best.start < 0) return hex(0, 8);
  return `${hex(0, best.start)}::${hex(best.start + best.length, 8)}`;
}

/** An address with the size of its network; `network` has the other bits cleared. */
export interface Network {
  readonly address: Address;
  readonly network: Address;
  readonly bits: number;
}

/** Parses `address/bits`, or returns `undefined`. */
export function parseNetwork(text: string): Network | undefined {
  const parts = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = parts === null ? undefined : parseAddress(parts[1]!);
  if (parts === null || address === undefined) return undefined;
  // An address that was written as IPv6 takes an IPv6 size.
  const mapped = address.length === 4 && parts[1]!.includes(":");
  const written = Number(parts[2]);
  if (written > (mapped ? 128 : address.length * 8)) return undefined;
  const bits = mapped ? Math.max(written - 96, 0) : written;
  const network = address.map((byte, i) => {
    const kept = Math.min(Math.max(bits - 8 * i, 0), 8);
    return byte & (0xff00 >> kept) & 255;
  });
  return { address, network, bits };
}
