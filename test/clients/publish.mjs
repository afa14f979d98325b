#!/usr/bin/env node
/**
 * Publishes files by FFmpeg 8 (libavformat through node-av), without touching their packets.
 *
 *     node publish.mjs --input FILE [--input MORE …] --output rtmp://… [--beside FILE.flv]
 *                      [--loops N] [--seconds S] [--start-ms MS] [--rate X] [--codecs hvc1,av01]
 *
 * --input     with more than one, each adds its streams (of several of a kind FFmpeg makes a
 *             multitrack broadcast)
 * --beside    the tee muxer writes the same packets there, as FLV
 * --loops     how often the inputs are played; 0: until told to stop; default 1
 * --seconds   stops after so much media
 * --start-ms  the first timestamp, so that a run can begin just before a boundary
 * --rate      1 is real time (the default), 0 as fast as the server takes it
 * --codecs    what connect's fourCcList names (FFmpeg's rtmp_enhanced_codecs)
 *
 * SIGTERM stops as an encoder stops: with trailer and deleteStream. It prints `publishing` when
 * the header is out and `done` at the end, a line each; a failure exits with 1.
 */
import { parseArgs } from "node:util";
import { AV_NOPTS_VALUE } from "node-av/constants";
import { FFmpegError, FormatContext, Packet } from "node-av/lib";

const { values } = parseArgs({
  options: {
    input: { type: "string", multiple: true },
    output: { type: "string" },
    beside: { type: "string" },
    loops: { type: "string", default: "1" },
    seconds: { type: "string", default: "0" },
    "start-ms": { type: "string", default: "0" },
    rate: { type: "string", default: "1" },
    codecs: { type: "string" },
  },
});
if (values.input === undefined || values.output === undefined) {
  process.stderr.write("Cannot publish without --input and --output\n");
  process.exit(2);
}

/** Everything below counts in microseconds. */
const MICROSECONDS = { num: 1, den: 1_000_000 };

let stopping = false;
process.once("SIGTERM", () => {
  stopping = true;
});

/** @returns all streams and packets of a file; packets with times in microseconds */
async function load(path) {
  const context = new FormatContext();
  FFmpegError.throwIfError(await context.openInput(path), `open ${path}`);
  FFmpegError.throwIfError(await context.findStreamInfo(null), `read ${path}`);
  const streams = context.streams.filter(({ codecpar }) => codecpar.codecId !== 0);
  const packets = [];
  const packet = new Packet();
  packet.alloc();
  while ((await context.readFrame(packet)) >= 0) {
    const stream = streams.find(({ index }) => index === packet.streamIndex);
    const copy = stream === undefined ? null : packet.clone();
    packet.unref();
    if (stream === undefined || copy === null) continue;
    copy.rescaleTs(stream.timeBase, MICROSECONDS);
    if (copy.dts === AV_NOPTS_VALUE) copy.dts = copy.pts;
    packets.push({ stream, packet: copy });
  }
  return { context, streams, packets };
}

/** Waits for a moment, in short steps, so that a stop is heard. */
async function waitUntil(moment) {
  for (let left = moment - performance.now(); left > 0 && !stopping; ) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, 50)));
    left = moment - performance.now();
  }
}

const inputs = await Promise.all(values.input.map(load));
const packets = inputs
  .flatMap((input) => input.packets)
  .sort((a, b) => (a.packet.dts < b.packet.dts ? -1 : a.packet.dts > b.packet.dts ? 1 : 0));
const first = packets[0].packet.dts;
let end = first;
for (const { packet } of packets) {
  const ends = packet.dts + packet.duration;
  if (ends > end) end = ends; // BigInt: Math.max does not take it
}

const slaveOptions = ["f=flv", "flvflags=no_duration_filesize"];
const rtmpOptions = [...slaveOptions];
if (values.codecs !== undefined) {
  // Two levels of escaping: the option list of the tee muxer, then its own option's list.
  rtmpOptions.push(`rtmp_enhanced_codecs=${values.codecs.replaceAll(",", "\\,")}`);
}
const slaves = [`[${rtmpOptions.join(":")}]${values.output}`];
if (values.beside !== undefined) slaves.push(`[${slaveOptions.join(":")}]${values.beside}`);
const target = slaves.join("|");
const output = new FormatContext();
FFmpegError.throwIfError(output.allocOutputContext2(null, "tee", target), "allocate the output");

const outputIndex = new Map();
for (const { streams } of inputs) {
  for (const stream of streams) {
    const made = output.newStream(null);
    FFmpegError.throwIfError(stream.codecpar.copy(made.codecpar), "copy codec parameters");
    made.codecpar.codecTag = 0;
    made.timeBase = MICROSECONDS;
    if (stream.avgFrameRate.den !== 0) made.avgFrameRate = stream.avgFrameRate;
    outputIndex.set(stream, made);
  }
}
FFmpegError.throwIfError(await output.writeHeader(null), "write the header");
process.stdout.write("publishing\n");

const start = BigInt(values["start-ms"]) * 1000n - first;
const loops = Number(values.loops);
const rate = Number(values.rate);
const lastMoment = BigInt(Math.round(Number(values.seconds) * 1e6));
const began = performance.now();
play: for (let loop = 0; !stopping && (loops === 0 || loop < loops); loop += 1) {
  const shift = start + BigInt(loop) * (end - first);
  for (const { stream, packet } of packets) {
    if (stopping) break play;
    const elapsed = packet.dts - first + BigInt(loop) * (end - first);
    if (lastMoment > 0n && elapsed >= lastMoment) break play;
    if (rate > 0) await waitUntil(began + Number(elapsed) / 1000 / rate);
    const copy = packet.clone();
    if (copy === null) throw new Error("Cannot copy a packet");
    const made = outputIndex.get(stream);
    copy.streamIndex = made.index;
    copy.dts += shift;
    copy.pts += shift;
    copy.rescaleTs(MICROSECONDS, made.timeBase);
    FFmpegError.throwIfError(await output.interleavedWriteFrame(copy), "write a packet");
    copy.free();
  }
}
FFmpegError.throwIfError(await output.writeTrailer(), "write the trailer");
process.stdout.write("done\n");
process.exit(0);
