import { joinPath } from "./_paths.ts";
import { type BuildScope, buildScope } from "./build_scope.ts";
import type { BlobStore, Env, ResultStore, Settings } from "./model.ts";
import { placeOfProcess, settingsFiles } from "./settings/files.ts";
import { resolveSettings } from "./settings/resolve.ts";
import { sayToUser } from "./say.ts";
import { DiskStore } from "./store/disk_store.ts";
import { LayeredStore } from "./store/layered_store.ts";
import { type Note, tracer } from "./trace.ts";

/** A stream that takes bytes at once. */
export interface SyncSink {
  /** Writes some or all of the bytes. */
  writeSync(bytes: Uint8Array): number;
}

/** What a call of the wrapper works with; everything has a default. */
export interface WrapOptions {
  /** Variables. Default: ours. */
  readonly env?: Env;
  /** Current directory. Default: ours. */
  readonly cwd?: string;
  /** Standard output. Default: ours. */
  readonly stdout?: SyncSink;
  /** Standard error. Default: ours. */
  readonly stderr?: SyncSink;
  /** The process of cargo. Default: our parent. */
  readonly parentPid?: number;
  /** Settings. Default: read from variables and files. */
  readonly settings?: Settings;
  /** Where results are kept. Default: the directory of the settings. */
  readonly store?: ResultStore;
  /** Ends the work: what runs in a container is ended too. */
  readonly signal?: AbortSignal;
}

/** Everything that one call has around it. */
export interface WrapContext {
  readonly env: Env;
  readonly cwd: string;
  readonly stdout: SyncSink;
  readonly stderr: SyncSink;
  readonly settings: Settings;
  readonly store: ResultStore;
  readonly scope: BuildScope;
  readonly signal: AbortSignal | undefined;
  /** Writes a line of the trace. */
  readonly note: Note;
}

/** Fills in the defaults. */
export async function openContext(options: WrapOptions): Promise<WrapContext> {
  const env = options.env ?? Deno.env.toObject();
  const stderr = options.stderr ?? Deno.stderr;
  const parentPid = options.parentPid ?? Deno.ppid;
  const cwd = options.cwd ?? Deno.cwd();
  const place = placeOfProcess(parentPid, env, cwd);
  const read = options.settings ?? resolveSettings(env, await settingsFiles(place)).settings;
  const settings = read.finalPath === undefined
    ? read
    : { ...read, finalPath: joinPath(place.cwd, read.finalPath) };
  const note = tracer({ ...settings, stderr });
  const { cacheDir, cacheLimitBytes: limitBytes } = settings;
  const scope = buildScope({
    cacheDir,
    parentPid,
    say: (text) => sayToUser(text, parentPid, stderr),
  });
  const layers: BlobStore[] = cacheDir === undefined
    ? []
    : [new DiskStore({ directory: `${cacheDir}/store`, limitBytes })];
  if (options.store === undefined && settings.cacheFrom.length + settings.cacheTo.length > 0) {
    layers.push(...await sharedLayers(settings, scope, env, cwd));
  }
  return {
    env,
    cwd,
    stdout: options.stdout ?? Deno.stdout,
    stderr,
    settings,
    store: options.store ?? new LayeredStore(layers, note),
    scope,
    signal: options.signal,
    note,
  };
}

async function sharedLayers(
  settings: Settings,
  scope: BuildScope,
  env: Env,
  cwd: string,
): Promise<readonly BlobStore[]> {
  const { openShared } = await import("./shared_store/open_shared.ts");
  const failed = new Set<string>();
  const topic = (name: string) => `shared-${encodeURIComponent(name).slice(-100)}`;
  return await openShared(settings, {
    env,
    cwd,
    hasFailed: (name) => failed.has(name) || scope.wasTold(topic(name)),
    onFailure: (name, reason) => {
      failed.add(name);
      scope.tellOnce(
        topic(name),
        `warning: rustcbuildx: ${reason}; this build goes on without ${name}`,
      );
    },
  });
}
