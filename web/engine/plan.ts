import type { AnnouncedTrack } from "../../server/protocol/wire/control.ts";

/** A track that will be played, and as what. */
export type PlannedTrack = {
  readonly track: AnnouncedTrack;
  /** The first of its types that this browser takes. */
  readonly mimeType: string;
};

/** What of a broadcast this browser plays, and what it cannot. */
export type Plan = {
  readonly tracks: readonly PlannedTrack[];
  /** Announced for browsers, but not for this one. */
  readonly unsupported: readonly AnnouncedTrack[];
};

/**
 * Chooses the first picture and the first sound this browser can decode.
 *
 * @param supports `MediaSource.isTypeSupported`
 */
export function planTracks(
  tracks: readonly AnnouncedTrack[],
  supports: (mimeType: string) => boolean,
): Plan {
  const planned: PlannedTrack[] = [];
  const unsupported: AnnouncedTrack[] = [];
  for (const mediaType of ["video", "audio"] as const) {
    const ofType = tracks.filter((track) => track.mediaType === mediaType);
    const playable = ofType
      .map((track) => ({ track, mimeType: track.mimeTypes.find(supports) }))
      .find(({ mimeType }) => mimeType !== undefined);
    if (playable?.mimeType !== undefined) {
      planned.push({ track: playable.track, mimeType: playable.mimeType });
    } else {
      unsupported.push(...ofType);
    }
  }
  return { tracks: planned, unsupported };
}

/** Whether the buffers made for `before` can take `after`: the same tracks in the same containers. */
export function isContinuation(
  before: readonly PlannedTrack[],
  after: readonly PlannedTrack[],
  canChangeType: boolean,
): boolean {
  if (before.length !== after.length) return false;
  return before.every((planned) => {
    const next = after.find(({ track }) => track.id === planned.track.id);
    if (next === undefined) return false;
    if (next.mimeType === planned.mimeType) return true;
    return isRaw(next.mimeType) === isRaw(planned.mimeType) && canChangeType;
  });
}

/** Sound without boxes: only the data of each fragment is appended, and no init segment. */
export const isRaw = (mimeType: string): boolean => mimeType === "audio/mpeg";
