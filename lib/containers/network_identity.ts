import { LABEL, labelsOf, type Lifetime } from "./labels.ts";

/** What a network and everything in it are called on the engine. */
export class NetworkIdentity {
  /** Name of the network. */
  readonly name: string;
  /** Id of the run, 16 hexadecimal digits. */
  readonly runId: string;
  /** How long everything lives. */
  readonly lifetime: Lifetime;
  /** Whether names on the engine carry the id of the run. */
  readonly isUnique: boolean;
  readonly #owner: string;

  /**
   * Makes an identity.
   *
   * @param name Name of the network.
   * @param fields `owner` as a label has it; `unique`, whether names carry the id of the run.
   */
  constructor(name: string, fields: {
    readonly runId: string;
    readonly owner: string;
    readonly unique: boolean;
    readonly lifetime: Lifetime;
  }) {
    this.name = name;
    this.runId = fields.runId;
    this.lifetime = fields.lifetime;
    this.#owner = fields.owner;
    this.isUnique = fields.unique;
  }

  /** Name of the network on the engine. */
  get engineName(): string {
    return this.isUnique ? `${this.name}_${this.runId}` : this.name;
  }

  /** Name of a container on the engine. */
  containerName(name: string): string {
    return this.isUnique ? `${this.name}_${name}_${this.runId}` : name;
  }

  /**
   * Labels of an image that is built: of one that is kept they are the same in every run, so that
   * it is the same image as long as it is made from the same things.
   */
  imageLabels(): Readonly<Record<string, string>> {
    const labels = this.labels();
    if (this.lifetime === "owner") return labels;
    const { [LABEL.host]: _host, [LABEL.owner]: _owner, ...stable } = labels;
    return stable;
  }

  /**
   * All labels of an object.
   *
   * @param name Its name in the network.
   * @param spec Hash of its specification.
   */
  labels(name?: string, spec?: string): Readonly<Record<string, string>> {
    return labelsOf({
      run: this.runId,
      project: this.name,
      name,
      spec,
      host: hostname(),
      owner: this.#owner,
      lifetime: this.lifetime,
    });
  }
}

/** Makes the id of a run. */
export function newRunId(): string {
  return Array.from(
    crypto.getRandomValues(new Uint8Array(8)),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
}

// Only for people to read, so it is not worth a permission.
function hostname(): string {
  try {
    return Deno.hostname();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return "unknown";
    throw error;
  }
}
