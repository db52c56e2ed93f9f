import { concatBytes } from "../_bytes.ts";
import { encodeProto } from "./_protobuf.ts";

/** One program that runs in an image, as BuildKit's own low-level definition has it. */
export interface StepDefinition {
  /** The image, in full: registry, repository, and tag or digest. */
  readonly image: string;
  /** The program and its words. */
  readonly args: readonly string[];
  /** `NAME=value`, all of them: nothing is taken from the image. */
  readonly env: readonly string[];
  /** What the step is called in its progress. */
  readonly name: string;
  /** Empty directories that can be written, and are dropped. */
  readonly scratch: readonly string[];
  /** Secrets by the path at which they are shown. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The directory that is the result. */
  readonly output: string;
  /** `none`, `host`, or what the daemon has for steps. */
  readonly networkMode: string | undefined;
  /** A variable that is not part of what the result is kept under. */
  readonly hiddenVariable: string | undefined;
  /** Whether a result that is there already is not taken. */
  readonly ignoreCache: boolean;
}

const encoder = new TextEncoder();
const NETWORK: Readonly<Record<string, number>> = { host: 1, none: 2 };
const BIND = 0;
const SECRET = 1;
/** No input, or no output: -1 as a varint of 64 bits. */
const NONE = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1);

/**
 * Writes the definition of a step whose result is one directory
 * (https://github.com/moby/buildkit/blob/v0.8.3/solver/pb/ops.proto).
 *
 * @param step The step.
 * @returns The message `pb.Definition`.
 */
export async function encodeStep(step: StepDefinition): Promise<Uint8Array> {
  const image = encodeProto([
    [3, encodeProto([[1, `docker-image://${step.image}`]])],
  ]);
  // Outputs are numbered as they come: the root itself, which nobody wants, is the first.
  const mounts = [
    mount({ input: 0, path: "/", output: 0 }),
    mount({ path: step.output, output: 1 }),
    ...step.scratch.map((path) => mount({ path })),
    ...Object.entries(step.secrets).map(([path, id]) => mount({ path, secret: id })),
  ];
  const meta = encodeProto([
    // As bytes: an empty word is a word.
    ...step.args.map((word) => [1, encoder.encode(word)] as const),
    ...step.env.map((variable) => [2, variable] as const),
    // No user: root, also in an image that knows none by any name.
    [3, "/"],
    [
      5,
      step.hiddenVariable === undefined ? undefined : encodeProto([[3, step.hiddenVariable]]),
    ],
  ]);
  const exec = encodeProto([
    [1, encodeProto([[1, await digestOf(image)]])],
    [
      2,
      encodeProto([
        [1, meta],
        ...mounts.map((bytes) => [2, bytes] as const),
        [3, NETWORK[step.networkMode ?? ""]],
      ]),
    ],
  ]);
  const execDigest = await digestOf(exec);
  const metadata = encodeProto([
    [1, step.ignoreCache ? 1 : 0],
    [2, encodeProto([[1, "llb.customname"], [2, step.name]])],
  ]);
  const result = encodeProto([[1, encodeProto([[1, execDigest], [2, 1]])]]);
  return encodeProto([
    [1, image],
    [1, exec],
    [1, result],
    [2, encodeProto([[1, execDigest], [2, metadata]])],
  ]);
}

function mount(
  options: {
    readonly path: string;
    readonly input?: number;
    readonly output?: number;
    readonly secret?: string;
  },
): Uint8Array {
  const { path, input, output, secret } = options;
  return concatBytes([
    indexField(1, input),
    encodeProto([[3, path]]),
    indexField(4, output),
    encodeProto([
      [6, secret === undefined ? BIND : SECRET],
      [21, secret === undefined ? undefined : encodeProto([[1, secret], [4, 0o400]])],
    ]),
  ]);
}

function indexField(field: number, index: number | undefined): Uint8Array {
  return index === undefined
    ? concatBytes([Uint8Array.of(field * 8), NONE])
    : encodeProto([[field, index]]);
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha256:${new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex()}`;
}
