// mux.js comes without types: what `mux-captions.ts` takes of it, and nobody else.
declare module "mux.js/lib/m2ts/caption-stream.js" {
  type Cue = {
    readonly startPts: number;
    readonly endPts: number;
    readonly stream: string;
    /** CEA-608 … */
    readonly content?: readonly {
      readonly text: string;
      readonly line: number;
      readonly position: number;
    }[];
    /** … and CEA-708. */
    readonly text?: string;
  };
  class CaptionStream {
    on(event: "data", listener: (cue: Cue) => void): void;
    push(unit: { nalUnitType: string; escapedRBSP: Uint8Array; pts: number; dts: number }): void;
    flush(): void;
  }
  const streams: { CaptionStream: typeof CaptionStream };
  // biome-ignore lint/style/noDefaultExport: it is a CommonJS module
  export default streams;
}

declare module "mux.js/lib/m2ts/m2ts.js" {
  type Stream = {
    pipe(next: Stream): Stream;
    on(
      event: "data",
      listener: (unit: { nalUnitType: string; data: Uint8Array; pts: number; dts: number }) => void,
    ): void;
    push(bytes: Uint8Array): void;
    flush(): void;
  };
  const m2ts: {
    [name in
      | "TransportPacketStream"
      | "TransportParseStream"
      | "ElementaryStream"]: new () => Stream;
  };
  // biome-ignore lint/style/noDefaultExport: it is a CommonJS module
  export default m2ts;
}

declare module "mux.js/lib/codecs/h264.js" {
  import type m2ts from "mux.js/lib/m2ts/m2ts.js";

  const h264: { H264Stream: typeof m2ts.ElementaryStream };
  // biome-ignore lint/style/noDefaultExport: it is a CommonJS module
  export default h264;
}
