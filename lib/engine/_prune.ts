import type { EngineClient } from "./client.ts";
import type { PruneReport } from "./types.ts";
import { filtersJson, type LabelFilter } from "./_filters.ts";

interface PruneAnswer {
  readonly ContainersDeleted?: readonly string[] | null;
  readonly NetworksDeleted?: readonly string[] | null;
  readonly VolumesDeleted?: readonly string[] | null;
  readonly ImagesDeleted?:
    | readonly { readonly Untagged?: string; readonly Deleted?: string }[]
    | null;
  readonly SpaceReclaimed?: number;
}

/** Removes what is not used, of one kind, with all of the labels. */
export async function prune(
  engine: EngineClient,
  kind: "containers" | "images" | "networks" | "volumes",
  options: { readonly labels?: LabelFilter; readonly signal?: AbortSignal },
  further: Readonly<Record<string, readonly string[]>> = {},
): Promise<PruneReport> {
  const answer = await engine.json<PruneAnswer>({
    method: "POST",
    path: `/${kind}/prune`,
    query: { filters: filtersJson(options.labels, further) },
    signal: options.signal,
  });
  return {
    deleted: [
      ...answer.ContainersDeleted ?? [],
      ...answer.NetworksDeleted ?? [],
      ...answer.VolumesDeleted ?? [],
      ...(answer.ImagesDeleted ?? []).map(({ Untagged, Deleted }) => Untagged ?? Deleted ?? ""),
    ],
    reclaimedBytes: answer.SpaceReclaimed ?? 0,
  };
}
