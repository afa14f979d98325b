import type { AnnouncedTrack } from "../../server/protocol/wire/control.ts";

/** A track that will be played, and as what. */
export type PlannedTrack = {
  readonly track: AnnouncedTrack;
  /** The first of its types that this browser takes. */
  readonly mimeType: string;
};

/** What of a broadcast this browser plays, and what it cannot. */
export type Plan = {
  /** At most one of a kind: those that are played. */
  readonly tracks: readonly PlannedTrack[];
  /** Those that should be, by their ids: where they differ, the server has to be asked. */
  readonly wanted: readonly number[];
  /** Announced for browsers, but not for this one: kinds of which nothing can be played. */
  readonly unsupported: readonly AnnouncedTrack[];
};

/** What is chosen from. */
export type PlanInput = {
  readonly tracks: readonly AnnouncedTrack[];
  /** Ids of those that the server sends now. */
  readonly sent: ReadonlySet<number>;
  /** Ids that the viewer chose. */
  readonly preferred: readonly number[];
  /** `MediaSource.isTypeSupported` */
  readonly supports: (mimeType: string) => boolean;
};

/**
 * Chooses a picture and a sound that this browser can decode: the viewer's choice, else what the
 * server sends anyway, else the first. What is sent is played until what is wanted comes.
 */
export function planTracks({ tracks, sent, preferred, supports }: PlanInput): Plan {
  const planned: PlannedTrack[] = [];
  const wanted: number[] = [];
  const unsupported: AnnouncedTrack[] = [];
  for (const mediaType of ["video", "audio"] as const) {
    const ofType = tracks.filter((track) => track.mediaType === mediaType);
    const playable = ofType.flatMap((track): PlannedTrack[] => {
      const mimeType = track.mimeTypes.find(supports);
      return mimeType === undefined ? [] : [{ track, mimeType }];
    });
    const isSent = ({ track }: PlannedTrack) => sent.has(track.id);
    const isPreferred = ({ track }: PlannedTrack) => preferred.includes(track.id);
    const best = playable.find(isPreferred) ?? playable.find(isSent) ?? playable[0];
    if (best === undefined) {
      unsupported.push(...ofType);
      continue;
    }
    wanted.push(best.track.id);
    planned.push(isSent(best) ? best : (playable.find(isSent) ?? best));
  }
  return { tracks: planned, wanted, unsupported };
}

/**
 * Whether the buffers made for `before` can take `after`: the same kinds in the same containers.
 * Another track of a kind is one more configuration to them.
 */
export function isContinuation(
  before: readonly PlannedTrack[],
  after: readonly PlannedTrack[],
  canChangeType: boolean,
): boolean {
  if (before.length !== after.length) return false;
  return before.every((planned) => {
    const next = after.find(({ track }) => track.mediaType === planned.track.mediaType);
    if (next === undefined) return false;
    if (next.mimeType === planned.mimeType) return true;
    return isRaw(next.mimeType) === isRaw(planned.mimeType) && canChangeType;
  });
}

/** Sound without boxes: only the data of each fragment is appended, and no init segment. */
export const isRaw = (mimeType: string): boolean => mimeType === "audio/mpeg";
