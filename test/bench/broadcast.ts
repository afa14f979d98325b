import { ChunkEncoder } from "../../server/protocol/rtmp/chunk-encoder.ts";
import { MessageType } from "../../server/protocol/rtmp/message.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";

/** Pictures and sounds a second, and from one sync sample to the next. */
export const PICTURES_PER_SECOND = 30;
export const SOUNDS_PER_SECOND = 48_000 / 1024;
const GOP = 2 * PICTURES_PER_SECOND;

/** 6 Mb/s of pictures, and 128 kb/s of sound. */
export const PICTURE_BYTES = 25_000;
const SOUND_BYTES = 341;

/** AVCVIDEOPACKET with AVCDecoderConfigurationRecord: x264, constrained baseline, 1280×720. */
const VIDEO_HEADER = Buffer.from(
  "17000000000142c01fffe100176742c01fda014016ec0440000003004000000f23c60ca801000468ce0fc8",
  "hex",
);
/** AACAUDIODATA with AudioSpecificConfig: AAC-LC, 48 kHz, stereo. */
const AUDIO_HEADER = Buffer.from("af001190", "hex");

/** A message of the broadcast, as the bytes that carry it over RTMP. */
export type Outgoing = {
  readonly kind: "video" | "audio";
  /** Counts the pictures, or the sounds. */
  readonly index: number;
  readonly bytes: Uint8Array;
};

/**
 * A broadcast of noise under true headers: every picture has the same size and ends with its
 * number, every sound too, so that they are found again whatever they were wrapped in.
 */
export class Broadcast {
  readonly #publisher: TagPublisher;
  readonly #encoder = new ChunkEncoder();
  readonly #noise: Buffer;
  readonly #beforeWrite: (message: Outgoing) => void;
  #pictures = 0;
  #sounds = 0;
  #began = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    publisher: TagPublisher,
    pictureBytes: number,
    beforeWrite: (message: Outgoing) => void,
  ) {
    this.#publisher = publisher;
    this.#beforeWrite = beforeWrite;
    this.#noise = Buffer.alloc(pictureBytes);
    for (let at = 0, state = 1; at < pictureBytes; at += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      this.#noise[at] = (state >>> 24) | 1; // no zeros: they would end or begin a NAL unit
    }
  }

  /** @param options.beforeWrite is called with each message right before it is written */
  static async open(
    url: string,
    options: {
      pictureBytes?: number;
      beforeWrite?: (message: Outgoing) => void;
      chunkSize?: number;
      piecesPerRequest?: number;
    } = {},
  ): Promise<Broadcast> {
    const { pictureBytes = PICTURE_BYTES, beforeWrite = () => {} } = options;
    const { chunkSize = 4096, piecesPerRequest = 1 } = options;
    const publisher = await TagPublisher.open(url, { chunkSize, piecesPerRequest });
    const broadcast = new Broadcast(publisher, pictureBytes, beforeWrite);
    broadcast.#encoder.chunkSize = chunkSize; // as the publisher's session announced
    await publisher.write(broadcast.#encode("video", 0, VIDEO_HEADER));
    await publisher.write(broadcast.#encode("audio", 0, AUDIO_HEADER));
    return broadcast;
  }

  /** Goes on in real time, until `finish`. */
  play(): void {
    this.#began = performance.now() - this.#nextDue;
    const step = () => {
      // A broadcast that breaks ends the bench: nobody catches that.
      while (this.#began + this.#nextDue <= performance.now()) void this.#sendNext();
      this.#timer = setTimeout(step, this.#began + this.#nextDue - performance.now());
    };
    step();
  }

  /** Sends so many ms of media as fast as the server takes them. */
  async burst(time: number): Promise<void> {
    const end = this.#nextDue + time;
    while (this.#nextDue < end) await this.#sendNext();
  }

  async finish(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#publisher.finish();
  }

  /** When the next message is due, in ms from the first. */
  get #nextDue(): number {
    return Math.min(this.#pictureDue, this.#soundDue);
  }

  get #pictureDue(): number {
    return (this.#pictures * 1000) / PICTURES_PER_SECOND;
  }

  get #soundDue(): number {
    return (this.#sounds * 1000) / SOUNDS_PER_SECOND;
  }

  #sendNext(): Promise<void> {
    if (this.#pictureDue <= this.#soundDue) {
      const index = this.#pictures;
      const bytes = this.#encode("video", this.#pictureDue, this.#picture(index));
      this.#pictures += 1;
      return this.#send({ kind: "video", index, bytes });
    }
    const index = this.#sounds;
    const payload = Buffer.concat([Buffer.of(0xaf, 1), this.#noise.subarray(0, SOUND_BYTES)]);
    payload.writeUInt32BE(index, payload.length - 4);
    const bytes = this.#encode("audio", this.#soundDue, payload);
    this.#sounds += 1;
    return this.#send({ kind: "audio", index, bytes });
  }

  #send(message: Outgoing): Promise<void> {
    this.#beforeWrite(message);
    return this.#publisher.write(message.bytes);
  }

  /** AVCVIDEOPACKET: 5 bytes, then one slice behind its length; its number is at its end. */
  #picture(index: number): Buffer {
    const isSync = index % GOP === 0;
    const payload = Buffer.allocUnsafe(9 + this.#noise.length);
    payload.writeUInt32BE(isSync ? 0x17010000 : 0x27010000, 0);
    payload[4] = 0;
    payload.writeUInt32BE(this.#noise.length, 5);
    this.#noise.copy(payload, 9);
    payload[9] = isSync ? 0x65 : 0x41;
    payload.writeUInt32BE(index, payload.length - 4);
    return payload;
  }

  #encode(kind: "video" | "audio", time: number, payload: Uint8Array): Uint8Array {
    return this.#encoder.encodeChunks({
      chunkStreamId: kind === "video" ? 6 : 4,
      timestamp: Math.round(time),
      typeId: kind === "video" ? MessageType.Video : MessageType.Audio,
      messageStreamId: 1, // the first that a connection makes
      payload,
    });
  }
}

/** Opens a broadcast for as long as `use` goes on, whatever becomes of it. */
export async function withBroadcast<Result>(
  { url, beforeWrite = () => {} }: { url: string; beforeWrite?: (message: Outgoing) => void },
  use: (broadcast: Broadcast) => Promise<Result>,
): Promise<Result> {
  const broadcast = await Broadcast.open(url, { beforeWrite });
  try {
    return await use(broadcast);
  } finally {
    await broadcast.finish();
  }
}
