import { expect, test } from "vitest";
import {
  IDLE,
  type NetStream,
  type NetStreamInput,
  onInput,
  type Playback,
  type Publication,
} from "../../../server/protocol/rtmp/net-stream.ts";

const publication: Publication = {
  ...{ streamPath: "live/show", query: {}, publishName: "show", publishType: "live" },
};
const asking: NetStream = { name: "asking", publication };
const publishing: NetStream = { name: "publishing", publication };

const publish: NetStreamInput = { type: "publish", publication };
const accept: NetStreamInput = { type: "accept" };
const refuse: NetStreamInput = {
  type: "refuse",
  code: "NetStream.Publish.Denied",
  description: "No",
};
const playback: Playback = {
  ...{ streamPath: "live/film", query: {}, playName: "film", isReset: true, isTransition: false },
};
const wanted = { audio: true, video: true };
const askingToPlay: NetStream = { name: "asking-to-play", playback };
const playing: NetStream = { name: "playing", playback, isPaused: false, wanted };
const paused: NetStream = { ...playing, isPaused: true };
const silent: NetStream = { ...playing, wanted: { audio: false, video: true } };
const play: NetStreamInput = { type: "play", playback };
const pause = (isPaused: boolean): NetStreamInput => ({ type: "pause", isPaused });
const receiveAudio = (isWanted: boolean): NetStreamInput => ({
  ...{ type: "receive", kind: "audio", isWanted },
});
const seek: NetStreamInput = { type: "seek" };
const end = (reason: "FCUnpublish" | "deleteStream" | "closeStream"): NetStreamInput => ({
  type: "end",
  reason,
});

const STARTED = [
  "play-chunk-size",
  "begin",
  "status NetStream.Play.Reset",
  "status NetStream.Play.Start",
  "sample-access",
];
const STOPPED = "status NetStream.Unpublish.Success";
test.each<[NetStream, NetStreamInput, NetStream, string[]]>([
  [IDLE, publish, asking, ["ask live/show"]],
  [IDLE, accept, IDLE, []],
  [IDLE, refuse, IDLE, []],
  [IDLE, end("deleteStream"), IDLE, []],
  [IDLE, play, askingToPlay, ["ask-to-play live/film"]],
  [IDLE, pause(true), IDLE, []],
  [IDLE, seek, IDLE, []],
  [asking, publish, asking, ["error NetStream.Publish.BadName"]],
  [asking, accept, publishing, ["begin", "status NetStream.Publish.Start"]],
  [asking, refuse, IDLE, ["error NetStream.Publish.Denied", "close-after-flush"]],
  [asking, end("FCUnpublish"), IDLE, ["unpublish FCUnpublish", STOPPED]],
  [asking, play, asking, ["error NetStream.Play.Failed"]],
  [publishing, publish, publishing, ["error NetStream.Publish.BadName"]],
  [publishing, accept, publishing, []],
  [publishing, refuse, publishing, []],
  [publishing, end("FCUnpublish"), IDLE, ["unpublish FCUnpublish", STOPPED]],
  [publishing, end("closeStream"), IDLE, ["unpublish closeStream", STOPPED]],
  [publishing, end("deleteStream"), IDLE, ["unpublish deleteStream"]],
  [publishing, play, publishing, ["error NetStream.Play.Failed"]],
  [publishing, { type: "unpublished" }, publishing, []],
  [askingToPlay, accept, playing, STARTED],
  [askingToPlay, refuse, IDLE, ["error NetStream.Publish.Denied", "close-if-unused"]],
  [askingToPlay, play, askingToPlay, ["error NetStream.Play.Failed"]],
  [askingToPlay, publish, askingToPlay, ["error NetStream.Publish.BadName"]],
  [askingToPlay, end("deleteStream"), IDLE, ["stop-playing deleteStream"]],
  [playing, accept, playing, []],
  [playing, publish, playing, ["error NetStream.Publish.BadName"]],
  [playing, play, askingToPlay, ["stop-playing play", "ask-to-play live/film"]],
  [playing, end("closeStream"), IDLE, ["stop-playing closeStream"]],
  [
    playing,
    refuse,
    IDLE,
    ["error NetStream.Publish.Denied", "stop-playing play", "close-if-unused"],
  ],
  [playing, pause(true), paused, ["pause", "status NetStream.Pause.Notify"]],
  [paused, pause(false), playing, ["status NetStream.Unpause.Notify", "resume"]],
  [
    playing,
    seek,
    playing,
    ["status NetStream.Seek.Notify", "status NetStream.Play.Start", "resume"],
  ],
  [paused, seek, paused, ["status NetStream.Seek.Notify"]],
  [playing, receiveAudio(false), silent, ["receive false true"]],
  [
    silent,
    receiveAudio(true),
    playing,
    ["status NetStream.Seek.Notify", "status NetStream.Play.Start", "receive true true"],
  ],
  [playing, { type: "published" }, playing, ["begin", "status NetStream.Play.PublishNotify"]],
  [
    playing,
    { type: "unpublished" },
    playing,
    ["status NetStream.Play.UnpublishNotify", "end-of-stream"],
  ],
])("a NetStream: $0.name, $1.type → $2.name", (stream, input, next, effects) => {
  const step = onInput(stream, input);
  expect(step.stream).toEqual(next);
  const told = step.effects.map((effect) => {
    switch (effect.type) {
      case "ask":
        return `ask ${effect.publication.streamPath}`;
      case "status":
        return `${effect.level} ${effect.code}`;
      case "ask-to-play":
        return `ask-to-play ${effect.playback.streamPath}`;
      case "unpublish":
      case "stop-playing":
        return `${effect.type} ${effect.reason}`;
      case "receive":
        return `receive ${effect.wanted.audio} ${effect.wanted.video}`;
      default:
        return effect.type;
    }
  });
  expect(told).toEqual(effects);
});
