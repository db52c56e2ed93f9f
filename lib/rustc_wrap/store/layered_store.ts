import type {
  BlobKind,
  BlobStore,
  InputList,
  ResultStore,
  StoreOptions,
  UnitResult,
} from "../model.ts";
import { decodeResult, encodeResult } from "../result_codec.ts";

/** How many sets of inputs of one unit are remembered: branches that are worked on in turns. */
const MAX_INPUT_LISTS = 16;

/** What a {@linkcode LayeredStore} tells about. */
export type StoreNote = (text: string) => void;

interface RemovingStore extends BlobStore {
  remove(kind: BlobKind, key: string): void;
}

/**
 * Results in several places, asked in order. What is found in a later one is kept in the earlier
 * ones too; new results go to all, private ones only to those that keep such.
 */
export class LayeredStore implements ResultStore {
  readonly #layers: readonly BlobStore[];
  readonly #note: StoreNote;
  readonly #lists: Map<string, readonly InputList[]> = new Map();

  /** Disposing of it disposes of the places. */
  constructor(layers: readonly BlobStore[], note: StoreNote = () => {}) {
    this.#layers = layers;
    this.#note = note;
  }

  /** The result of a key. */
  get(
    key: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<UnitResult | undefined> {
    return this.#find("result", key, (bytes) => decodeResult(bytes), options);
  }

  /** Keeps a result. */
  async put(key: string, result: UnitResult, options: StoreOptions): Promise<void> {
    await this.#keep("result", key, await encodeResult(result), options);
  }

  /** What inputs a unit has had, the newest first. */
  async inputs(
    key: string,
    options: { readonly signal?: AbortSignal; readonly far?: boolean } = {},
  ): Promise<readonly InputList[]> {
    const found: InputList[] = [];
    for (const layer of this.#layers) {
      if (!layer.keepsPrivate && options.far !== true) continue;
      for (const list of await this.#listsOf(layer, key, options)) {
        if (!found.some((other) => same(other, list))) found.push(list);
      }
    }
    return found;
  }

  /** Adds one set of inputs. */
  async addInputs(key: string, inputs: InputList, options: StoreOptions): Promise<void> {
    for (const layer of this.#layers) {
      if (options.visibility === "private" && !layer.keepsPrivate) continue;
      // Each place has its own: what is private here must not get there with the rest.
      const others = await this.#listsOf(layer, key, options);
      const lists = [inputs, ...others.filter((list) => !same(list, inputs))]
        .slice(0, MAX_INPUT_LISTS);
      this.#lists.delete(`${this.#layers.indexOf(layer)} ${key}`);
      const bytes = new TextEncoder().encode(JSON.stringify({ lists }));
      await this.#keepIn(layer, "inputs", key, bytes, options);
    }
  }

  async #listsOf(
    layer: BlobStore,
    key: string,
    options: { readonly signal?: AbortSignal },
  ): Promise<readonly InputList[]> {
    const name = `${this.#layers.indexOf(layer)} ${key}`;
    const known = this.#lists.get(name);
    if (known !== undefined) return known;
    const lists = await this.#find("inputs", key, decodeInputs, options, [layer]) ?? [];
    // Asking here costs nothing, and others may add some meanwhile.
    if (!layer.keepsPrivate) this.#lists.set(name, lists);
    return lists;
  }

  /** Closes all places. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const layer of this.#layers) await layer[Symbol.asyncDispose]();
  }

  async #find<T>(
    kind: BlobKind,
    key: string,
    decode: (bytes: Uint8Array<ArrayBuffer>) => T | undefined,
    options: { readonly signal?: AbortSignal },
    layers: readonly BlobStore[] = this.#layers,
  ): Promise<T | undefined> {
    for (const [index, layer] of layers.entries()) {
      try {
        const bytes = await layer.get(kind, key, options);
        if (bytes === undefined) continue;
        const value = decode(bytes);
        if (value === undefined) {
          this.#note(`${layer.name}: the ${kind} ${key} is damaged`);
          (layer as Partial<RemovingStore>).remove?.(kind, key);
          continue;
        }
        for (const earlier of layers.slice(0, index)) {
          await earlier.put(kind, key, bytes, options).catch(() => {}); // the next time, then
        }
        return value;
      } catch (error) {
        options.signal?.throwIfAborted();
        this.#note(`${layer.name}: ${error instanceof Error ? error.message : error}`);
      }
    }
    return undefined;
  }

  async #keep(
    kind: BlobKind,
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    options: StoreOptions,
  ): Promise<void> {
    for (const layer of this.#layers) {
      if (options.visibility === "private" && !layer.keepsPrivate) continue;
      await this.#keepIn(layer, kind, key, bytes, options);
    }
  }

  async #keepIn(
    layer: BlobStore,
    kind: BlobKind,
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    { label, signal }: StoreOptions,
  ): Promise<void> {
    try {
      await layer.put(kind, key, bytes, { signal, label });
    } catch (error) {
      signal?.throwIfAborted();
      // A result that is not kept costs time the next time; the build itself went well.
      this.#note(`${layer.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
}

/** Reads lists of inputs; `undefined` when they are damaged. */
export function decodeInputs(
  bytes: Uint8Array<ArrayBuffer>,
): readonly InputList[] | undefined {
  try {
    const { lists } = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return Array.isArray(lists) && lists.every(isInputList) ? lists : undefined;
  } catch {
    return undefined;
  }
}

function isInputList(value: Partial<InputList> | null): boolean {
  return typeof value === "object" && value !== null && typeof value.files === "object" &&
    typeof value.env === "object" && /^[0-9a-f]{64}$/.test(value.result ?? "");
}

function same(a: InputList, b: InputList): boolean {
  return a.targetDir === b.targetDir &&
    JSON.stringify(a.files) === JSON.stringify(b.files) &&
    JSON.stringify(a.env) === JSON.stringify(b.env);
}
