/**
 * Every rule that the checker knows, with what it asks of a server. Sections are those of
 * draft-pantos-hls-rfc8216bis; "Apple" is its authoring specification for its devices.
 */
export const RULES = {
  // What all playlists have in common
  "text-form": "UTF-8 without BOM, begins with #EXTM3U, ends with a line end (§4.1)",
  "text-attributes": "attribute lists are well formed and name nothing twice (§4.2)",
  "text-tags": "every tag is known, belongs into this kind of playlist, and stands alone (§4.4)",
  version: "one EXT-X-VERSION, constant, as high as what is used needs (§4.4.1.2, §8)",

  // Multivariant playlist
  "variant-form": "EXT-X-STREAM-INF is followed by its URI, and there is one (§4.4.6.2)",
  "variant-bandwidth": "BANDWIDTH and AVERAGE-BANDWIDTH are there, in order (§4.4.6.2, Apple)",
  "peak-bandwidth": "the measured peak is at most 125 % of BANDWIDTH (§4.4.6.2, Apple)",
  "average-bandwidth": "the measured average is at most 110 % of AVERAGE-BANDWIDTH (Apple)",
  "variant-codecs":
    "CODECS names what lies in the renditions, all of it and nothing else (§4.4.6.2)",
  "variant-resolution": "RESOLUTION is there for video, and true (§4.4.6.2, Apple)",
  "variant-frame-rate":
    "FRAME-RATE is there for video, with three decimals, and true (§4.4.6.2, Apple)",
  "variant-video-range": "VIDEO-RANGE is what the pictures' transfer function says (§4.4.6.2)",
  "variant-closed-captions": "CLOSED-CAPTIONS is a group that is there, or NONE on all (§4.4.6.2)",
  "variant-groups": "AUDIO and SUBTITLES name groups that are there (§4.4.6.2)",
  "media-form": "EXT-X-MEDIA has TYPE, GROUP-ID and NAME, and what its TYPE needs (§4.4.6.1)",
  "media-name": "NAME is unique within its group (§4.4.6.1.1)",
  "media-default": "one DEFAULT in a group, and it is AUTOSELECT (§4.4.6.1)",
  "media-language": "LANGUAGE is a BCP 47 tag; AUTOSELECT members differ in it (§4.4.6.1)",
  "media-channels": "CHANNELS is there for audio, and true (§4.4.6.1)",
  "media-members": "groups of one TYPE have the same members (§4.4.6.1.1)",
  "multivariant-independent":
    "EXT-X-INDEPENDENT-SEGMENTS of the multivariant playlist is true (§4.4.2.1)",

  // One media playlist
  "target-duration": "EXT-X-TARGETDURATION is whole and at least every rounded EXTINF (§4.4.3.1)",
  "segment-form": "every segment has EXTINF and a URI of its own (§4.4.4.1)",
  map: "fMP4 has EXT-X-MAP before its first segment or part (§4.4.4.5)",
  "before-first-part":
    "DISCONTINUITY, MAP and PROGRAM-DATE-TIME stand before a segment's first part (§4.4.4.9)",
  "media-sequence":
    "EXT-X-MEDIA-SEQUENCE begins at 1 or later and counts what was removed (§4.4.3.2)",
  "discontinuity-sequence":
    "EXT-X-DISCONTINUITY-SEQUENCE is there and counts what was removed (§4.4.3.3)",
  "program-date-time":
    "EXT-X-PROGRAM-DATE-TIME is there and agrees with the sum of EXTINF (§4.4.4.6)",
  "part-target": "EXT-X-PART-INF is there with parts, and no part is longer (§4.4.3.7)",
  "part-minimum": "a part lasts 85 % of the target, with the exceptions (§4.4.4.9)",
  "part-sum": "the parts of a segment last as long as its EXTINF (§4.4.4.9)",
  "parts-listed": "parts are listed for three target durations (§4.4.4.9)",
  "parts-removed": "parts are not listed for longer than needed (§6.2.2)",
  "server-control":
    "CAN-BLOCK-RELOAD, PART-HOLD-BACK, HOLD-BACK, CAN-SKIP-UNTIL are large enough (§4.4.3.8)",
  "hint-present": "parts and no end: the next part is hinted (Appendix B.1)",
  "hint-form":
    "one EXT-X-PRELOAD-HINT of a TYPE, with a URI, behind the parts, none at the end (§4.4.5.3)",
  "report-present":
    "one EXT-X-RENDITION-REPORT for each other rendition, none of itself (§4.4.5.4)",
  "report-form": "a report has a relative URI, LAST-MSN and LAST-PART (§4.4.5.4)",
  gap: "a gap has no parts but gaps, and is nothing that could be had (§4.4.4.7)",
  "independent-segments":
    "EXT-X-INDEPENDENT-SEGMENTS only where each segment begins with a sync sample (§4.4.2.1)",
  "date-range": "EXT-X-DATERANGE has ID and START-DATE, and is told the same each time (§4.4.5.1)",
  skip: "EXT-X-SKIP only in delta updates (§4.4.5.2)",

  // One media playlist over time
  "target-constant": "EXT-X-TARGETDURATION never changes (§6.2.1)",
  "part-target-constant": "PART-TARGET never changes (§6.2.1)",
  "server-control-constant": "EXT-X-SERVER-CONTROL never changes (§6.2.1)",
  "segment-changed": "what was said of a segment stays as it was (§6.2.1)",
  "part-changed": "what was said of a part stays as it was (§6.2.1)",
  "window-length": "nothing is removed that leaves less than three target durations (§6.2.2)",
  "segment-late": "a segment comes within 1.5 target durations of the one before (§6.2.1)",
  "part-late": "a part comes within one PART-TARGET of the one before (§6.2.1)",
  "end-final": "nothing changes behind EXT-X-ENDLIST (§4.4.3.4)",
  "playlist-type": "EXT-X-PLAYLIST-TYPE never changes, and is kept to (§4.4.3.5)",
  "hint-true": "what is hinted is what comes next (§4.4.5.3)",
  "hint-early": "nothing of a hinted part is sent before all can be sent (§6.2.6)",
  "hint-late": "a hinted part is sent as soon as it is complete (§6.2.6)",
  "removed-available": "what was removed stays for as long as somebody may want it (§6.2.2)",

  // Delta updates
  "delta-given": "a delta is given to who asks, where it is offered (§6.2.5.1)",
  "delta-boundary": "all that is older than CAN-SKIP-UNTIL is skipped, and nothing else (§4.4.5.2)",
  "delta-true": "the reconstructed playlist is the full playlist (§6.3.7)",

  // All renditions together
  "renditions-constant":
    "TARGETDURATION, PART-TARGET and SERVER-CONTROL are the same everywhere (§6.2.4)",
  "renditions-clock": "media time and date have the same distance everywhere (§6.2.4)",
  "renditions-aligned": "segments of one number begin together (§6.2.4)",
  "renditions-discontinuity":
    "the same content has the same discontinuity number everywhere (§6.2.4)",
  "renditions-in-sync": "renditions grow together, within one PART-TARGET (Appendix B.1)",
  "report-ahead": "a report names nothing that is not there yet (§4.4.5.4)",
  "report-stale": "a report names the latest (§4.4.5.4)",

  // Init segments, segments, parts
  "init-segment":
    "an init segment is ftyp and moov with one track, durations 0, and what decoding needs (§3.1.2)",
  "media-boxes":
    "a media segment has moof and mdat that fit, of that track, and no boxes but known ones (§3.1.2)",
  "segment-is-parts": "a segment is the concatenation of its parts (§4.4.4.9)",
  "part-duration": "DURATION is what the samples of the part last (§4.4.4.9)",
  "segment-duration": "EXTINF is what the samples of the segment last (§4.4.4.1)",
  "decode-times":
    "each sample begins where the one before it ends, over parts and segments (§3.1.2)",
  "fragment-sequence":
    "fragments are counted one by one, over parts and segments (ISO/IEC 14496-12 §8.8.5; VLC takes anything else for a break)",
  "sync-samples": "a sample that is said to be one can be decoded alone, by its coding",
  "part-independent": "INDEPENDENT where a part has a sync sample, and only there (§4.4.4.9)",
  "segment-sync": "each segment of video has a sync sample (Appendix B.1)",
  emsg: "an event message is version 1, has a scheme, and lies within its part (ISO/IEC 23009-1 §5.10.3.3)",
  "packed-audio": "packed audio begins with its time, which goes on (§3.1.4)",
  webvtt: "a subtitle segment is WebVTT with X-TIMESTAMP-MAP of the media's time (§3.1.5)",
  "webvtt-cues":
    "a cue lies, at least partly, in the segment that has it, in order of start (§3.1.5)",

  // HTTP
  "content-type": "each kind of file is served as what it is (§4, §3.1)",
  cors: "every answer may be read by any page, with Age, Date and Content-Length",
  preflight: "OPTIONS allows GET with Range",
  method: "GET and HEAD are answered, others refused with 405 (RFC 9110 §15.5.6)",
  "content-length": "Content-Length is the length (RFC 9110 §8.6)",
  compression: "playlists are compressed for who takes it, and say the same (Apple)",
  vary: "Vary names Accept-Encoding where it makes a difference (RFC 9110 §12.5.5)",
  "cache-playlist": "a playlist is cached for at most half a target duration (Appendix B.1, §6.2)",
  "cache-blocking": "an answer to a blocking request is cached for six target durations",
  "cache-file": "files are cached for at least six target durations",
  "cache-missing": "a file that is not there is cached for at most a target duration",
  "cache-missing-playlist":
    "a blocked playlist that is not there is cached for at most four target durations",
  "cache-refused": "400 and 503 are not stored",
  etag: "a file has an ETag, and If-None-Match is answered by 304 without a body (RFC 9110 §13.1.2)",
  range: "a Range is answered by 206 with those bytes (RFC 9110 §14)",
  "range-unsatisfiable":
    "a Range behind the end is answered by 416 with the length (RFC 9110 §15.5.17)",
  head: "HEAD has the headers of GET and no body (RFC 9110 §9.3.2)",
  "not-found": "what is neither published nor hinted is a 404 (§6.2.6)",
  priority: "RFC 9218: playlists have urgency 1, segments 2 to 6",
  "http-version": "low latency comes over HTTP/2 (Appendix B.1)",

  // Delivery directives
  available: "what is listed can be had, and the playlist too",
  "block-early": "an answer to a blocking request has what was asked for (§6.2.5.2)",
  "block-late": "… and comes as soon as that is there (§6.2.5.2)",
  "block-same": "who asks the same at the same time gets the same (§6.2.5.2)",
  "directive-part-alone": "_HLS_part without _HLS_msn: 400 (§6.2.5.2)",
  "directive-nonsense": "a number that is none: 400 (§6.2.5.2)",
  "directive-far": "_HLS_msn too far in the future: 400 at once (§6.2.5.2)",
  "directive-far-part": "_HLS_part too far in the future: 400 at once (§6.2.5.2)",
  "directive-near": "two segments ahead, and parts within the limit, are waited for (§6.2.5.2)",
  "directive-past": "what is there already is answered at once, whole (§6.2.5.2)",
  "directive-past-end": "a part behind a segment's last is the first of the next (§6.2.5.2)",
  "directive-unknown": "unknown directives and other queries are passed over (§6.2.5)",
  "directive-timeout": "not ready after three target durations: 503 (§6.2.5.2)",
  "directive-ended": "after the end directives are passed over, at once (§6.2.5)",
} as const;

export type Rule = keyof typeof RULES;
