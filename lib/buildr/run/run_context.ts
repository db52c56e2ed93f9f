import type { EngineClient, ReadEnv } from "../../engine/mod.ts";
import type { RunPlan } from "../plan/model.ts";
import type { ArtifactStore } from "./artifacts.ts";
import type { CacheStore } from "./cache_store.ts";
import type { Images } from "./images.ts";
import type { RunPlanOptions } from "./options.ts";
import type { PreparedFiles } from "./prepared_files.ts";
import type { ProjectMount } from "./project_mount.ts";
import type { RunReporter } from "./reporter.ts";
import type { SnapshotStore } from "./snapshots.ts";

/** What all parts of one run share. */
export interface RunContext {
  /** Id of the run, 16 hexadecimal digits. */
  readonly run: string;
  /** The plan. */
  readonly plan: RunPlan;
  /** What the caller said. */
  readonly options: RunPlanOptions;
  /** Reads the runner's environment. */
  readonly env: ReadEnv;
  /** The engine. */
  readonly engine: EngineClient;
  /** Where the project is, as the engine sees it. */
  readonly mount: ProjectMount;
  /** Values of all secrets that are used, by name. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Is told what happens. */
  readonly reporter: RunReporter;
  /** The images. */
  readonly images: Images;
  /** What stages hand on. */
  readonly artifacts: ArtifactStore;
  /** What is kept from run to run. */
  readonly caches: CacheStore;
  /** Images of what `prepare` left. */
  readonly snapshots: SnapshotStore;
  /** What `prepare` left in the project. */
  readonly prepared: PreparedFiles;
  /** When the run began, milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Labels of one thing of the run. */
  readonly labels: (kind: "stage" | "service" | "prepared" | "snapshot", name: string) => Readonly<
    Record<string, string>
  >;
  /** Name on the engine for one thing of the run. */
  readonly engineName: (name: string) => string;
  /** Ends the run. */
  readonly signal: AbortSignal;
}
