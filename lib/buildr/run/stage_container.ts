import { LABEL } from "../../containers/labels.ts";
import { cleanupSignal, patiently } from "../../containers/patience.ts";
import { removeContainer } from "../../containers/remove_container.ts";
import { TailBuffer } from "../../commands/output/mod.ts";
import { execInContainer } from "../../containers/exec.ts";
import {
  ContainerNotFoundError,
  ContainerNotRunningError,
  Demultiplexer,
  type EngineClient,
  type HijackedStream,
  type Mount,
} from "../../engine/mod.ts";
import { PROJECT_DIR, SECRETS_DIR } from "./labels.ts";

/** What a stage's container is made of. */
export interface StageContainerSpec {
  /** Name on the engine. */
  readonly name: string;
  /** Reference or id of its image. */
  readonly image: string;
  /** All its labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** What is mounted. */
  readonly mounts: readonly Mount[];
  /** The network that its services are in. Default: the engine's default network. */
  readonly network?: string;
  /** Whether there is a place in memory for files with secrets. */
  readonly hasSecretFiles: boolean;
  /** Whether it outlives this process. */
  readonly keep: boolean;
  /** Fills it before it starts. */
  readonly fill?: (id: string) => Promise<void>;
}

/** What the first process wrote is of interest only when it ended at once. */
const TAIL_BYTES = 4096;

/**
 * The end of a container follows that of its programs within milliseconds on an idle engine; at load
 * 20 it took more than half a second.
 */
const NOTICE_MS = 3_000;

/**
 * The container of a stage: a shell that waits for the end of its input, beside which scripts run.
 *
 * This process holds that input. The moment it is gone, whatever ended it, the shell reads the end
 * of its input and ends, every script ends with it, and the engine removes the container: 0.15 s
 * after a kill -9. No process watches, and nothing is left to sweep.
 */
export class StageContainer implements AsyncDisposable {
  /** The engine. */
  readonly engine: EngineClient;
  /** Id on the engine. */
  readonly id: string;
  /** Name on the engine. */
  readonly name: string;
  readonly #stream: HijackedStream | undefined;
  readonly #tail: TailBuffer;
  /** Settles with the end of its first process, where this process holds its input. */
  readonly #ended: Promise<void> | undefined;
  #keep = false;
  #removing: Promise<void> | undefined;

  private constructor(
    engine: EngineClient,
    id: string,
    name: string,
    stream: HijackedStream | undefined,
    tail: TailBuffer,
    ended: Promise<void> | undefined,
  ) {
    this.engine = engine;
    this.id = id;
    this.name = name;
    this.#stream = stream;
    this.#tail = tail;
    this.#ended = ended;
  }

  /**
   * Creates and starts one.
   *
   * @param engine The engine.
   * @param spec What it is made of.
   * @param signal Ends the attempt; nothing is left then.
   * @throws {ImageNotFoundError} when its image is not on the engine.
   */
  static async start(
    engine: EngineClient,
    spec: StageContainerSpec,
    signal: AbortSignal,
  ): Promise<StageContainer> {
    const { Id: id } = await patiently(
      signal,
      (patient) => engine.containers.create(spec.name, createBody(spec), { signal: patient }),
    );
    let stream: HijackedStream | undefined;
    let ended: Promise<void> | undefined;
    try {
      await spec.fill?.(id);
      const tail = new TailBuffer({ limitBytes: TAIL_BYTES });
      if (!spec.keep) {
        stream = await engine.containers.attach(id, { stdin: true, signal });
        ended = pump(stream, tail).catch(() => {}); // of interest only as far as it came
      }
      await patiently(signal, (patient) => engine.containers.start(id, { signal: patient }));
      return new StageContainer(engine, id, spec.name, stream, tail, ended);
    } catch (error) {
      await removeContainer(engine, id, cleanupSignal()).catch(() => {}); // the sweep's then
      stream?.[Symbol.dispose]();
      throw error;
    }
  }

  /** What its first process wrote: why it ended at once, when it did. */
  get firstWords(): string {
    return this.#tail.text().trim();
  }

  /**
   * Tells whether it has ended: a program that was killed may have been killed with it, and the
   * engine notices the end of the program first.
   */
  async isGone(): Promise<boolean> {
    if (this.#ended !== undefined) {
      const { promise: late, resolve } = Promise.withResolvers<"late">();
      const timer = setTimeout(() => resolve("late"), NOTICE_MS);
      const first = await Promise.race([this.#ended, late]);
      clearTimeout(timer);
      return first !== "late";
    }
    try {
      return !(await this.engine.containers.inspect(this.id)).State.Running;
    } catch (error) {
      if (error instanceof ContainerNotFoundError) return true;
      throw error;
    }
  }

  /**
   * Finds out where the engine's machine has what is mounted at a path of the container.
   *
   * @param target The path.
   * @param signal Ends the question.
   * @returns The path there; `undefined` when nothing is mounted.
   */
  async sourceOf(target: string, signal: AbortSignal): Promise<string | undefined> {
    const { Mounts } = await this.engine.containers.inspect(this.id, { signal });
    return Mounts.find(({ Destination }) => Destination === target)?.Source;
  }

  /** Has it stay when it is disposed of; it must have been made to be kept. */
  keep(): void {
    this.#keep = true;
  }

  /**
   * Kills whatever runs in it besides its first process: what an exec started has no other end.
   */
  async killPrograms(): Promise<void> {
    // From within, -1 is everything in this PID namespace but process 1 and the sender itself.
    const script = "kill -TERM -1; kill -KILL -1";
    const options = { user: "0", signal: cleanupSignal() };
    try {
      await execInContainer(this.engine, this.id, ["sh", "-c", script], options);
    } catch (error) {
      if (!(error instanceof ContainerNotRunningError)) throw error; // nothing runs then
    }
  }

  /** Removes it, and everything that runs in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#keep) return this.#stream?.[Symbol.dispose]();
    this.#removing ??= removeContainer(this.engine, this.id, cleanupSignal());
    try {
      await this.#removing;
    } finally {
      this.#stream?.[Symbol.dispose]();
    }
  }
}

function createBody(spec: StageContainerSpec) {
  return {
    Image: spec.image,
    Cmd: ["sh"],
    Labels: { ...spec.labels, [LABEL.lifetime]: spec.keep ? "kept" : "owner" },
    WorkingDir: PROJECT_DIR,
    OpenStdin: true,
    // One that is kept waits for an input that nobody holds, so it goes on after this process.
    StdinOnce: !spec.keep,
    AttachStdin: !spec.keep,
    HostConfig: {
      AutoRemove: !spec.keep,
      Mounts: spec.mounts,
      ...(spec.network === undefined ? {} : { NetworkMode: spec.network }),
      ...(spec.hasSecretFiles ? { Tmpfs: { [SECRETS_DIR]: "rw,noexec,nosuid,mode=1777" } } : {}),
    },
  };
}

async function pump(stream: HijackedStream, tail: TailBuffer): Promise<void> {
  const demultiplexer = new Demultiplexer((_stream, piece) => tail.write(piece));
  for (let bytes = await stream.read(); bytes !== null; bytes = await stream.read()) {
    demultiplexer.write(bytes);
  }
}
