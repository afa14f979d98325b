import type { BufferAppendingData, Events, HlsConfig } from "hls.js";

type BufferController = NonNullable<HlsConfig["bufferController"]>;

/** What of hls.js's own buffer controller has to be known here: its types keep that private. */
type Appending = new (
  ...args: ConstructorParameters<BufferController>
) => {
  readonly tracks: { readonly audio?: { readonly container: string } };
  onBufferAppending(event: Events.BUFFER_APPENDING, data: BufferAppendingData): void;
};

/**
 * hls.js's buffer controller, mended for parts of MP3. Where a browser takes bare MPEG frames, these have
 * no times and go where `timestampOffset` says: hls.js says so for the first part that it loads of a
 * segment, and sends all others to where media begins that has times (1.7.4, `onBufferAppending`).
 */
export function withMpegAudio(Base: HlsConfig["bufferController"]): BufferController {
  return class extends (Base as unknown as Appending) {
    override onBufferAppending(event: Events.BUFFER_APPENDING, data: BufferAppendingData): void {
      const isBare = data.type === "audio" && this.tracks.audio?.container === "audio/mpeg";
      if (!isBare) {
        super.onBufferAppending(event, data);
        return;
      }
      const { offset: _, ...bare } = data; // one part follows the other
      super.onBufferAppending(event, bare as BufferAppendingData);
    }
  } as unknown as BufferController;
}
