import type { ServerMessage, StreamState } from "../../server/protocol/wire/control.ts";
import type { TimedEvent } from "../control/event-schedule.ts";
import { type PlayerTimeline, timelineOf } from "../control/timeline.ts";
import { pageStorage, WayMemory } from "../control/way-memory.ts";
import { mediaSourceClass, playsNativeHls } from "../engine/platform.ts";
import type {
  HlsStart,
  Playback,
  PlaybackHost,
  SegmentPlayback,
  Situation,
} from "../engine/playback.ts";
import type { Line } from "../line/line.ts";
import type { Stage } from "../ui/stage.ts";
import type { FallbackReason } from "../webcodecs/fallback.ts";
import { BareDecoders } from "./bare-decoders.ts";
import type { HlsWay } from "./hls-way.ts";
import { Later } from "./later.ts";
import { LiveWay } from "./live-way.ts";
import {
  type EngineSetting,
  type LatencySetting,
  type PlayerOptions,
  secondsAhead,
  type TransportSetting,
} from "./options.ts";
import { PlayerTracks } from "./player-tracks.ts";
import type { Rewind } from "./rewind.ts";
import type { Starter } from "./starter.ts";
import { Succession } from "./succession.ts";
import { Ways } from "./ways.ts";

/** Code for HLS that did not come is asked for again after this long, ms. */
const AGAIN_AFTER = 2_000;

/** What is there besides, and who is told. */
export type CourseHost = {
  readonly stage: Stage;
  readonly starter: Starter;
  /** As it is asked now. */
  latency(): LatencySetting;
  onMessage(message: ServerMessage): void;
  /** The server's list tells of the tracks. */
  onList(): void;
  /** It tells where the stream stands: nobody knows better. */
  onListed(state: StreamState): void;
  /** The server speaks to us over a new connection. */
  onUp(): void;
  /** Another playback is on. */
  onEntered(playback: Playback): void;
  /** A playback of segments is about to begin. */
  onBegin(playback: SegmentPlayback): void;
  /** Something that was said at a moment of the stream, found in the media. */
  onEvent(event: TimedEvent): void;
  /** WebCodecs was given up. */
  onFallback(reason: FallbackReason | undefined): void;
  onChange(): void;
};

/**
 * What plays, by which way: it goes the way that is the best now, and takes another one when that fails,
 * is asked for, or is not the best any more. It never gives up.
 */
export class Course {
  readonly ways: Ways;
  readonly succession: Succession;
  readonly tracks: PlayerTracks;
  readonly rewind: Later<Rewind>;
  /** Playbacks that failed, and what was said last. */
  readonly errors: { count: number; last: string | undefined } = { count: 0, last: undefined };
  readonly #host: CourseHost;
  readonly #bare: BareDecoders = new BareDecoders(() => this.follow(performance.now()));
  readonly #live: LiveWay;
  readonly #hls: Later<HlsWay>;
  /** HLS is looked for, or plays. */
  #isHlsOn = false;
  /** When its code did not come. */
  #hlsMissedAt = Number.NEGATIVE_INFINITY;
  #isOver = false;
  #isStandby: boolean;
  #hasBeenUp = false;

  constructor({ address, transport, engine, isStandby }: PlayerOptions, host: CourseHost) {
    this.#host = host;
    this.#isStandby = isStandby ?? false;
    this.ways = new Ways({
      transport: transport ?? "auto",
      engine: engine ?? "auto",
      latency: () => secondsAhead(host.latency()) * 1_000,
      browser: {
        mediaSource: mediaSourceClass() !== undefined,
        nativeHls: playsNativeHls(),
        webCodecs: this.#bare.presence,
      },
      isBareOut: () => this.#bare.fallback !== undefined,
      decodes: () => this.#bare.decodes(this.tracks.announced),
      memory: new WayMemory(pageStorage(), address.webSocket),
    });
    this.succession = new Succession(host.stage, {
      onLeft: (playback) => this.line.dismiss(playback),
      onEntered: (playback) => {
        this.rewind.value?.entered(playback);
        if (playback.transport === "websocket") this.#leaveHls();
        else this.line.set({ isSpare: !this.isRewound });
        host.onEntered(playback);
      },
    });
    this.tracks = new PlayerTracks({ line: () => this.line, succession: this.succession });
    const playbacks: PlaybackHost = {
      play: (surface) => host.starter.start(surface),
      onEvent: (event) => host.onEvent(event),
      onError: (playback, error) => this.#failed(playback, error),
      clockOffset: () => this.line.figures.clockOffset,
      asked: () => secondsAhead(host.latency()),
    };
    const { succession, tracks } = this;
    this.#live = new LiveWay(address.webSocket, {
      ...{ stage: host.stage, bare: this.#bare, succession, tracks, playbacks },
      mayBeLive: () => this.#mayBeLive,
      made: (playback) => this.#made(playback),
      onMessage: (message) => host.onMessage(message),
      onTracks: () => host.onChange(),
      onUp: () => this.#up(),
      onDown: (failures) => {
        this.ways.line.down(performance.now(), failures);
        this.follow(performance.now());
        host.onChange();
      },
      onLost: (playback, error) => this.#failed(playback, error),
    });
    this.#hls = new Later(async () => {
      const { HlsWay } = await import("./hls-way.ts");
      return new HlsWay(address, {
        ...{ succession, tracks, playbacks },
        isChosen: () => {
          if (this.#isStandby || this.isRewound) return false;
          return this.ways.choice(performance.now())?.transport === "hls";
        },
        isRewound: () => this.isRewound,
        standsAt: () => {
          const { current } = succession;
          const isCut = current?.transport === "websocket" && !this.line.isUp;
          const time = isCut && host.starter.wantsPlay ? current.place?.position : undefined;
          return time === undefined ? undefined : { time, age: this.#ageOf(current) };
        },
        freeVideo: () => {
          this.#live.dropPrepared();
          return succession.freeVideo();
        },
        onBegin: (playback) => host.onBegin(playback),
        made: (playback, isPast) => this.#made(playback, isPast),
        onError: (error) => this.#failed(undefined, error),
        onState: (stream) => {
          host.onList();
          if (!this.line.isUp) host.onListed(stream?.state ?? "waiting");
          host.onChange();
        },
        onChange: () => host.onChange(),
      });
    });
    this.rewind = new Later(async () => {
      const { Rewind } = await import("./rewind.ts");
      return new Rewind(address, succession, {
        trackId: () => this.line.tracks.plan.tracks[0]?.track.id ?? tracks.all[0]?.id,
        build: (start) => this.#buildPast(start),
        cancel: () => this.#hls.value?.cancel(),
        leaveLive: () => this.#live.leave(),
        enterLive: () => {
          const isExpected = this.line.isUp && this.#mayBeLive;
          if (isExpected) this.#live.enter();
          return isExpected;
        },
      });
    });
  }

  /** To the server, over its WebSocket. */
  get line(): Line {
    return this.#live.line;
  }

  /** Nothing is to come before somebody asks to see it. */
  get isStandby(): boolean {
    return this.#isStandby;
  }

  /** Whether the past is played, or about to be: the live lane rests. */
  get isRewound(): boolean {
    return this.rewind.value?.isOn ?? false;
  }

  /** Whether the server spoke to us over the WebSocket, ever. */
  get hasBeenUp(): boolean {
    return this.#hasBeenUp;
  }

  /** Whether the server is reached without it. */
  get isReached(): boolean {
    return this.#isHlsOn && this.#hls.value?.isLost !== true;
  }

  /** The server does not let this viewer in. */
  get isRefused(): boolean {
    return this.#hls.value?.isRefused ?? false;
  }

  /** Why WebCodecs does not play, although it was wanted. */
  get fallback(): FallbackReason | undefined {
    return this.#bare.fallback;
  }

  /** Where it stands, and how far back it may go; undefined while nothing plays. */
  get timeline(): PlayerTimeline | undefined {
    if (this.rewind.value !== undefined) return this.rewind.value.timeline;
    const place = this.succession.current?.place;
    return place && timelineOf(place, { isRewound: false, windowLength: undefined });
  }

  /** Begins; once. */
  start(): void {
    this.follow(performance.now());
    if (!this.ways.usesWebSocket) return;
    this.line.set({ isIdle: this.#isStandby });
    this.line.start();
    if (!this.#isStandby) this.#openEarly();
  }

  /** Somebody asked to see it. */
  endStandby(): void {
    if (!this.#isStandby) return;
    this.#isStandby = false;
    if (this.#isHlsOn) {
      this.#leaveHls(); // and look again at once
      this.#enterHls();
    }
    if (!this.ways.usesWebSocket) return;
    this.#openEarly();
    this.#live.enter();
  }

  /** Another way is asked for. */
  ask(asked: { readonly transport: TransportSetting; readonly engine: EngineSetting }): void {
    const { transport, engine } = asked;
    if (transport === this.ways.transport && engine === this.ways.engine) return;
    this.ways.transport = transport;
    this.ways.engine = engine;
    this.ways.tryAgain();
    this.#bare.tryAgain();
    this.hurry();
    this.follow(performance.now());
    this.#host.onChange();
  }

  /** There is reason to believe that the line would work now. */
  hurry(): void {
    if (this.ways.usesWebSocket) this.line.hurry();
  }

  /** What came over the line is of no use: the next connection begins with what is on now. */
  restart(): void {
    if (this.ways.usesWebSocket) this.line.restart();
  }

  /** Goes the way that is to be gone now, where it is not. To be called often. */
  follow(now: number): void {
    if (this.isRewound) return;
    const choice = this.ways.choice(now);
    const { current } = this.succession;
    if (choice?.transport === "websocket") this.#live.take(choice.engine);
    if (choice?.transport === "hls") {
      this.#enterHls();
      if (current?.transport === "websocket") return; // until HLS has a picture
      if (!this.ways.usesWebSocket) this.line.rest();
      else if (current !== undefined) this.#live.leave();
    } else if (current?.transport === "hls") {
      if (this.line.isIdle && this.line.isUp) this.#live.enter();
    } else if (this.ways.transport === "websocket") {
      this.#leaveHls();
    }
  }

  /** The line is looked after. To be called every 50 ms or so, before `perform`. */
  tend(now: number): void {
    this.#live.tick(now);
  }

  /** What is on the stage, and behind it, is looked after. To be called every 50 ms or so. */
  perform(situation: Situation): void {
    this.succession.tick(situation);
    this.#watchFirstPicture(situation.now);
  }

  /** What was left is put away. To be called every 50 ms or so, after `follow`. */
  settle(now: number): void {
    this.rewind.value?.tick(now);
    const { current } = this.succession;
    this.ways.follow(current, now, this.isRewound || current?.isStarved === true);
    if (!current?.isReady) return;
    if (current.transport === "hls") this.line.set({ isSpare: !this.isRewound });
    else if (this.#isHlsOn && this.line.isUp && this.#mayBeLive) this.#leaveHls();
  }

  destroy(): void {
    this.#isOver = true;
    this.#isHlsOn = false;
    this.#hls.value?.destroy();
    this.succession.destroy();
    this.#live.destroy();
    this.#bare.destroy();
  }

  /** Whether a playback of the WebSocket may be made: it is the choice, and the past is not played. */
  get #mayBeLive(): boolean {
    return !this.isRewound && this.ways.isLive(performance.now());
  }

  /** How long ago the server had what is shown, ms. */
  #ageOf(playback: Playback | undefined): number | undefined {
    const moment = playback?.figures.moment;
    const { clockOffset } = this.line.figures;
    if (moment === undefined || clockOffset === undefined) return undefined;
    return Date.now() + clockOffset - moment;
  }

  #openEarly(): void {
    if (this.ways.choice(performance.now())?.engine === "mse") this.#live.openEarly();
  }

  /** Looks for the broadcast over HLS, and plays it where it should. */
  #enterHls(): void {
    if (this.#isHlsOn || performance.now() - this.#hlsMissedAt < AGAIN_AFTER) return;
    this.#isHlsOn = true;
    this.#hls.get().then(
      (hls) => {
        if (this.#isHlsOn) hls.enter();
      },
      () => {
        this.#isHlsOn = false;
        this.#hlsMissedAt = performance.now();
      },
    );
  }

  /** The past is wanted, and may not be any more when the code for it is there. */
  #buildPast(start: HlsStart): void {
    this.#hls.get().then(
      (hls) => {
        if (this.isRewound && !this.#isOver) hls.build(start);
      },
      (error: unknown) => this.#failed(undefined, error),
    );
  }

  /** The WebSocket plays again: HLS is not needed any more. */
  #leaveHls(): void {
    this.#isHlsOn = false;
    this.#hls.value?.leave();
    this.line.set({ isSpare: false });
  }

  #up(): void {
    this.#hasBeenUp = true;
    this.#hls.value?.admitted();
    this.ways.line.up(performance.now());
    this.#host.onUp();
    if (this.succession.current?.transport === "hls" && !this.#mayBeLive) this.#live.leave();
    this.#host.onChange();
  }

  #made(playback: Playback, isPast = false): void {
    const reason = isPast ? "rewind" : this.ways.choice(performance.now())?.reason;
    this.ways.made(playback, reason ?? "best");
    this.succession.take(playback);
  }

  /** @param playback undefined: one of segments, whose code did not come */
  #failed(playback: Playback | undefined, error: unknown, isFinal = false): void {
    const now = performance.now();
    if (playback?.engine === "webcodecs" && this.#bare.failed(error)) {
      this.#host.onFallback(this.#bare.fallback);
    }
    this.errors.last = error instanceof MediaError ? error.message : String(error);
    this.errors.count += 1;
    if (playback !== undefined) {
      if (!this.isRewound) this.ways.failed(playback, now, isFinal);
      this.succession.remove(playback);
    }
    this.rewind.value?.failed(playback);
    this.follow(now);
    this.#host.onChange();
  }

  /** A playback that was given what it needs, and shows nothing: another way may. */
  #watchFirstPicture(now: number): void {
    const { current, next } = this.succession;
    const awaited = next ?? current;
    const isLive = awaited?.transport === "websocket" && this.line.isUp && !document.hidden;
    if (!this.ways.isOverdue(isLive ? awaited : undefined, now) || awaited === undefined) return;
    this.#failed(awaited, new Error(`No picture by ${awaited.engine}`), true);
  }
}
