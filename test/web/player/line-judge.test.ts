import { expect, test } from "vitest";
import type { LineReading } from "../../../web/control/line-meter.ts";
import type { Playback } from "../../../web/engine/playback.ts";
import { LineJudge } from "../../../web/player/line-judge.ts";

const reading = (figures: Partial<LineReading>): LineReading => ({
  ...{ lateness: undefined, peak: undefined, throughput: 0, capacity: undefined },
  ...figures,
});

const playback = (stalls: number, transport: Playback["transport"] = "websocket") =>
  ({ transport, figures: { stalls } }) as Playback;

test("LineJudge blames the line for a stall once, if what it waited for came late soon after", () => {
  const judge = new LineJudge();
  const look = (stalls: number, peak: number, now: number) =>
    judge.isToBlame(playback(stalls), reading({ peak }), now);
  expect(look(0, 900, 0)).toBe(false);
  expect(look(1, 100, 50)).toBe(false);
  expect(look(1, 500, 1_550)).toBe(true);
  expect(look(1, 500, 1_600)).toBe(false);
  expect(look(2, 100, 2_000)).toBe(false);
  expect(look(2, 500, 3_501)).toBe(false);
});

test("LineJudge does not blame the line for what HLS does", () => {
  const judge = new LineJudge();
  expect(judge.isToBlame(playback(1, "hls"), reading({ peak: 900 }), 0)).toBe(false);
});

test("LineJudge sheds what has been old for a second, and no more within eight", () => {
  const judge = new LineJudge();
  const look = (lateness: number, now: number, isBusy = true) =>
    judge.isToShed(isBusy, reading({ lateness }), now);
  expect(look(2_500, 0)).toBe(false);
  expect(look(1_900, 900)).toBe(false);
  expect(look(2_500, 1_000)).toBe(false);
  expect(look(2_500, 2_000)).toBe(true);
  expect(look(2_500, 9_999)).toBe(false);
  expect(look(2_500, 10_000, false)).toBe(false);
  expect(look(2_500, 10_050)).toBe(false);
  expect(look(2_500, 11_050)).toBe(true);
});
