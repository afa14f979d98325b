import type { HlsConfig } from "hls.js";
import { expect, test } from "vitest";
import { withMpegAudio } from "../../../web/engine/hls-mpeg-audio.ts";

type Appended = { readonly type: string; readonly offset?: number };

/** What hls.js's own controller would be given. */
function appended(container: string, data: Appended): Appended[] {
  const given: Appended[] = [];
  class Own {
    readonly tracks = { audio: { container } };
    onBufferAppending(_event: string, one: Appended): void {
      given.push(one);
    }
  }
  const Mended = withMpegAudio(Own as unknown as HlsConfig["bufferController"]);
  const controller = new (Mended as unknown as typeof Own)();
  controller.onBufferAppending("hlsBufferAppending", data);
  return given;
}

test("parts of bare MPEG frames follow each other, wherever media with times begins", () => {
  expect(appended("audio/mpeg", { type: "audio", offset: -10 })).toEqual([{ type: "audio" }]);
});

test("all other media goes where its times say", () => {
  const sound = { type: "audio", offset: -10 };
  const picture = { type: "video", offset: -10 };
  expect(appended("audio/mp4", sound)).toEqual([sound]);
  expect(appended("audio/mpeg", picture)).toEqual([picture]);
});
