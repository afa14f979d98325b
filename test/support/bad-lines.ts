import type { Browser } from "playwright-core";
import { expect } from "vitest";
import type { PlayerStats } from "../../web/player/player-stats.ts";
import { AUTOPLAY, chromiumDriver } from "./browser.ts";
import { type ClipOptions, counterClip } from "./counter-clip.ts";
import { publishWithFfmpeg } from "./ffmpeg.ts";
import { Line } from "./line.ts";
import { publishWithFfmpeg8 } from "./node-av.ts";
import { Broadcast, Screen, type ShownPicture } from "./screen.ts";
import { eventually } from "./server-process.ts";
import type { RunningSluice } from "./sluice.ts";
import { WsViewer } from "./ws-viewer.ts";

const SECONDS = 20;
const FRAMES = SECONDS * 30;

/** A ladder of two: 640 pixels wide at some 900 kbit/s with its sound, 320 at some 300. */
export const LADDER: readonly [ClipOptions, ClipOptions] = [
  { video: "h264", audio: "aac" },
  {
    ...{ video: "h264", audio: "aac", width: 320, height: 180, bitrate: 200 },
    ...{ sampleRate: 44_100, channels: 1 },
  },
];

/** What a gap in the pictures was: by their numbers, and by the clock. */
export type Break = {
  /** Pictures left out; negative: seen twice. */
  readonly missing: number;
  /** ms without a new one. */
  readonly stood: number;
};

/** Who publishes, and when the server had each picture. */
class Publication {
  readonly #url: string;
  readonly #viewer: WsViewer;
  #publisher: { stop(): Promise<unknown> } | undefined;
  broadcast: Broadcast;

  private constructor(url: string, viewer: WsViewer) {
    this.#url = url;
    this.#viewer = viewer;
    this.broadcast = new Broadcast(viewer, { frames: FRAMES, firstCounter: 0 });
  }

  static async begin(
    server: RunningSluice,
    streamPath: string,
    ladder: readonly ClipOptions[],
  ): Promise<Publication> {
    const viewer = new WsViewer(server.wsUrl(streamPath), { keepPayloads: false });
    await viewer.until("hello", ({ state }) => state !== undefined);
    const publication = new Publication(server.rtmpUrl(streamPath), viewer);
    await publication.change(ladder, 0);
    return publication;
  }

  async change(ladder: readonly ClipOptions[], firstCounter: number): Promise<number> {
    const clips = await Promise.all(
      ladder.map((options) => counterClip({ ...options, firstCounter, seconds: SECONDS })),
    );
    const [input = "", ...moreInputs] = clips;
    await this.#publisher?.stop();
    const url = this.#url;
    const viewer = this.#viewer;
    const before = viewer.frames.length;
    this.broadcast = new Broadcast(viewer, { frames: FRAMES, firstCounter });
    const isClassic = moreInputs.length === 0 && input.endsWith(".flv");
    this.#publisher = isClassic
      ? publishWithFfmpeg({ input, url, loops: 0 })
      : publishWithFfmpeg8({ input, moreInputs, url, loops: 0 });
    await viewer.until("media", ({ frames }) => frames.length > before);
    return performance.now();
  }

  async end(): Promise<void> {
    await this.#publisher?.stop();
    await this.#viewer.close();
  }
}

/** One player in Chromium behind a line that can be made bad. */
export class BadLineStage {
  readonly line: Line;
  readonly screen: Screen;
  readonly #publication: Publication;
  readonly #stops: readonly (() => Promise<unknown>)[];

  private constructor(
    made: Pick<BadLineStage, "line" | "screen">,
    publication: Publication,
    stops: readonly (() => Promise<unknown>)[],
  ) {
    this.line = made.line;
    this.screen = made.screen;
    this.#publication = publication;
    this.#stops = stops;
  }

  /** What is published now. */
  get broadcast(): Broadcast {
    return this.#publication.broadcast;
  }

  /**
   * Publishes, and opens a watch page through the line.
   *
   * @param ladder one clip, or two of the same pictures as one broadcast
   * @param before is done to the line before the page is opened
   */
  static async open(
    server: RunningSluice,
    streamPath: string,
    ladder: readonly ClipOptions[] = [LADDER[0]],
    before: (line: Line) => void = () => {},
  ): Promise<BadLineStage> {
    const stops: (() => Promise<unknown>)[] = [];
    try {
      const publication = await Publication.begin(server, streamPath, ladder);
      stops.unshift(() => publication.end());
      const line = await Line.open(server.httpPort);
      stops.unshift(() => line.close());
      before(line);
      const browser: Browser = await chromiumDriver.launch({ args: [AUTOPLAY] });
      stops.unshift(() => browser.close());
      const screen = await Screen.of(await browser.newPage());
      await screen.page.goto(line.httpUrl(`/watch/${streamPath}`), { waitUntil: "commit" });
      return new BadLineStage({ line, screen }, publication, stops);
    } catch (error) {
      for (const stop of stops) await stop().catch(() => {});
      throw error;
    }
  }

  /** The publisher says goodbye, and another one comes. @returns when it came, `performance.now()` */
  async republish(ladder: readonly ClipOptions[], firstCounter: number): Promise<number> {
    return await this.#publication.change(ladder, firstCounter);
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) await stop().catch(() => {});
  }

  /** Resolves when it plays as it does on a good line. @returns its delay, ms */
  async settled(): Promise<number> {
    const { screen } = this;
    await screen.untilPicture("the first picture", ({ counter }) => counter !== undefined);
    const isSettled = ({ buffer, target }: PlayerStats) => buffer < target + 50;
    await screen.untilStats("a settled player", isSettled);
    await screen.forget();
    const delay = await screen.untilSteady(this.broadcast);
    await screen.forget();
    return delay;
  }

  /** Resolves when pictures come steadily at such a delay. @returns how long that took, ms */
  async untilDelay(fits: (delay: number) => boolean, timeout = 30_000): Promise<number> {
    const from = performance.now();
    await this.screen.forget();
    await this.screen.untilSteady(this.broadcast, fits, timeout);
    return Math.round(performance.now() - from);
  }

  /** Sets something of the player. */
  async set(name: "transport" | "engine" | "quality", value: string | number): Promise<void> {
    await this.screen.page.evaluate(`window.sluicePlayer.${name} = ${JSON.stringify(value)}`);
  }

  /** Resolves when it plays like that. */
  async untilPlays(fits: Partial<PlayerStats>, timeout?: number): Promise<void> {
    const wanted = Object.entries(fits);
    const isSo = (stats: PlayerStats) =>
      wanted.every(([name, value]) => stats[name as keyof PlayerStats] === value);
    await this.screen
      .untilStats(JSON.stringify(fits), isSo, timeout)
      .catch(async (error: Error) => {
        throw new Error(`${error.message}: ${JSON.stringify(await this.screen.stats())}`);
      });
  }

  /** Begins to look, at every turn of the page, whether there is a picture. */
  async watchForBlack(): Promise<void> {
    await this.screen.page.evaluate(`(${countBlack})()`);
  }

  /** Turns of the page without a picture since then. */
  black(): Promise<number> {
    return this.screen.page.evaluate("window.blackTurns");
  }

  /**
   * Breaks in the order or the flow of what was shown since `forget`, and pictures without a number.
   *
   * @param since ms since 1970: from the last picture before that on
   */
  async breaks(since = 0): Promise<{ readonly breaks: readonly Break[]; readonly unread: number }> {
    const all = await this.screen.shown();
    const shown = all.slice(
      Math.max(
        0,
        all.findLastIndex(({ at }) => at < since),
      ),
    );
    const read = shown.filter((one): one is ShownPicture & { counter: number } => {
      return one.counter !== undefined;
    });
    const breaks = read.slice(1).flatMap(({ counter, at }, index): Break[] => {
      const before = read[index];
      if (before === undefined) return [];
      let missing = (counter - before.counter - 1 + FRAMES) % FRAMES;
      if (missing > FRAMES / 2) missing -= FRAMES;
      const stood = at - before.at;
      return missing > 2 || missing < 0 || stood > 300 ? [{ missing, stood }] : [];
    });
    return { breaks, unread: shown.length - read.length };
  }
}

/** Runs in the page. */
function countBlack(): void {
  const player = Reflect.get(window, "sluicePlayer") as {
    surface: { picture: unknown; seeking: boolean };
  };
  Object.assign(window, { blackTurns: 0 });
  const look = (): void => {
    // On its way to another place it shows what it showed.
    if (player.surface.picture === undefined && !player.surface.seeking) {
      Object.assign(window, { blackTurns: Reflect.get(window, "blackTurns") + 1 });
    }
    requestAnimationFrame(look);
  };
  look();
}

/**
 * The WebSocket is blocked while it plays, and allowed again: HLS goes on where the picture stood, and
 * the WebSocket is nearer to live again; nothing else is lost, seen twice or dark.
 *
 * @returns ms
 */
export async function blockAndAllow(stage: BadLineStage, status: 403 | 404) {
  const { line, screen } = stage;
  const delay = await stage.settled();
  await stage.watchForBlack();
  line.refuseWebSockets(status);
  const from = performance.now();
  await stage.untilPlays({ transport: "hls", reason: "websocket-blocked" }, 10_000);
  const taken = Math.round(performance.now() - from);
  await screen.untilSteady(stage.broadcast, (now) => now > delay);
  const away = await stage.breaks();
  const hlsDelay = await stage.screen.untilSteady(stage.broadcast);

  const allowed = Date.now();
  line.allowWebSockets();
  await screen.page.evaluate("dispatchEvent(new Event('online'))"); // or it would look in a minute
  await stage.untilPlays({ transport: "websocket", reason: "best" }, 10_000);
  await screen.untilSteady(stage.broadcast, (now) => now < delay + 100);
  const back = await stage.breaks(allowed);
  return { delay, hlsDelay, taken, away, back, black: await stage.black() };
}

/** Pictures: so many are missed. */
const MANY = 12;

/** What `blockAndAllow` is to find. */
export function expectSeamless(found: Awaited<ReturnType<typeof blockAndAllow>>): void {
  const { delay, hlsDelay, away, back, black } = found;
  const facts = JSON.stringify(found);
  expect(black, facts).toBe(0);
  expect(away.unread + back.unread, facts).toBe(0);
  // The picture stands until HLS has it: then it goes on there. What a busy machine leaves out now and
  // then is no second.
  for (const { missing } of away.breaks) expect(Math.abs(missing), facts).toBeLessThanOrEqual(MANY);
  // What was behind is skipped, once.
  for (const { missing, stood } of back.breaks) {
    expect(missing, facts).toBeLessThan(((hlsDelay - delay + stood) * 30) / 1_000 + MANY);
  }
  expect(back.breaks.filter(({ missing }) => missing > MANY).length, facts).toBeLessThan(2);
  for (const { missing, stood } of back.breaks) {
    expect(missing, facts).toBeGreaterThanOrEqual(0);
    expect(stood, facts).toBeLessThan(1_000);
  }
}

/** Resolves when the picture is so wide, and plays. @returns how long that took, ms */
export async function untilWidth(
  stage: BadLineStage,
  width: number,
  timeout: number,
): Promise<number> {
  const from = performance.now();
  await eventually(
    `a picture ${width} pixels wide`,
    async () => (await stage.screen.stats()).width === width,
    timeout,
  );
  return Math.round(performance.now() - from);
}
