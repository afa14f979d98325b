import { expect, test } from "vitest";
import {
  IDLE,
  type NetStream,
  type NetStreamInput,
  onInput,
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
const play: NetStreamInput = { type: "play" };
const end = (reason: "FCUnpublish" | "deleteStream" | "closeStream"): NetStreamInput => ({
  type: "end",
  reason,
});

const STOPPED = "status NetStream.Unpublish.Success";
test.each<[NetStream, NetStreamInput, NetStream, string[]]>([
  [IDLE, publish, asking, ["ask live/show"]],
  [IDLE, accept, IDLE, []],
  [IDLE, refuse, IDLE, []],
  [IDLE, end("deleteStream"), IDLE, []],
  [IDLE, play, IDLE, ["error NetStream.Play.Failed", "close-after-flush"]],
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
])("a NetStream: $0.name, $1.type → $2.name", (stream, input, next, effects) => {
  const step = onInput(stream, input);
  expect(step.stream).toEqual(next);
  const told = step.effects.map((effect) => {
    switch (effect.type) {
      case "ask":
        return `ask ${effect.publication.streamPath}`;
      case "status":
        return `${effect.level} ${effect.code}`;
      case "unpublish":
        return `unpublish ${effect.reason}`;
      default:
        return effect.type;
    }
  });
  expect(told).toEqual(effects);
});
