import { SCHEMES } from "../support/rtmp-transport.ts";
import { ACCOUNTING, publishedIn, type Result, type Row, renderTable } from "./row.ts";

const ORDER: readonly string[] = SCHEMES;

/** `docs/protocols.md`: every variant of RTMP by every client that knows it, in and out. */
export function protocolsDocument(results: readonly Result[]): string {
  const of = (name: Row["table"]) => results.filter(({ table }) => table === name);
  const place = ({ variant = "" }: Row) => ORDER.indexOf(variant);
  const variants = (direction: Row["direction"]) =>
    renderTable(
      of("variants")
        .filter((result) => result.direction === direction)
        .sort((a, b) => place(a) - place(b)),
      [
        ["Variant", ({ variant }) => variant ?? ""],
        ["Client", ({ client }) => client],
        ["Port", ({ port }) => port ?? ""],
      ],
    );
  const outputs = renderTable(of("outputs"), [
    ["Address", ({ variant }) => variant ?? ""],
    ["Client", ({ client }) => client],
    ["Published", publishedIn],
  ]);
  const tracks = renderTable(of("tracks"), [
    ["Client", ({ client }) => client],
    ["Published", publishedIn],
  ]);
  return `# Protocols

Every way in and out, by every client at hand that knows it. These tables are written by
\`npm run test:matrix\` (\`test/matrix/\`), which runs every line with real clients for a minute or more;
nothing in them is written by hand. A run replaces the lines it ran; \`MATRIX_SECONDS\` shortens runs
while something is being tried, and then nothing is written.

${ACCOUNTING}

Whoever plays is accounted for in the same way: the broadcast is published plainly by ffmpeg, one player
waits for it and another joins in the middle of a GOP, and both write down what they get. Every frame
between the first and the last they received is there, in order, with its payload and its distance in
time; a player who waited has the very first, and every player the last.

*Port* is the one the client was pointed at. The RTMP port takes every variant; RTMPS has a port of its
own, too, and the tunnel is on the HTTP and HTTPS ports.

## Publish

H.264 with B-frames and AAC. Each client publishes, leaves, and comes back.

${variants("publish")}

## Play

${variants("play")}

## Endless outputs

${outputs}

## Several tracks

Enhanced RTMP's multitrack messages in each layout (one track a message, many of one codec, many of many
codecs). A viewer who takes every track is accounted for on each of them.

${tracks}

## What is not in these tables, and why

- Debian's ffmpeg 5.1 is built without RTMPE and RTMPTE. FFmpeg 8.1 cannot do RTMPTS (it posts to an
  http address over its https connection), and rtmpdump ends with a fault there: RTMPTS is ffmpeg 5.1's
  and the test's own client's.
- GStreamer's rtmp2 elements know RTMP and RTMPS, OBS and VLC publish over nothing else, and VLC plays
  RTMP and HTTP.
- librtmp (curl, rtmpdump, GStreamer's rtmpsink and rtmpsrc) ends after a TLS 1.3 handshake: the RTMPS
  port offers TLS 1.2 at most, if \`--rtmps-tls-max\` does not say otherwise.

## What was not seen with OBS itself

Debian 12 has OBS Studio 29.0, which speaks classic RTMP only. What later ones send is tested with
streams that are constructed from its sources' layouts, and marked so wherever they are used:

- **Enhanced RTMP** (OBS 29.1: HEVC and AV1 by FourCC) was seen from FFmpeg 8.1, which writes the same
  headers.
- **Multitrack video and audio** (OBS 30.2): classic headers for the first track and one track a message
  for the others. FFmpeg 8.1 writes that, and a row above constructs it for H.264 and AAC. The other two
  layouts are written by nobody at hand.
- **Broadcast performance metrics** (OBS 31): SEI messages in H.264 and HEVC, metadata OBUs in AV1.
- **HDR metadata** (OBS 30.1) ahead of the sequence header.

Nothing at hand encodes **H.266**: its configuration record, codec string and boxes are tested with
vectors, and no frame of it went through a server here.
`;
}
