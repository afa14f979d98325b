import type { Clock } from "../../live/clock.ts";
import type { LiveStream } from "../../live/live-stream.ts";
import { EndlessEndpoint, type EndlessOptions, type Output } from "../endless/endpoint.ts";
import { missingKinds, type Readiness } from "../endless/opening.ts";
import { Mp4Broadcast } from "./broadcast.ts";
import { chosenTracks, type Mp4Choice, readMp4Choice } from "./track-choice.ts";

/** `live.mp4` of every live stream: fragmented MP4 that begins at a sync sample and does not end. */
export class Mp4Endpoint extends EndlessEndpoint<Mp4Choice, Buffer> {
  constructor(options: EndlessOptions) {
    super(mp4Output(options.clock), options);
  }
}

const mp4Output = (clock: Clock): Output<Mp4Choice, Buffer> => ({
  resource: "live.mp4",
  contentType: "video/mp4",
  readChoice: readMp4Choice,
  readiness: mp4Readiness,
  broadcast: (liveStream) => new Mp4Broadcast(liveStream, clock),
  bytesOf: (bytes) => bytes,
});

function mp4Readiness(liveStream: LiveStream, choice: Mp4Choice): Readiness {
  const chosen = chosenTracks(liveStream.tracks, choice);
  if (choice.tracks !== "first") {
    return chosen.length === new Set(choice.tracks).size ? "all" : "none";
  }
  if (chosen.length === 0) return "none";
  return missingKinds(liveStream).length === 0 ? "all" : "some";
}
