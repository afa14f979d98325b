import { hex } from "../../support/hex.ts";

/*
 * What FFmpeg 5.1.9 (Debian 12) wrote, with the encoders' names: configurations and beginnings of key
 * frames of testsrc2 at 322x182, 30 pictures a second, and of a sine.
 */

/** libx264 164, `-bf 2`: High, three pictures reordered at most. */
export const AVC_X264 = hex`01 64000d ff e1 001a
  6764000dacd941519e226c0440000003004000000f03c50a6580 01 0006 68ebe3cb22c0 fd f8 f8 00`;

/** libx264 164, `-profile:v baseline -tune zerolatency`. */
export const AVC_X264_BASELINE = hex`01 42c00d ff e1 0018
  6742c00dd901519e226c0440000003004000000f23c50a92 01 0005 68cb83cb20`;

/** libx264 164, 720x576 interlaced at 25, pixels 64:45, BT.601. */
export const AVC_X264_INTERLACED = hex`01 64001e ff e1 0021
  6764001eacd940b424dff80200016b50506054000003000400000300c87c50a658 01 0006 68fba3cb22c0
  fd f8 f8 00`;

/** The SPS of an IP camera's SDP: Baseline, picture order type 2, no VUI (640x480). */
export const AVC_SPS_WITHOUT_VUI = hex`67 42001e 95a8280f64`;

/** libx265 3.5+1, without the SEI array that follows in the file. */
export const HEVC_X265 = hex`01 01 60000000 900000000000 3c f000 fc fd f8 f8 0000 0f 04
  a0 0001 0018 40010c01ffff01600000030090000003000003003c959809
  a1 0001 002a 42010101600000030090000003000003003ca00a480b9c9596566924caf0168080000003008000000f04
  a2 0001 0007 4401c172b46240
  27 0001 0006 4e0105026162`;

/** libx265 3.5+1, 10 bits. */
export const HEVC_X265_MAIN10 = hex`01 02 20000000 900000000000 3c f000 fc fd fa fa 0000 0f 03
  a0 0001 0018 40010c01ffff02200000030090000003000003003c959809
  a1 0001 002f
  42010102200000030090000003000003003ca00a480b9c94d96566924caf016a12201208000003000800000300f040
  a2 0001 0007 4401c172b46240`;

/** libaom. */
export const AV1_LIBAOM = hex`81 00 0c 00 0a0b 000000043d06d4daf90040`;

/** libsvtav1: what is sent ahead … */
export const AV1_SVT = hex`81 00 0c 00 0a0b 000000043d06d402f80040`;

/** … and how its first key frame begins (the frame OBU is cut to 4 bytes here). */
export const AV1_SVT_KEY_FRAME = hex`0a0b 000000043d06d4fbf98040 3204 1a1400a1`;

/** libaom, 10 bits, BT.2020 and PQ. */
export const AV1_LIBAOM_PQ = hex`81 00 4c 00 0a0e 000000043d06d4daf95091009040`;

/**
 * A record of 720x1280 from the tests of ireader's avcodec (libflv): an SPS and a PPS, and what else
 * its encoder (unknown) made of them.
 */
export const VVC_RECORD = hex`ff 0011 1f 01 02 69 00 00 02d0 0500 0000 02
  8f 0001 002a
  0079000b0269000003001688014048802b49ff451918e00c42555aabd5eb33255a12e472d4565a323040
  90 0001 000c 008100000b4400a022241820`;

/** libvpx (VP8): how a key frame begins. */
export const VP8_LIBVPX_KEY_FRAME = hex`f067009d012a4201b60000070885858885848802`;

/** libvpx-vp9. */
export const VP9_LIBVPX = hex`01000000 00 0b 82 02 02 02 0000`;
export const VP9_LIBVPX_KEY_FRAME = hex`824983420014100b560638241c184a000b905fc9f7`;

/** FLAC encoder of FFmpeg, 8 kHz mono, blocks of 192: STREAMINFO and its first two frames. */
export const FLAC_STREAM_INFO = hex`
  00c0 00c0 000083 000088 01f400f0 00000300 344e79af64dbac6272eb33ca19f2f7eb`;
export const FLAC_FRAMES = [
  hex`
  fff81408002b4e0000056b0a320dc50fb60fcd0e050a94e5994bbbd8731f4e31128e7d21cc7ecd044ab56c84
  c351b194c58bd6ab29910844244ab1ff1748822048296f0c80c8650481084225b8cf3a422104214113e5fdf3
  91c6a422113658743c7238988c442723daab575420a0421092b3c71a88440580582d1c36df10904110494f66
  af15`,
  hex`
  fff81408012c4efa1df56cf1fcf033f049f23bf5cdfa94e59967bb7672d751190e6e7ea1ccbecd80441309cc
  7cefdfd84c340882299e2abf74732318cc6891695556cc864110d92fe7c3e2a42610842224f5dfbdb1908621
  31172aa96159c6863319932c3e16948e6c42198d4cf7bbf7d7110421089a57a5af2a330d03412e585555b732
  18cc08d0`,
] as const;

/** AC-3 encoder of FFmpeg: beginnings of frames of 384 and 1792 bytes; then E-AC-3, 1792 bytes. */
export const AC3_MONO = hex`0b77 480d 0c40 2f842bc1`;
export const AC3_SURROUND = hex`0b77 c4b7 1e40 ebf8403e`;
export const EAC3_SURROUND = hex`0b77 037f3f87c00020fc2108`;

/** libmp3lame: beginnings of frames of 192 bytes at 48 kHz and 104 bytes at 22.05 kHz. */
export const MP3_48000 = hex`fffb54c4 0000097053`;
export const MP3_22050 = hex`fff340c4 0013306284`;

/** libopus: the header of a mono stream (enhanced-rtmp's worked bytes). */
export const OPUS_HEAD = hex`4f70757348656164 01 01 3801 80bb0000 0000 00`;
