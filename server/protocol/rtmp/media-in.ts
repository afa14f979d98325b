import { amf0Part } from "./command.ts";
import { type Message, MessageType, splitAggregate } from "./message.ts";
import type { MessageStreams } from "./message-streams.ts";
import type { SessionOutput } from "./session-output.ts";

/** Sound, pictures and data of a publisher, unopened (RTMP 1.0 §7.1): which broadcast they are of. */
export class MediaIn {
  readonly #streams: MessageStreams;
  readonly #output: SessionOutput;

  constructor(streams: MessageStreams, output: SessionOutput) {
    this.#streams = streams;
    this.#output = output;
  }

  /**
   * Gives out what a message of type 8, 9, 15, 18 or 22 carries.
   *
   * @param onPart called with each message of an aggregate, before it is given out
   * @throws ProtocolError as `splitAggregate` does
   */
  take(message: Message, onPart: (part: Message) => void): void {
    if (message.typeId !== MessageType.Aggregate || !this.#isPublished(message)) {
      this.#takeOne(message);
      return;
    }
    for (const part of splitAggregate(message)) {
      onPart(part);
      this.#takeOne(part);
    }
  }

  #isPublished({ messageStreamId }: Message): boolean {
    return this.#streams.publishing(messageStreamId) !== undefined;
  }

  #takeOne(message: Message): void {
    const { typeId, timestamp, payload } = message;
    const messageStreamId = this.#streams.publishing(message.messageStreamId);
    if (messageStreamId === undefined) {
      const text = `Messages of type ${typeId} came while nothing was being published: dropped`;
      this.#output.note("debug", "RTMP_NOT_PUBLISHING", String(typeId), text);
      return;
    }
    if (messageStreamId !== message.messageStreamId) {
      const text = `Media came on message stream ${message.messageStreamId}, published is ${messageStreamId}: taken for it`;
      this.#output.note("info", "RTMP_MEDIA_STREAM", "", text);
    }
    switch (typeId) {
      case MessageType.Audio:
      case MessageType.Video: {
        const kind = typeId === MessageType.Audio ? "audio" : "video";
        this.#output.push({ type: "media", kind, messageStreamId, timestamp, payload });
        return;
      }
      case MessageType.DataAmf0:
      case MessageType.DataAmf3: {
        const encoding = typeId === MessageType.DataAmf0 ? "amf0" : "amf3";
        const values = amf0Part(message);
        this.#output.push({
          ...{ type: "media", kind: "data", encoding, messageStreamId, timestamp },
          payload: values,
        });
        return;
      }
      default:
        this.#output.note(
          "debug",
          "RTMP_MESSAGE_TYPE",
          String(typeId),
          `Message type ${typeId} in an aggregate is not known here`,
        );
        return;
    }
  }
}
