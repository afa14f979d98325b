import { expect, test } from "vitest";
import type { Surface } from "../../../web/engine/surface.ts";
import { Starter } from "../../../web/player/starter.ts";

/** A surface whose `play` waits, as one does that waits for a gesture. */
function surfaceOf(muted: boolean) {
  let refuse = (_error: unknown) => {};
  const surface = {
    muted,
    play: () =>
      new Promise<void>((_resolve, reject) => {
        refuse = reject;
      }),
  };
  const refused = async () => {
    refuse(new DOMException("A gesture is needed", "NotAllowedError"));
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { surface: surface as unknown as Surface, refused };
}

test("a refusal of sound demands silence, a refusal of silence ends it", async () => {
  const starter = new Starter(() => {});
  const loud = surfaceOf(false);
  starter.start(loud.surface);
  await loud.refused();
  expect([loud.surface.muted, starter.soundBlocked, starter.wantsPlay]).toEqual([true, true, true]);
  starter.start(loud.surface);
  await loud.refused();
  expect(starter.wantsPlay).toBe(false);
});

test("a refusal of sound that comes when another surface is on does not pause that one", async () => {
  const starter = new Starter(() => {});
  const before = surfaceOf(false);
  starter.start(before.surface);
  before.surface.muted = true; // it has left the stage
  await before.refused();
  expect(starter.wantsPlay).toBe(true);
});
