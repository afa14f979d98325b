import { describe, expect, test } from "vitest";
import {
  type Capabilities,
  canMultitrack,
  canRead,
  canReadModEx,
  canReconnect,
  capabilityFields,
  readCapabilities,
} from "../../../server/protocol/rtmp/capabilities.ts";

describe("canRead", () => {
  test.each<{ name: string; peer: Capabilities | undefined; reads: string[]; not: string[] }>([
    { name: "nothing of who says nothing", peer: undefined, reads: [], not: ["avc1", "mp4a"] },
    {
      name: "what the list of v1 names",
      peer: { fourCcList: ["hvc1", "Opus"] },
      reads: ["hvc1", "Opus"],
      not: ["av01", "fLaC"],
    },
    {
      name: "all that a recorder's list stands for",
      peer: { fourCcList: ["*"] },
      reads: ["vvc1", "ec-3"],
      not: [],
    },
    {
      name: "what is decoded or forwarded, not what is only encoded",
      peer: { videoFourCcInfoMap: { av01: 1, vp09: 4, hvc1: 2, avc1: 3 } },
      reads: ["av01", "vp09", "avc1"],
      not: ["hvc1", "vp08", "Opus"],
    },
    {
      name: "what the wildcard says, whatever single codecs have",
      peer: {
        videoFourCcInfoMap: { "*": 2, hvc1: 1 },
        audioFourCcInfoMap: { "*": 4, Opus: 0 },
      },
      reads: ["Opus", ".mp3"],
      not: ["hvc1"],
    },
    {
      name: "by the list where there is no map of the medium",
      peer: { fourCcList: ["hvc1", "Opus"], videoFourCcInfoMap: { av01: 1 } },
      reads: ["av01", "Opus"],
      not: ["hvc1"],
    },
  ])("$name", ({ peer, reads, not }) => {
    for (const fourCc of reads) expect([fourCc, canRead(peer, fourCc)]).toEqual([fourCc, true]);
    for (const fourCc of not) expect([fourCc, canRead(peer, fourCc)]).toEqual([fourCc, false]);
  });
});

test.each([
  { capsEx: undefined, reconnect: false, multitrack: false, modEx: false },
  { capsEx: 1, reconnect: true, multitrack: false, modEx: false },
  { capsEx: 2, reconnect: false, multitrack: true, modEx: false },
  { capsEx: 12, reconnect: false, multitrack: false, modEx: true },
  { capsEx: 15, reconnect: true, multitrack: true, modEx: true },
])("capsEx $capsEx", ({ capsEx, reconnect, multitrack, modEx }) => {
  const peer = capsEx === undefined ? undefined : { capsEx };
  expect([canReconnect(peer), canMultitrack(peer), canReadModEx(peer)]).toEqual([
    ...[reconnect, multitrack, modEx],
  ]);
});

test("readCapabilities reads what capabilityFields writes, and nothing where nothing is said", () => {
  const peer: Capabilities = {
    ...{ fourCcList: ["hvc1"], videoFourCcInfoMap: { hvc1: 1 }, audioFourCcInfoMap: { "*": 4 } },
    ...{ capsEx: 3, videoFunction: 6 },
  };
  expect(readCapabilities(capabilityFields(peer))).toEqual(peer);
  expect(readCapabilities({ videoFunction: 6 })).toEqual({ videoFunction: 6 });
  expect(readCapabilities({ videoFunction: 1, app: "live" })).toBeUndefined();
});
