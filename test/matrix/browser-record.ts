import { ROUND } from "../support/counter-clip.ts";
import type { PageRecord, SeenPicture } from "../support/page-recorder.ts";
import type { WsViewer } from "../support/ws-viewer.ts";

/** What a record says of pictures and sound. */
export type Judgement = {
  /** Pictures that were seen, of so many that were due. */
  readonly seen: number;
  readonly due: number;
  readonly isInOrder: boolean;
  /** From one picture to the next, ms. */
  readonly longestGap: number;
  /** From the server's receipt to being seen by a look at each painting of the page, ms. */
  readonly delay: { readonly p50: number; readonly p95: number } | undefined;
  /** By so much (ms) what is heard comes behind what is seen; undefined without both. */
  readonly offset: number | undefined;
  /** For a table. */
  readonly account: string;
};

/** Beeps come with every so many pictures (30 a second, one beep in each). */
const PICTURES_PER_BEEP = 30;

/**
 * Judges what a page has seen and heard of a `counterClip` that goes round and round.
 *
 * @param from,until ms since 1970: pictures of this time are counted; beeps count whenever
 * @param viewer had every picture since the clip began
 */
export function judgeRecord(
  record: PageRecord,
  {
    from,
    until,
    viewer,
    hasPicture,
  }: { from: number; until: number; viewer: WsViewer; hasPicture: boolean },
): Judgement {
  const beeps = record.beeps.length === 0 ? "" : `, ${record.beeps.length} beeps heard`;
  if (!hasPicture) {
    return {
      ...{ seen: 0, due: 0, isInOrder: true, longestGap: 0, delay: undefined, offset: undefined },
      account: beeps.replace(/^, /, ""),
    };
  }
  const came = arrivals(viewer);
  const round = came.length === 0 ? 1 : Math.max(...came.map(({ counter }) => counter)) + 1;
  const looked = record.pictures.filter(({ at }) => at >= from && at <= until);
  const placed = unroll(looked, round);
  const places = placed.map(({ place }) => place);
  const first = places[0] ?? 0;
  const due = (places.at(-1) ?? first) - first + 1;
  const seen = new Set(places).size;
  const gaps = looked.slice(1).map(({ at }, index) => at - (looked[index]?.at ?? at));
  const longestGap = Math.max(0, ...gaps);
  const delays = looked.flatMap((picture) => delayOf(picture, came) ?? []).sort((a, b) => a - b);
  const delay = delays.length === 0 ? undefined : { p50: at(delays, 0.5), p95: at(delays, 0.95) };
  const offset = offsetOf(record);
  const words = [
    `${seen} of ${due} pictures`,
    `longest gap ${Math.round(longestGap)} ms`,
    ...(delay === undefined
      ? []
      : [`seen after ${Math.round(delay.p50)} ms (p95 ${Math.round(delay.p95)})`]),
    ...(offset === undefined ? [] : [`sound ${Math.round(offset)} ms behind the picture`]),
  ];
  return {
    seen,
    due,
    isInOrder: places.every((place, index) => place > (places[index - 1] ?? -1)),
    longestGap,
    delay,
    offset,
    account: `${words.join(", ")}${beeps}`,
  };
}

/** When the server received each picture, by its number, in the order they are shown. */
function arrivals(viewer: WsViewer): { counter: number; serverTime: number }[] {
  const track = viewer.trackEver("video");
  if (track === undefined) return [];
  const shown = viewer
    .fragments(track.id)
    .map(({ dts, compositionOffset, serverTime }) => ({ pts: dts + compositionOffset, serverTime }))
    .sort((a, b) => a.pts - b.pts);
  const round = ROUND * 30;
  return shown.map(({ serverTime }, index) => ({ counter: index % round, serverTime }));
}

const at = (sorted: readonly number[], quantile: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? Number.NaN;

/** The numbers begin anew each round: places go on. */
function unroll(pictures: readonly SeenPicture[], round: number): { place: number }[] {
  let rounds = 0;
  let last: number | undefined;
  return pictures.flatMap(({ counter }) => {
    if (counter === undefined) return [];
    if (last !== undefined && counter < last - round / 2) rounds += 1;
    last = counter;
    return [{ place: counter + rounds * round }];
  });
}

/** The newest arrival of its number is the one that is seen. */
function delayOf(
  { counter, at }: SeenPicture,
  came: readonly { counter: number; serverTime: number }[],
): number | undefined {
  const newest = came.findLast((one) => one.counter === counter && one.serverTime <= at);
  return newest === undefined ? undefined : at - newest.serverTime;
}

/** Each beep against the picture it belongs to, if that was seen; the median. */
function offsetOf({ beeps, pictures }: PageRecord): number | undefined {
  const offsets = beeps.flatMap((beep) => {
    const near = pictures.filter(
      ({ counter, at }) =>
        counter !== undefined && counter % PICTURES_PER_BEEP === 0 && Math.abs(beep - at) < 500,
    );
    const [picture] = near;
    return picture === undefined ? [] : [beep - picture.at];
  });
  if (offsets.length === 0) return undefined;
  return offsets.sort((a, b) => a - b)[offsets.length >> 1];
}
