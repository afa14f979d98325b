import { expect, test } from "vitest";
import type { Transport } from "../server/endpoint/rtmp/peer.ts";
import type { PublishDecision } from "../server/endpoint/rtmp/permission.ts";
import { type Hooks, mayWatch, playRule, publishRule } from "../server/hooks.ts";
import { recordingLog } from "./support/recording-log.ts";

const peer = { address: "192.0.2.1", transport: "rtmps" as Transport, openedAt: 0 };
const request = { streamPath: "live/show", key: "abc", peer };
const yes: PublishDecision = { allowed: true, identity: "key-1" };
const no: PublishDecision = { allowed: false, description: "A publish key is needed" };

const askPublish = (own: PublishDecision, mayPublish?: Hooks["mayPublish"]) => {
  const hooks = mayPublish === undefined ? {} : { mayPublish };
  return publishRule(() => own, hooks, recordingLog())(request);
};

test("publishRule is the server's own without a hook, and the hook's with one", () => {
  expect(askPublish(yes)).toBe(yes);
  expect(askPublish(no)).toBe(no);
  expect(askPublish(yes, ({ allowed }) => allowed)).toBe(yes);
  expect(askPublish(no, ({ allowed }) => allowed)).toBe(no);
  expect(askPublish(yes, () => false)).toMatchObject({ allowed: false });
  const granted = askPublish(no, ({ key }) => key === "abc");
  expect(granted).toEqual({ allowed: true, identity: expect.stringMatching(/^key-[0-9a-f]{8}$/) });
});

test("publishRule tells the hook who asks", () => {
  const asked: unknown[] = [];
  askPublish(no, (question) => asked.push(question) > 0);
  expect(asked).toEqual([
    {
      streamPath: "live/show",
      key: "abc",
      address: "192.0.2.1",
      transport: "rtmps",
      allowed: false,
    },
  ]);
});

test("a hook that throws says no, and is in the log", () => {
  const log = recordingLog();
  const hooks: Hooks = {
    mayPublish: () => {
      throw new Error("a fault of somebody's");
    },
    mayPlay: () => {
      throw new Error("another");
    },
  };
  expect(publishRule(() => yes, hooks, log)(request)).toMatchObject({ allowed: false });
  const socket = { remoteAddress: "192.0.2.1" };
  expect(mayWatch({ url: "/streams/live/show/ws", socket }, "websocket", hooks, log)).toBe(false);
  expect(playRule(hooks, log)({ streamPath: "live/show", query: {}, peer })).toMatchObject({
    allowed: false,
  });
  expect(log.lines.map(({ level }) => level)).toEqual(["error", "error", "error"]);
});

test("mayWatch asks for what lies under /streams, with its query, and for nothing else", () => {
  const asked: unknown[] = [];
  const hooks: Hooks = {
    mayPlay: (question) => {
      asked.push(question);
      return question.query["ticket"] === "good";
    },
  };
  const socket = { remoteAddress: "192.0.2.1" };
  const may = (url: string) => mayWatch({ url, socket }, "http", hooks, recordingLog());
  expect(may("/watch/live/show")).toBe(true);
  expect(may("/api/v1/streams")).toBe(true);
  expect(asked).toEqual([]);
  expect(may("/streams/live/sh%6fw/index.m3u8?ticket=bad")).toBe(false);
  expect(may("/streams/live/show/index.m3u8?ticket=good")).toBe(true);
  expect(asked[0]).toEqual({
    ...{ streamPath: "live/show", query: { ticket: "bad" } },
    ...{ address: "192.0.2.1", transport: "http" },
  });
});
