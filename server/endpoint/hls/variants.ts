import type { LiveTrack } from "../../live/live-track.ts";
import type { Rendition } from "../../live/segment.ts";
import type { TextTrack } from "../../live/text-track.ts";
import type {
  AudioRendition,
  InStreamCaptions,
  PlaylistRendition,
  Renditions,
  VideoRendition,
} from "../../protocol/hls/multivariant-playlist.ts";
import { playlistName, textPlaylistName } from "../../protocol/hls/resource-name.ts";
import { displayWidth } from "../../protocol/isobmff/movie.ts";
import type { VideoTrack } from "../../protocol/media/track.ts";
import { newestTrack } from "./track-facts.ts";

/** What the multivariant playlist says of renditions and text tracks. */
export function variantsOf(
  renditions: readonly Rendition[],
  textTracks: readonly TextTrack[],
): Renditions {
  const ordered = renditions.toSorted((a, b) => indexOf(a) - indexOf(b));
  return {
    videos: ordered.flatMap((one) => videoRendition(one) ?? []),
    audios: ordered.flatMap((one) => audioRendition(one) ?? []),
    texts: textTracks.map(({ id, name, language, kind }) => ({
      uri: textPlaylistName(id),
      name,
      language,
      isCaptions: kind === "captions",
    })),
    captions: textTracks.flatMap((one) => inStreamCaptions(one) ?? []),
  };
}

/** The encoder's own order: its first of each kind is what players begin with. */
const indexOf = (rendition: Rendition): number => newestTrack(rendition).track.trackIndex;

function common(rendition: Rendition, live: LiveTrack): PlaylistRendition {
  return {
    uri: playlistName(live.id),
    codecs: [live.track.codecString],
    peakBitrate: rendition.peakBitrate,
    averageBitrate: rendition.averageBitrate,
  };
}

function videoRendition(rendition: Rendition): VideoRendition | undefined {
  const live = newestTrack(rendition);
  const { track } = live;
  if (track.mediaType !== "video") return undefined;
  const frameRate = track.frameRate ?? measuredFrameRate(rendition);
  return {
    ...common(rendition, live),
    width: displayWidth(track),
    height: track.height,
    ...(frameRate === undefined ? {} : { frameRate }),
    ...rangeOf(track),
  };
}

/** By transfer characteristics (ISO/IEC 23091-2): what is neither PQ nor HLG is SDR. */
function rangeOf({ colour }: VideoTrack): Pick<VideoRendition, "videoRange"> {
  switch (colour?.transfer) {
    case 16:
      return { videoRange: "PQ" };
    case 18:
      return { videoRange: "HLG" };
    default:
      return {};
  }
}

function audioRendition(rendition: Rendition): AudioRendition | undefined {
  const live = newestTrack(rendition);
  const { track } = live;
  if (track.mediaType !== "audio") return undefined;
  const { name, language } = live;
  return { ...common(rendition, live), name, language, channels: track.channels };
}

/** Where neither configuration nor metadata tell. */
function measuredFrameRate({ open, segments }: Rendition): number | undefined {
  const counted = segments.findLast(({ parts }) => parts.length > 0) ?? open;
  if (counted === undefined) return undefined;
  let pictures = 0;
  let ticks = 0;
  for (const part of counted.parts) {
    pictures += part.samples;
    ticks += part.duration;
  }
  return ticks === 0 ? undefined : (pictures * counted.track.timescale) / ticks;
}

/** Captions that lie in the pictures, too: players that read them there may. */
function inStreamCaptions(track: TextTrack): InStreamCaptions | undefined {
  const { id, name, language, isInPictures } = track;
  return isInPictures ? { instreamId: id.toUpperCase(), name, language } : undefined;
}
