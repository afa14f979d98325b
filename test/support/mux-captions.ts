import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import h264 from "mux.js/lib/codecs/h264.js";
import captionStream from "mux.js/lib/m2ts/caption-stream.js";
import m2ts from "mux.js/lib/m2ts/m2ts.js";
import { removeEmulationPrevention } from "../../server/protocol/codec/nal-units.ts";

/** A SEI NAL unit of AVC with the time at which its picture is shown. */
export type TimedUnit = {
  readonly unit: Uint8Array;
  readonly at: number;
  readonly decodedAt: number;
};

/** A caption as mux.js reads it, when it is over. */
export type MuxCue = {
  readonly channel: string;
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
};

/** mux.js's reading of captions: the second opinion. Units in decode order, times in ms. */
export function muxCaptions(units: readonly TimedUnit[]): MuxCue[] {
  const cues: MuxCue[] = [];
  const stream = new captionStream.CaptionStream();
  stream.on("data", ({ startPts, endPts, stream: name, content, text }) => {
    const lines = content?.map((line) => line.text) ?? (text ?? "").split("\n");
    const seen = lines
      .map((line) => line.replace(/<[^>]*>/g, "").trim())
      .filter((line) => line !== "");
    const channel = name.replace("cc708_", "service").toLowerCase();
    if (seen.length > 0) cues.push({ channel, start: startPts, end: endPts, lines: seen });
  });
  for (const { unit, at, decodedAt } of units) {
    const escapedRBSP = removeEmulationPrevention(unit.subarray(1));
    stream.push({ nalUnitType: "sei_rbsp", escapedRBSP, pts: at, dts: decodedAt });
  }
  stream.flush();
  return cues;
}

/** SEI units of a transport stream that mux.js brings for its own tests: real captions. */
export function muxSample(name: string): TimedUnit[] {
  const path = createRequire(import.meta.url).resolve(`mux.js/test/segments/${name}`);
  const units: TimedUnit[] = [];
  const packets = new m2ts.TransportPacketStream();
  const stream = new h264.H264Stream();
  packets
    .pipe(new m2ts.TransportParseStream())
    .pipe(new m2ts.ElementaryStream())
    .pipe(stream)
    .on("data", ({ nalUnitType, data, pts, dts }) => {
      if (nalUnitType !== "sei_rbsp") return;
      units.push({ unit: Uint8Array.from(data), at: pts / 90, decodedAt: dts / 90 });
    });
  packets.push(readFileSync(path));
  packets.flush();
  return units;
}
