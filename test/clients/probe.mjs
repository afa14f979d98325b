#!/usr/bin/env node
/**
 * Lists the packets of a file as FFmpeg 8 (libavformat through node-av) reads them: what
 * `ffprobe -show_packets -show_data_hash MD5` prints, for Enhanced FLV, which Debian's ffprobe does
 * not read.
 *
 *     node probe.mjs FILE|URL [FOURCC,FOURCC…]
 *
 * A URL is played to its end; the codecs are those that connect names (rtmp_enhanced_codecs).
 *
 * Prints one JSON object: `streams` with index, type, codec; `packets` in the order of the file with
 * stream, dts, pts (ms), size, key, hash (MD5 of the payload).
 */
import { createHash } from "node:crypto";
import { AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_VIDEO } from "node-av/constants";
import { avGetCodecName, Dictionary, FFmpegError, FormatContext, Packet } from "node-av/lib";

const [, , path = "", codecs] = process.argv;
const options =
  codecs === undefined ? null : Dictionary.fromObject({ rtmp_enhanced_codecs: codecs });
const context = new FormatContext();
FFmpegError.throwIfError(await context.openInput(path, null, options), `open ${path}`);
FFmpegError.throwIfError(await context.findStreamInfo(null), `read ${path}`);
const types = new Map([
  [AVMEDIA_TYPE_VIDEO, "video"],
  [AVMEDIA_TYPE_AUDIO, "audio"],
]);
const packets = [];
const packet = new Packet();
packet.alloc();
while ((await context.readFrame(packet)) >= 0) {
  const data = packet.data ?? Buffer.alloc(0);
  const { num, den } = context.streams[packet.streamIndex].timeBase;
  packets.push({
    stream: packet.streamIndex,
    dts: (Number(packet.dts) * num * 1000) / den,
    pts: (Number(packet.pts) * num * 1000) / den,
    size: data.length,
    key: packet.isKeyframe,
    hash: createHash("md5").update(data).digest("hex"),
  });
  packet.unref();
}
const streams = context.streams.map(({ index, codecpar }) => ({
  index,
  type: types.get(codecpar.codecType) ?? "other",
  codec: avGetCodecName(codecpar.codecId),
}));
process.stdout.write(JSON.stringify({ streams, packets }));
