import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CaptureReader, RecordType } from "../../../server/protocol/capture/capture-file.ts";
import { ReplayedHandshake } from "../../../server/protocol/capture/replayed-handshake.ts";
import { ReplayedStream } from "../../../server/protocol/capture/replayed-stream.ts";
import type { SessionEffect } from "../../../server/protocol/rtmp/session-effect.ts";
import { hmac, newSession, random } from "../rtmp/session-support.ts";

const file = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../vectors/capture/${name}`, import.meta.url)));

/** Plays a capture to a session, and gives what that made of it. */
function played(name: string, key: string): SessionEffect[] {
  const session = newSession();
  const effects: SessionEffect[] = [];
  const perform = (more: readonly SessionEffect[]): void => {
    for (const effect of more) {
      effects.push(effect);
      if (effect.type === "publish") perform(session.accept(effect.messageStreamId));
    }
  };
  const target = { origin: "rtmp://other:1935", app: undefined, streamName: undefined, key };
  const stream = new ReplayedStream(target);
  let handshake: ReplayedHandshake | undefined;
  for (const { type, payload } of new CaptureReader().push(file(name))) {
    if (type !== RecordType.Client) continue;
    const chunks = stream.push(payload);
    if (handshake === undefined && stream.firstPackets !== undefined) {
      handshake = new ReplayedHandshake(stream.firstPackets, { hmac, random });
      for (const effect of session.receive(handshake.start())) {
        const answer = effect.type === "send" ? handshake.receive(effect.bytes) : undefined;
        if (answer !== undefined) perform(session.receive(answer));
      }
    }
    if (chunks.length > 0) perform(session.receive(chunks));
  }
  return effects;
}

test("a capture of ffmpeg 5.1, blanked, plays again as the broadcast that it was", () => {
  const effects = played("ffmpeg-5.1.rtmpcap", "the key");
  expect(effects.find(({ type }) => type === "connected")).toMatchObject({
    ...{ app: "live", tcUrl: "rtmp://other:1935/live" },
    flashVer: "FMLE/3.0 (compatible; Lavf59.27.100)",
  });
  expect(effects.find(({ type }) => type === "publish")).toMatchObject({
    ...{ streamPath: "live/xxxx", query: { key: "the key" } },
  });
  const media = (kind: string) =>
    effects.filter((effect) => effect.type === "media" && effect.kind === kind).length;
  // 15 pictures, the configuration and the end of sequence; 45 frames of sound (the first is priming) and their configuration.
  expect({ video: media("video"), audio: media("audio"), data: media("data") }).toEqual({
    ...{ video: 17, audio: 46, data: 1 },
  });
  expect(effects.some(({ type }) => type === "unpublish")).toBe(true);
  expect(effects.some(({ type }) => type === "bad-message")).toBe(false);
});
