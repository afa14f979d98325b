import type { ListedStream } from "../../server/protocol/wire/stream-list.ts";

/** How the wall is sorted. */
export const WALL_SORTS = ["name", "attention", "viewers", "bitrate", "newest"] as const;
export type WallSort = (typeof WALL_SORTS)[number];

/** "camera 2" comes before "camera 10". */
const byName = new Intl.Collator("en", { numeric: true });

/** Whether it is one: as it stands in an option or an address. */
export const isWallSort = (text: string): text is WallSort =>
  (WALL_SORTS as readonly string[]).includes(text);

/** How bad what is worst is: 3 is a fault. A lost line is as bad as one. */
export function concern({ state, health, warnings }: ListedStream): 0 | 1 | 2 | 3 {
  if (state === "reconnecting") return 3;
  const severities = health?.findings.map(({ severity }) => severity) ?? [];
  if (severities.includes("error")) return 3;
  if (severities.includes("warning") || warnings.length > 0) return 2;
  return severities.includes("info") ? 1 : 0;
}

/**
 * The streams that fit what is looked for, in order; those that are equal by the sort, by name.
 *
 * @param query words that a stream's path all have to contain, in any case of letters
 */
export function arrange(
  streams: readonly ListedStream[],
  { sort, query }: { sort: WallSort; query: string },
): readonly ListedStream[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const weigh: { readonly [sort in WallSort]: (stream: ListedStream) => number } = {
    name: () => 0,
    attention: concern,
    viewers: ({ viewers }) => viewers.total,
    bitrate: ({ bitrate }) => bitrate,
    newest: ({ uptimeSeconds }) => -uptimeSeconds,
  };
  return streams
    .filter(({ path }) => words.every((word) => path.toLowerCase().includes(word)))
    .sort((a, b) => weigh[sort](b) - weigh[sort](a) || byName.compare(a.path, b.path));
}
