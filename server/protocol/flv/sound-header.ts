import type { PcmFormat } from "../codec/pcm.ts";
import type { DataValue } from "../media/sample.ts";

/** What onMetaData says of sound: a tag's header has a place for four sample rates only. */
export type SaidOfSound = {
  /** SoundFormat, where it is a number. */
  readonly codecId: number | undefined;
  /** Hz. */
  readonly sampleRate: number | undefined;
  readonly isStereo: boolean;
};

/** No metadata, or none of sound. */
export const NOTHING_SAID: SaidOfSound = {
  codecId: undefined,
  sampleRate: undefined,
  isStereo: false,
};

/** Picks what is said of sound, as far as it can be believed. */
export function readSaidOfSound(metadata: { readonly [name: string]: DataValue }): SaidOfSound {
  const { audiocodecid, audiosamplerate, stereo } = metadata;
  return {
    codecId: typeof audiocodecid === "number" ? audiocodecid : undefined,
    sampleRate:
      typeof audiosamplerate === "number" && RATES.has(audiosamplerate)
        ? audiosamplerate
        : undefined,
    isStereo: stereo === true,
  };
}

/**
 * How the sound of a classic audio tag is coded: linear PCM and G.711.
 *
 *     sound format u4, rate u2 (5.5, 11, 22, 44 kHz), 16 bit u1, stereo u1
 *
 * FFmpeg writes 0 into the header where it has no place for a rate (8 and 16 kHz), and for G.711 of
 * any rate with any number of channels: then its metadata tells. Without, G.711 has 8 kHz.
 *
 * @param first byte of the tag
 */
export function pcmFormatOf(first: number, said: SaidOfSound): PcmFormat {
  const soundFormat = first >> 4;
  const isMeant = said.codecId === undefined || said.codecId === soundFormat;
  const { sampleRate, isStereo } = isMeant ? said : NOTHING_SAID;
  const hasStereoFlag = (first & 1) === 1;
  if (soundFormat === A_LAW || soundFormat === MU_LAW) {
    return {
      coding: soundFormat === A_LAW ? "alaw" : "mulaw",
      sampleRate: sampleRate ?? 8_000,
      channels: hasStereoFlag || isStereo ? 2 : 1,
    };
  }
  const flagged = FLAGGED_RATES[(first >> 2) & 3] ?? 0;
  const hasNoFlag = sampleRate !== undefined && !FLAGGED_RATES.includes(sampleRate);
  return {
    // Format 0 is "in the byte order of the platform", which for anybody today is that of format 3.
    coding: (first & 2) === 0 ? "u8" : "s16le",
    sampleRate: hasNoFlag ? sampleRate : flagged,
    channels: hasStereoFlag ? 2 : 1,
  };
}

const A_LAW = 7;
const MU_LAW = 8;

/** SoundRate (Video File Format 10.1, §E.4.2.1), in whole Hz as FFmpeg has them. */
const FLAGGED_RATES: readonly number[] = [5_512, 11_025, 22_050, 44_100];

/** Rates that sound has: whatever else metadata says is a mistake. */
const RATES: ReadonlySet<number> = new Set([
  ...FLAGGED_RATES,
  8_000,
  12_000,
  16_000,
  24_000,
  32_000,
  48_000,
]);
