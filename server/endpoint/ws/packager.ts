import type { LiveSample } from "../../live/live-sample.ts";
import type { LiveTrack } from "../../live/live-track.ts";
import type { ServerMessage } from "../../protocol/wire/control.ts";
import {
  encodeFrameHeader,
  FRAME_HEADER_LENGTH,
  FrameFlag,
  FrameType,
} from "../../protocol/wire/frame.ts";
import { BINARY_MESSAGE, beginMessage, TEXT_MESSAGE } from "../entry/websocket-message.ts";

/**
 * Wraps samples as one WebSocket message, its WebSocket header included. Frames from a server are
 * not masked, so these bytes are the same for every viewer: they are made once, and sending one is
 * one write.
 */
export function packMessage(samples: readonly LiveSample[]): Buffer {
  let length = 0;
  for (const sample of samples) {
    length += FRAME_HEADER_LENGTH + sample.fragmentHead.length + sample.data.length;
  }
  const message = beginMessage(BINARY_MESSAGE, length);
  let offset = message.length - length;
  for (const sample of samples) {
    const head = sample.fragmentHead;
    const header = encodeFrameHeader(
      {
        type: FrameType.Fragment,
        flags:
          (sample.isSync ? FrameFlag.Sync : 0) |
          (sample.isDiscontinuity ? FrameFlag.Discontinuity : 0),
        trackId: sample.track.id,
        sequenceNumber: sample.sequenceNumber,
        dts: sample.dts,
        compositionOffset: sample.compositionOffset,
        duration: sample.duration,
        serverTime: sample.serverTime,
        dataOffset: head.length,
      },
      head.length + sample.data.length,
    );
    for (const piece of [header, head, sample.data]) {
      message.set(piece, offset);
      offset += piece.length;
    }
  }
  return message;
}

/** Wraps a track's init segment as one WebSocket message. */
export function packInitSegment(track: LiveTrack, serverTime: number): Buffer {
  const { initSegment } = track;
  const length = FRAME_HEADER_LENGTH + initSegment.length;
  const message = beginMessage(BINARY_MESSAGE, length);
  const header = encodeFrameHeader(
    {
      type: FrameType.InitSegment,
      flags: 0,
      trackId: track.id,
      sequenceNumber: track.configuration,
      dts: 0,
      compositionOffset: 0,
      duration: 0,
      serverTime,
      dataOffset: 0,
    },
    initSegment.length,
  );
  message.set(header, message.length - length);
  message.set(initSegment, message.length - initSegment.length);
  return message;
}

/** Wraps a control message as one WebSocket text message. */
export function packText(control: ServerMessage): Buffer {
  const text = Buffer.from(JSON.stringify(control));
  const message = beginMessage(TEXT_MESSAGE, text.length);
  message.set(text, message.length - text.length);
  return message;
}
