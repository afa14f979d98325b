import { z } from "zod";
import type { EncoderStatus } from "../../live/encoder-clock.ts";
import type { ListedEncoder } from "../../protocol/wire/stream-list.ts";

const frames = z.int().min(0);
const ms = z.number().describe("ms");

/** The form of `ListedEncoder`. */
export const encoderSchema: z.ZodType<ListedEncoder> = z
  .strictObject({
    clock: z.strictObject({
      composedAt: z.iso
        .datetime()
        .optional()
        .describe("when the newest picture with a report was put together, by the encoder's clock"),
      position: ms.describe("when that picture is shown: ms on the stream's timeline"),
      offset: ms
        .optional()
        .describe(
          "how far this server's clock is ahead of the encoder's, the line's delay included",
        ),
    }),
    delays: z.strictObject({
      render: ms.optional().describe("ms from put together to given to the encoder"),
      encode: ms.optional().describe("ms until the encoder had taken it"),
      total: ms.optional().describe("ms from put together to given to the output"),
    }),
    frames: z
      .strictObject({
        rendered: frames,
        lagged: frames.describe("put together too late"),
        dropped: frames.describe("left out since the line was too slow"),
        output: frames.describe("of all tracks together"),
      })
      .optional()
      .describe("of the whole broadcast"),
    renditions: z.array(
      z.strictObject({
        trackIndex: z.int().min(0).describe("the encoder's own number of a video track"),
        input: frames,
        skipped: frames.describe("not coded, since the encoder was too slow"),
        output: frames,
      }),
    ),
  })
  .describe("where the encoder tells of itself among its pictures (OBS with several video tracks)");

/** @returns undefined where the encoder tells nothing */
export function listedEncoder(status: EncoderStatus | undefined): ListedEncoder | undefined {
  if (status === undefined) return undefined;
  const { clock, delays, session, renditions } = status;
  const { composed, position, offset } = clock;
  return {
    clock: {
      ...(composed !== undefined && { composedAt: new Date(composed).toISOString() }),
      position,
      ...(offset !== undefined && { offset }),
    },
    delays,
    ...(session !== undefined && { frames: session }),
    renditions,
  };
}
