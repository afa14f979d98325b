import type { Segment } from "../../live/segment.ts";
import type { TextCue } from "../../live/text-track.ts";
import { textSegmentName } from "../../protocol/hls/resource-name.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { ListedSegment } from "./listed-segment.ts";
import { secondsOf } from "./track-facts.ts";

/** How a text playlist lists the stretch of a segment of the leading rendition. */
export function listedText(textId: string, segment: Segment, life: string): ListedSegment {
  const { isDiscontinuity, programDateTime, mediaSequence } = segment;
  return new ListedSegment(undefined, () => ({
    isDiscontinuity,
    programDateTime,
    map: undefined,
    parts: [],
    uri: textSegmentName(textId, life, mediaSequence),
    duration: secondsOf(segment),
    isGap: false,
  }));
}

/**
 * The cues that are shown at some time of a segment, as WebVTT. Cue times are those of the live
 * stream, as in the boxes of the other renditions (RFC 8216bis §3.1.4).
 */
export function textSegment(cues: readonly TextCue[], segment: Segment): string {
  const { start, duration, track } = segment;
  const from = (start * 1000) / track.timescale;
  const to = ((start + duration) * 1000) / track.timescale;
  const blocks = ["WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0"];
  for (const cue of cues) {
    const end = Math.min(cue.end ?? to, to);
    const begin = Math.max(cue.start, from);
    if (begin >= end) continue;
    const settings = cue.settings === "" ? "" : ` ${cue.settings}`;
    blocks.push(`${cue.id}\n${time(begin)} --> ${time(end)}${settings}\n${cue.text}`);
  }
  return `${blocks.join("\n\n")}\n`;
}

/** WebVTT §4.1: hours of two digits or more, ms. */
function time(at: Milliseconds): string {
  const ms = Math.round(at);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const rest = String(ms % 1000).padStart(3, "0");
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${rest}`;
}
