/** An address of the internet protocol as a number, with how many bits it has. */
export interface Address {
  /** Its bits. */
  readonly value: bigint;
  /** 32 or 128. */
  readonly bits: 32 | 128;
}

/**
 * Reads an address.
 *
 * @param text For example `10.0.0.1` or `fd00::1`.
 * @returns `undefined` when it is none.
 */
export function parseAddress(text: string): Address | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/**
 * Tells whether an address is in a subnet.
 *
 * @param address The address.
 * @param subnet For example `10.0.0.0/24`.
 * @returns `undefined` when the subnet is none.
 */
export function isInSubnet(address: Address, subnet: string): boolean | undefined {
  const [base, length] = subnet.split("/");
  const network = parseAddress(base ?? "");
  if (network === undefined || !/^\d{1,3}$/.test(length ?? "")) return undefined;
  const prefix = Number(length);
  if (prefix > network.bits) return undefined;
  if (network.bits !== address.bits) return false;
  const shift = BigInt(network.bits - prefix);
  return network.value >> shift === address.value >> shift;
}

function parseIpv4(text: string): Address | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return undefined;
  const parts = text.split(".").map(Number);
  if (parts.some((part) => part > 255)) return undefined;
  return { value: parts.reduce((sum, part) => sum << 8n | BigInt(part), 0n), bits: 32 };
}

function parseIpv6(text: string): Address | undefined {
  // URL knows all the ways to write one, and refuses the others.
  const host = URL.parse(`http://[${text}]/`)?.hostname;
  if (host === undefined || /[%/[\]]/.test(text)) return undefined;
  const [head = "", tail] = host.slice(1, -1).split("::");
  const groups = (part: string | undefined) => part ? part.split(":") : [];
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const all = [...before, ...zeros, ...after];
  return { value: all.reduce((sum, part) => sum << 16n | BigInt(`0x${part}`), 0n), bits: 128 };
}
