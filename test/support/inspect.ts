import inspector from "mux.js/lib/tools/mp4-inspector.js";

/** A box as mux.js reads it: its fields by mux.js's names, and the boxes in it. */
export type InspectedBox = {
  readonly type: string;
  readonly size: number;
  readonly boxes?: readonly InspectedBox[];
  readonly [field: string]: unknown;
};

/** Of a sample in `trun`: what is not there stands in `tfhd`. */
export type InspectedSample = {
  readonly duration?: number;
  readonly size?: number;
  readonly compositionTimeOffset?: number;
  readonly flags?: InspectedSampleFlags;
};

export type InspectedSampleFlags = {
  readonly dependsOn: number;
  readonly isDependedOn: number;
  readonly isNonSyncSample: number;
};

/** An init segment with one track, by mux.js. */
export type InspectedInitSegment = {
  readonly brands: readonly string[];
  readonly hasMovieExtendsHeader: boolean;
  readonly durations: readonly number[];
  readonly trackId: number;
  readonly extendsTrackId: number;
  readonly timescale: number;
  readonly language: string;
  readonly handler: string;
  readonly width: number;
  readonly height: number;
  readonly sampleCounts: readonly number[];
  /** The sample entry; of `avc1` its children in `config`, of `mp4a` esds in `streamDescriptor`. */
  readonly sampleEntry: InspectedBox;
};

/** `moof` with one track and `mdat`, by mux.js. */
export type InspectedFragment = {
  readonly types: readonly string[];
  readonly sequenceNumber: number;
  readonly trackId: number;
  readonly baseDataOffsetIsMoof: boolean;
  readonly baseMediaDecodeTime: number;
  readonly dataOffset: number;
  readonly defaults: {
    readonly duration?: number;
    readonly size?: number;
    readonly flags?: number;
  };
  readonly samples: readonly InspectedSample[];
  /** Bytes behind the header of `mdat`. */
  readonly dataLength: number;
};

/**
 * The one door to mux.js in the tests: a second opinion on bytes that we write. It checks nothing;
 * the test compares.
 */
export const inspectBoxes = (bytes: Uint8Array): readonly InspectedBox[] =>
  // mux.js makes views of `data.buffer` in places: it must begin where the bytes do.
  inspector.inspect(new Uint8Array(bytes)) as InspectedBox[];

/** Reads an init segment with one track. */
export function inspectInitSegment(bytes: Uint8Array): InspectedInitSegment {
  const boxes = inspectBoxes(bytes);
  const at = (path: string): InspectedBox => findBox(boxes, path);
  const table = "moov/trak/mdia/minf/stbl";
  const [sampleEntry] = at(`${table}/stsd`).sampleDescriptions as InspectedBox[];
  if (sampleEntry === undefined) throw new Error("stsd is empty");
  return {
    brands: at("ftyp").compatibleBrands as string[],
    hasMovieExtendsHeader: at("moov/mvex").boxes?.some(({ type }) => type === "mehd") ?? false,
    durations: ["moov/mvhd", "moov/trak/tkhd", "moov/trak/mdia/mdhd"].map(
      (path) => at(path).duration as number,
    ),
    trackId: at("moov/trak/tkhd").trackId as number,
    extendsTrackId: at("moov/mvex/trex").trackId as number,
    timescale: at("moov/trak/mdia/mdhd").timescale as number,
    language: at("moov/trak/mdia/mdhd").language as string,
    handler: at("moov/trak/mdia/hdlr").handlerType as string,
    width: at("moov/trak/tkhd").width as number,
    height: at("moov/trak/tkhd").height as number,
    sampleCounts: [
      (at(`${table}/stts`).timeToSamples as unknown[]).length,
      (at(`${table}/stsc`).sampleToChunks as unknown[]).length,
      (at(`${table}/stsz`).entries as unknown[]).length,
      (at(`${table}/stco`).chunkOffsets as unknown[]).length,
    ],
    sampleEntry,
  };
}

/** Reads `moof` and `mdat`. */
export function inspectFragment(bytes: Uint8Array): InspectedFragment {
  const boxes = inspectBoxes(bytes);
  const tfhd = findBox(boxes, "moof/traf/tfhd") as InspectedBox & {
    trackId: number;
    flags: Uint8Array;
    defaultSampleDuration?: number;
    defaultSampleSize?: number;
    defaultSampleFlags?: number;
  };
  const trun = findBox(boxes, "moof/traf/trun");
  return {
    types: boxes.map(({ type }) => type),
    sequenceNumber: findBox(boxes, "moof/mfhd").sequenceNumber as number,
    trackId: tfhd.trackId,
    // mux.js looks for this flag in the wrong byte.
    baseDataOffsetIsMoof: ((tfhd.flags[0] ?? 0) & 2) !== 0,
    baseMediaDecodeTime: Number(findBox(boxes, "moof/traf/tfdt").baseMediaDecodeTime),
    dataOffset: trun.dataOffset as number,
    defaults: {
      ...(tfhd.defaultSampleDuration !== undefined && { duration: tfhd.defaultSampleDuration }),
      ...(tfhd.defaultSampleSize !== undefined && { size: tfhd.defaultSampleSize }),
      ...(tfhd.defaultSampleFlags !== undefined && { flags: tfhd.defaultSampleFlags }),
    },
    samples: trun.samples as InspectedSample[],
    dataLength: findBox(boxes, "mdat").byteLength as number,
  };
}

/** The box at a path of types, `moov/trak/tkhd`; throws where there is none. */
export function findBox(boxes: readonly InspectedBox[], path: string): InspectedBox {
  const [type, ...rest] = path.split("/");
  const box = boxes.find((candidate) => candidate.type === type);
  if (box === undefined) throw new Error(`There is no box ${path}`);
  return rest.length === 0 ? box : findBox(box.boxes ?? [], rest.join("/"));
}
