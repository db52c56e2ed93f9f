import { AddressPoolExhaustedError, type EngineClient } from "../engine/mod.ts";
import type { NetworkCreateBody } from "../engine/mod.ts";
import { delay } from "../retry/mod.ts";

/** Where subnets of our own are taken from: 16,384 of them, beside the engine's usual pools. */
const FIRST_SUBNET = ip4(10, 192, 0, 0);
const SUBNET_COUNT = 64 * 256;
const SUBNET_SIZE = 256;

/** Other processes choose at the same time; each time one of them was faster another one is tried. */
const ATTEMPTS = 50;

/** Two that race for a name meet again after different times. */
const RACE_ATTEMPTS = 10;
const RACE_PAUSE_MS = 300;

/**
 * Creates a network whose name others may want too: exactly one of those that try gets it.
 *
 * An engine before API 1.44 looks for the name and then makes the network in two steps. Two who do
 * so at the same time get one each, and after that every start in them fails as ambiguous. So
 * whoever sees another one of that name afterwards takes back its own and tries again.
 *
 * @param engine The engine.
 * @param body What to create.
 * @returns The id of the network.
 * @throws {NameInUseError} when somebody else has the name.
 */
export async function createNamedNetwork(
  engine: EngineClient,
  body: NetworkCreateBody,
  signal: AbortSignal,
): Promise<string> {
  for (let attempt = 1;; attempt++) {
    const id = await createEngineNetwork(engine, body, signal);
    const networks = await engine.networks.list({ filters: { name: [body.Name] }, signal });
    const isAlone = networks.every(({ Id, Name }) => Name !== body.Name || Id === id);
    if (isAlone || attempt === RACE_ATTEMPTS) return id;
    await engine.networks.remove(id, { signal });
    await delay(Math.random() * RACE_PAUSE_MS, { signal });
  }
}

/**
 * Creates a network on the engine. Where its default pools are used up (they hold about 31
 * networks), a free /24 of 10.192.0.0/10 is chosen.
 *
 * @param engine The engine.
 * @param body What to create.
 * @returns The id of the network.
 * @throws {NameInUseError} when the name is taken.
 * @throws {AddressPoolExhaustedError} when no address range is free.
 */
export async function createEngineNetwork(
  engine: EngineClient,
  body: NetworkCreateBody,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await engine.networks.create(body, { signal });
  } catch (error) {
    if (!(error instanceof AddressPoolExhaustedError) || body.IPAM !== undefined) throw error;
  }
  for (let attempt = 1;; attempt++) {
    const Subnet = await chooseSubnet(engine, signal);
    try {
      const IPAM = { Driver: "default", Config: [{ Subnet }] };
      return await engine.networks.create({ ...body, IPAM }, { signal });
    } catch (error) {
      if (!(error instanceof AddressPoolExhaustedError) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function chooseSubnet(engine: EngineClient, signal: AbortSignal): Promise<string> {
  const networks = await engine.networks.list({ signal });
  const taken = networks.flatMap(({ IPAM }) => IPAM?.Config ?? [])
    .flatMap(({ Subnet }) => rangeOf(Subnet) ?? []);
  // From a random place on, so that processes that choose at the same time rarely choose the same.
  const start = Math.floor(Math.random() * SUBNET_COUNT);
  for (let step = 0; step < SUBNET_COUNT; step++) {
    const first = FIRST_SUBNET + ((start + step) % SUBNET_COUNT) * SUBNET_SIZE;
    const last = first + SUBNET_SIZE - 1;
    if (!taken.some((range) => range.first <= last && first <= range.last)) {
      return `${dotted(first)}/24`;
    }
  }
  throw new AddressPoolExhaustedError({
    method: "POST",
    path: "/networks/create",
    status: 0,
    reason: "no /24 of 10.192.0.0/10 is free",
  });
}

function rangeOf(subnet: string | undefined): { first: number; last: number } | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(subnet ?? "");
  if (match === null) return undefined; // IPv6, or none
  const [a = 0, b = 0, c = 0, d = 0, bits = 32] = match.slice(1).map(Number);
  const size = 2 ** (32 - bits);
  const first = Math.floor(ip4(a, b, c, d) / size) * size;
  return { first, last: first + size - 1 };
}

function ip4(a: number, b: number, c: number, d: number): number {
  return ((a * 256 + b) * 256 + c) * 256 + d;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}
