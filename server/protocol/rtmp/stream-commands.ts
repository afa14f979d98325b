import { encodeAmf0 } from "../amf0/encode.ts";
import { type Amf0Value, membersOf } from "../amf0/value.ts";
import type { OwnBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { answer, type Command, information, onStatus, STATUS_CHUNK_STREAM } from "./command.ts";
import {
  type Message,
  MessageType,
  setChunkSize,
  UserControlEvent,
  userControl,
} from "./message.ts";
import { MessageStreams } from "./message-streams.ts";
import type { ConnectRequest } from "./net-connection.ts";
import {
  type EndReason,
  type NetStreamEffect,
  type NetStreamInput,
  onInput,
  type PublishType,
} from "./net-stream.ts";
import type { SessionOutput } from "./session-output.ts";
import { resolveStreamName, type StreamName } from "./stream-name.ts";

/** Flash players may read pixels and sound of what they play (§7.1.6 knows it not; all servers send it). */
const SAMPLE_ACCESS = encodeAmf0("|RtmpSampleAccess", true, true);

/** Flash Media Server says so at the end of what it plays. */
const PLAY_COMPLETE = encodeAmf0(
  "onPlayStatus",
  information("status", "NetStream.Play.Complete", "The broadcast has ended"),
);

/** The server's own words among what is played, on a chunk stream beside it. */
const dataMessage = (messageStreamId: number, payload: OwnBytes): Message => ({
  ...{ chunkStreamId: STATUS_CHUNK_STREAM, timestamp: 0, messageStreamId, payload },
  typeId: MessageType.DataAmf0,
});

/** What ends a connection from our side, once what was said is on its way. */
export type OnClose = (effect: { readonly type: "close-after-flush" }) => void;

/** Commands about the message streams of one connection (RTMP 1.0 §7.2.2), and what they do. */
export class StreamCommands {
  readonly #streams: MessageStreams;
  readonly #output: SessionOutput;
  readonly #playChunkSize: number;
  readonly #onClose: OnClose;

  constructor(
    streams: MessageStreams,
    output: SessionOutput,
    { playChunkSize, onClose }: { playChunkSize: number; onClose: OnClose },
  ) {
    this.#streams = streams;
    this.#output = output;
    this.#playChunkSize = playChunkSize;
    this.#onClose = onClose;
  }

  /** @returns whether this was a command about streams */
  take(command: Command, messageStreamId: number, connect: ConnectRequest): boolean {
    const { name, transactionId, parameters } = command;
    switch (name) {
      case "createStream":
        this.#createStream(command);
        return true;
      case "publish":
        this.#publish(parameters, messageStreamId, connect);
        return true;
      case "play":
        this.#play(parameters, messageStreamId, connect);
        return true;
      case "play2":
        this.#play2(parameters, messageStreamId, connect);
        return true;
      case "pause":
      case "pauseRaw":
        this.input(messageStreamId, { type: "pause", isPaused: parameters[0] !== false });
        return true;
      case "seek":
        this.input(messageStreamId, { type: "seek" });
        return true;
      case "receiveAudio":
      case "receiveVideo": {
        const kind = name === "receiveAudio" ? "audio" : "video";
        const isWanted = parameters[0] !== false;
        this.input(messageStreamId, { type: "receive", kind, isWanted });
        return true;
      }
      case "closeStream":
        this.end(this.#streams.meant(messageStreamId), "closeStream");
        return true;
      case "deleteStream":
        this.#deleteStream(parameters[0], messageStreamId);
        return true;
      // Not in §7.2, yet librtmp (OBS), FFmpeg and FMLE send them around createStream and publish.
      case "releaseStream":
        this.#output.result(transactionId, undefined);
        return true;
      case "FCPublish":
        // Some wait for this one, and some of them for their own transaction id in it.
        this.#output.notify("onFCPublish", transactionId, "NetStream.Publish.Start", parameters[0]);
        this.#output.result(transactionId, undefined);
        return true;
      case "FCUnpublish":
        this.#output.notify("onFCUnpublish", 0, "NetStream.Unpublish.Success", parameters[0]);
        this.#output.result(transactionId, undefined);
        this.end(this.#published(this.#streams.meant(0, parameters[0])), "FCUnpublish");
        return true;
      // librtmp with --subscribe waits for this one before it plays.
      case "FCSubscribe":
        this.#output.notify("onFCSubscribe", 0, "NetStream.Play.Start", parameters[0]);
        this.#output.result(transactionId, undefined);
        return true;
      case "FCUnsubscribe":
        this.#output.result(transactionId, undefined);
        return true;
      case "getStreamLength":
        this.#output.result(transactionId, 0);
        return true;
      default:
        return false;
    }
  }

  /** What the streams are used for is over. */
  end(ids: readonly number[], reason: EndReason): void {
    for (const id of ids) this.input(id, { type: "end", reason });
  }

  /** Takes one stream a step further. */
  input(messageStreamId: number, input: NetStreamInput): void {
    const { stream, effects } = onInput(this.#streams.get(messageStreamId), input);
    this.#streams.set(messageStreamId, stream);
    for (const effect of effects) this.#perform(messageStreamId, effect);
  }

  #perform(messageStreamId: number, effect: NetStreamEffect): void {
    const output = this.#output;
    switch (effect.type) {
      case "ask": {
        const { streamPath, query, publishType } = effect.publication;
        output.push({ type: "publish", messageStreamId, streamPath, query, publishType });
        return;
      }
      case "ask-to-play": {
        const { streamPath, query } = effect.playback;
        output.push({ type: "play", messageStreamId, streamPath, query });
        return;
      }
      case "begin":
        output.send(userControl(UserControlEvent.StreamBegin, messageStreamId));
        return;
      case "end-of-stream":
        // GStreamer's rtmp2src loses the last message before StreamEOF: it is to lose this one.
        output.send(dataMessage(messageStreamId, PLAY_COMPLETE));
        output.send(userControl(UserControlEvent.StreamEof, messageStreamId));
        return;
      case "play-chunk-size":
        if (output.chunkSize === this.#playChunkSize) return;
        output.send(setChunkSize(this.#playChunkSize));
        output.chunkSize = this.#playChunkSize;
        return;
      case "sample-access":
        output.send(dataMessage(messageStreamId, SAMPLE_ACCESS));
        return;
      case "status":
        output.send(onStatus(messageStreamId, effect.level, effect.code, effect.description));
        return;
      case "unpublish":
      case "stop-playing":
        output.push({ ...effect, messageStreamId });
        return;
      case "pause":
      case "resume":
        output.push({ type: effect.type, messageStreamId });
        return;
      case "receive":
        output.push({ ...effect, messageStreamId });
        return;
      case "close-after-flush":
        this.#onClose(effect);
        return;
      case "close-if-unused":
        if (this.#streams.active.length === 0) this.#onClose({ type: "close-after-flush" });
        return;
    }
  }

  #createStream(command: Command): void {
    const id = this.#streams.create();
    if (id === undefined) {
      const text = `This connection has ${LIMITS.messageStreams} message streams already`;
      this.#output.fail(command, text);
      return;
    }
    this.#output.send(answer("_result", command.transactionId, null, id));
  }

  #publish(
    [name, type]: readonly Amf0Value[],
    messageStreamId: number,
    connect: ConnectRequest,
  ): void {
    if (name === false) {
      this.end(this.#published(this.#streams.meant(messageStreamId)), "publish-false");
      return;
    }
    if (!MessageStreams.isId(messageStreamId)) {
      const text = `Cannot publish on message stream ${messageStreamId}: create a stream first`;
      this.#refuse(messageStreamId, "NetStream.Publish.Rejected", text);
      this.#onClose({ type: "close-after-flush" });
      return;
    }
    const stream = this.#streams.get(messageStreamId);
    // Where it is in use the name is of no interest: this one is refused.
    const streamName =
      stream.name === "idle"
        ? this.#resolve(name, messageStreamId, connect, "NetStream.Publish.BadName")
        : { streamPath: "", query: {} };
    if (streamName === undefined) {
      this.#onClose({ type: "close-after-flush" });
      return;
    }
    const publishName = typeof name === "string" ? name : "";
    const publishType: PublishType = type === "record" || type === "append" ? type : "live";
    const publication = { ...streamName, publishName, publishType };
    this.input(messageStreamId, { type: "publish", publication });
  }

  /** play (§7.2.2.1): name, start, duration, reset. Whatever the start is, what is live is played. */
  #play(
    [name, , , reset]: readonly Amf0Value[],
    messageStreamId: number,
    connect: ConnectRequest,
  ): void {
    if (name === false) {
      this.end(this.#played(this.#streams.meant(messageStreamId)), "play-false");
      return;
    }
    const isReset = reset !== false && reset !== 0;
    this.#askToPlay(name, messageStreamId, connect, { isReset, isTransition: false });
  }

  /** play2 (§7.2.2.2): an object that names the stream to change over to. */
  #play2([options]: readonly Amf0Value[], messageStreamId: number, connect: ConnectRequest): void {
    const { streamName: name } = membersOf(options) ?? {};
    const stream = this.#streams.get(messageStreamId);
    const isTransition = stream.name === "playing";
    this.#askToPlay(name, messageStreamId, connect, { isReset: !isTransition, isTransition });
  }

  #askToPlay(
    name: Amf0Value,
    messageStreamId: number,
    connect: ConnectRequest,
    how: { isReset: boolean; isTransition: boolean },
  ): void {
    if (!MessageStreams.isId(messageStreamId)) {
      const text = `Cannot play on message stream ${messageStreamId}: create a stream first`;
      this.#refuse(messageStreamId, "NetStream.Play.Failed", text);
      this.#closeIfUnused();
      return;
    }
    const streamName = this.#resolve(
      name,
      messageStreamId,
      connect,
      "NetStream.Play.StreamNotFound",
    );
    if (streamName === undefined) {
      this.#closeIfUnused();
      return;
    }
    const playName = typeof name === "string" ? name : "";
    this.input(messageStreamId, { type: "play", playback: { ...streamName, playName, ...how } });
  }

  /** @returns undefined where nothing can have this name; the client has been told so */
  #resolve(
    name: Amf0Value,
    messageStreamId: number,
    { app, tcUrl }: ConnectRequest,
    refusal: string,
  ): StreamName | undefined {
    try {
      return resolveStreamName({ app, tcUrl, name: typeof name === "string" ? name : "" });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const { code, message } = error;
      this.#refuse(messageStreamId, refusal, message);
      this.#output.push({ type: "log", level: "warn", code, message });
      return undefined;
    }
  }

  #refuse(messageStreamId: number, code: string, description: string): void {
    this.#output.send(onStatus(messageStreamId, "error", code, description));
  }

  #closeIfUnused(): void {
    if (this.#streams.active.length === 0) this.#onClose({ type: "close-after-flush" });
  }

  #deleteStream(id: Amf0Value, messageStreamId: number): void {
    // GStreamer names the stream instead of giving its number.
    const ids = typeof id === "number" ? [id] : this.#streams.meant(messageStreamId, id);
    this.end(ids, "deleteStream");
    for (const each of ids) this.#streams.delete(each);
  }

  #published(ids: readonly number[]): number[] {
    return ids.filter((id) => ["asking", "publishing"].includes(this.#streams.get(id).name));
  }

  #played(ids: readonly number[]): number[] {
    return ids.filter((id) => ["asking-to-play", "playing"].includes(this.#streams.get(id).name));
  }
}
