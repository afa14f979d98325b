/** A codec as people name it. */
export type CodecWords = {
  /** "H.264"; the codec string itself where it is not known. */
  readonly name: string;
  /** "High", "Main 10", "LC". */
  readonly profile?: string;
  /** "4.1" */
  readonly level?: string;
};

/** profile_idc of H.264 (ITU-T H.264 §A.2). */
const AVC_PROFILES: { readonly [idc: number]: string } = {
  44: "CAVLC 4:4:4 Intra",
  66: "Baseline",
  77: "Main",
  88: "Extended",
  100: "High",
  110: "High 10",
  122: "High 4:2:2",
  244: "High 4:4:4",
};

/** general_profile_idc of H.265 (ITU-T H.265 §A.3). */
const HEVC_PROFILES: { readonly [idc: number]: string } = {
  1: "Main",
  2: "Main 10",
  3: "Main Still Picture",
  4: "Range Extensions",
};

/** seq_profile of AV1 (§A.2), and the profiles of VP9. */
const AV1_PROFILES: { readonly [profile: number]: string } = {
  0: "Main",
  1: "High",
  2: "Professional",
};

/** Audio object types (ISO/IEC 14496-3 table 1.17). */
const AAC_PROFILES: { readonly [type: string]: string } = {
  1: "Main",
  2: "LC",
  5: "HE",
  29: "HE v2",
  42: "xHE",
};

const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^(mp3|mp4a\.(40\.34|6b|69)$)/i, "MP3"],
  [/^opus/i, "Opus"],
  [/^flac/i, "FLAC"],
  [/^ac-3/i, "AC-3"],
  [/^ec-3/i, "E-AC-3"],
  [/^vp08/i, "VP8"],
  [/^vvc1|^vvi1/i, "H.266"],
];

/** Takes a codec string apart (RFC 6381; ISO/IEC 14496-15 annex E; the bindings of AV1 and VP9). */
export function codecWords(codecString: string): CodecWords {
  const avc = /^avc[13]\.([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(codecString);
  if (avc !== null) {
    const [profile, constraints, level] = avc.slice(1).map((hex) => Number.parseInt(hex, 16));
    const isConstrained = profile === 66 && ((constraints ?? 0) & 0x40) !== 0;
    const name = AVC_PROFILES[profile ?? 0];
    return words("H.264", isConstrained ? "Constrained Baseline" : name, (level ?? 0) / 10);
  }
  const hevc = /^(?:hvc1|hev1)\.[A-C]?(\d+)\.[0-9a-f]+\.[LH](\d+)/i.exec(codecString);
  if (hevc !== null) return words("HEVC", HEVC_PROFILES[Number(hevc[1])], Number(hevc[2]) / 30);
  const av1 = /^av01\.(\d)\.(\d{2})/.exec(codecString);
  if (av1 !== null) {
    const level = Number(av1[2]);
    return words("AV1", AV1_PROFILES[Number(av1[1])], 2 + (level >> 2) + (level & 3) / 10);
  }
  const vp9 = /^vp09\.(\d{2})\.(\d{2})/.exec(codecString);
  if (vp9 !== null) return words("VP9", `Profile ${Number(vp9[1])}`, Number(vp9[2]) / 10);
  const other = OTHERS.find(([pattern]) => pattern.test(codecString))?.[1];
  if (other !== undefined) return { name: other };
  const aac = /^mp4a\.40\.(\d+)/.exec(codecString);
  if (aac !== null) return words("AAC", AAC_PROFILES[aac[1] ?? ""], 0);
  return { name: codecString };
}

const words = (name: string, profile: string | undefined, level: number): CodecWords => ({
  name,
  ...(profile !== undefined && { profile }),
  ...(level > 0 && { level: level.toFixed(1) }),
});
