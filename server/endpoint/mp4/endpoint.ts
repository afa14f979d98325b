import type { LiveStream } from "../../live/live-stream.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { EndlessEndpoint, type EndlessOptions, type Output } from "../endless/endpoint.ts";
import { missingKinds, type Readiness } from "../endless/opening.ts";
import { Mp4Broadcast } from "./broadcast.ts";
import { FileWriter, type Mp4Form } from "./fragment.ts";
import { chosenTracks, type Mp4Choice, readMp4Choice } from "./track-choice.ts";

/** What the endpoint is made of. */
export type Mp4Options = EndlessOptions & {
  /** How long sound may wait for the next picture, to be in one fragment with it. */
  readonly soundTime: Milliseconds;
};

/** `live.mp4` of every live stream: fragmented MP4 that begins at a sync sample and does not end. */
export class Mp4Endpoint extends EndlessEndpoint<Mp4Choice, Mp4Form> {
  constructor(options: Mp4Options) {
    super(mp4Output(options), options);
  }
}

const mp4Output = ({ clock, soundTime }: Mp4Options): Output<Mp4Choice, Mp4Form> => ({
  resource: "live.mp4",
  contentType: "video/mp4",
  readChoice: readMp4Choice,
  readiness: mp4Readiness,
  broadcast: (liveStream) => new Mp4Broadcast(liveStream, clock, soundTime),
  writer: () => {
    const file = new FileWriter();
    return (form) => file.write(form);
  },
});

function mp4Readiness(liveStream: LiveStream, choice: Mp4Choice): Readiness {
  const chosen = chosenTracks(liveStream.tracks, choice);
  if (choice.tracks !== "first") {
    return chosen.length === new Set(choice.tracks).size ? "all" : "none";
  }
  if (chosen.length === 0) return "none";
  return missingKinds(liveStream).length === 0 ? "all" : "some";
}
