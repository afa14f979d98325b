import type { Page } from "playwright-core";
import { type ClipOptions, counterClip } from "../support/counter-clip.ts";
import { encodeWithFfmpeg, type Publisher, publishWithFfmpeg } from "../support/ffmpeg.ts";
import { publishWithFfmpeg8 } from "../support/node-av.ts";
import { eventually } from "../support/server-process.ts";
import type { RunningSluice } from "../support/sluice.ts";

/** One page in one state. */
export type Scene = {
  readonly name: string;
  readonly path: string;
  readonly flags?: readonly string[];
  /** The browser lets nothing sound without a click. */
  readonly isRefused?: boolean;
  /** Once, before the views. */
  prepare(stage: Stage): Promise<void>;
  /** In each view, once the page has loaded. */
  act?(page: Page): Promise<void>;
};

/** Who publishes meanwhile. */
export class Stage {
  readonly server: RunningSluice;
  readonly #publishers: Publisher[] = [];

  constructor(server: RunningSluice) {
    this.server = server;
  }

  /** A moving picture with a tone, encoded as told; resolves when it is on air. */
  async encode(
    streamPath: string,
    { size = "1280x720", rate = 30, gop = 60, codecs = ["-c:a", "aac", "-b:a", "96k"] } = {},
  ): Promise<Publisher> {
    const source = [
      ...["-re", "-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${rate}`],
      ...["-re", "-f", "lavfi", "-i", "sine=frequency=220"],
      ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-b:v", "1500k"],
      ...["-pix_fmt", "yuv420p", "-g", String(gop), ...codecs],
    ];
    const publisher = encodeWithFfmpeg({ source, url: this.server.rtmpUrl(streamPath) });
    return this.#added(publisher, streamPath);
  }

  /** A clip with numbers, that goes round. */
  async publish(streamPath: string, clip: ClipOptions): Promise<Publisher> {
    const input = await counterClip({ ...clip, seconds: 8 });
    const options = { input, url: this.server.rtmpUrl(streamPath), loops: 0 };
    const isClassic = input.endsWith(".flv");
    const publisher = isClassic ? publishWithFfmpeg(options) : publishWithFfmpeg8(options);
    return this.#added(publisher, streamPath);
  }

  async clear(): Promise<void> {
    for (const publisher of this.#publishers) await publisher.stop();
  }

  async #added(publisher: Publisher, streamPath: string): Promise<Publisher> {
    this.#publishers.push(publisher);
    const list = this.server.httpUrl("/api/v1/streams");
    await eventually(`${streamPath} on air`, async () => {
      const text = await (await fetch(list)).text();
      return text.includes(`"${streamPath}"`) && /"tracks":\[\{/.test(text);
    });
    return publisher;
  }
}

/** Resolves when the player of the page is in one of these states. */
const untilState = async (page: Page, ...states: readonly string[]): Promise<void> => {
  await page.waitForFunction(
    (wanted) =>
      wanted.includes(
        document.querySelector<HTMLElement & { player?: { state: { name: string } } }>(
          "sluice-player",
        )?.player?.state.name ?? "",
      ),
    states,
    { timeout: 20_000 },
  );
};

/** Shows the controls, as somebody who moves the mouse. */
const wake = async (page: Page): Promise<void> => {
  const box = await page.locator("sluice-player").boundingBox();
  if (box === null) throw new Error("There is no player");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 3);
  await page.mouse.move(box.x + box.width / 2 + 5, box.y + box.height / 3);
};

const SHOW = "live/show";
const nobody = async () => {};
const live = async (stage: Stage) => {
  await stage.encode(SHOW);
};

export const SCENES: readonly Scene[] = [
  { name: "wall-first-run", path: "/", prepare: nobody },
  {
    name: "wall",
    path: "/",
    prepare: async (stage) => {
      await stage.encode("live/studio");
      await stage.encode("live/drone", { size: "640x360", gop: 300 });
      await stage.encode("live/speech", {
        size: "320x240",
        codecs: ["-c:a", "libspeex", "-ar", "16000", "-ac", "1"],
      });
    },
    act: async (page) => {
      await page.getByText("live/studio").first().waitFor();
      await page.waitForTimeout(6_000); // the figures and the stills come one by one
    },
  },
  {
    name: "watch-waiting",
    path: `/watch/${SHOW}`,
    prepare: nobody,
    act: (page) => untilState(page, "waiting"),
  },
  {
    name: "watch-live",
    path: `/watch/${SHOW}`,
    prepare: live,
    act: async (page) => {
      await untilState(page, "live");
      await page.waitForTimeout(3_000); // the facts settle
      await wake(page);
    },
  },
  {
    name: "watch-tap-for-sound",
    path: `/watch/${SHOW}`,
    isRefused: true,
    prepare: live,
    act: async (page) => {
      await page.waitForTimeout(4_000); // to look into a page counts as a gesture in it
      await untilState(page, "live");
    },
  },
  {
    name: "watch-paused",
    path: `/watch/${SHOW}`,
    prepare: live,
    act: async (page) => {
      await untilState(page, "live");
      await page.evaluate("document.querySelector('sluice-player').pause()");
      await wake(page);
      await page.waitForTimeout(500);
    },
  },
  {
    name: "watch-statistics",
    path: `/watch/${SHOW}`,
    prepare: live,
    act: async (page) => {
      await untilState(page, "live");
      await page.locator("sluice-player").evaluate((element: HTMLElement) => element.focus());
      await page.keyboard.press("i");
      await page.waitForTimeout(8_000); // the graphs have something to show
    },
  },
  {
    name: "watch-menu",
    path: `/watch/${SHOW}`,
    prepare: live,
    act: async (page) => {
      await untilState(page, "live");
      await wake(page);
      await page.getByRole("button", { name: "Settings" }).click();
      await page.waitForTimeout(500);
    },
  },
  {
    name: "watch-keyboard-help",
    path: `/watch/${SHOW}`,
    prepare: live,
    act: async (page) => {
      await untilState(page, "live");
      await page.locator("sluice-player").evaluate((element: HTMLElement) => element.focus());
      await page.keyboard.press("?");
      await page.waitForTimeout(500);
    },
  },
  {
    name: "watch-behind-live",
    path: `/watch/${SHOW}`,
    prepare: async (stage) => {
      await stage.encode(SHOW);
      await new Promise((resolve) => setTimeout(resolve, 35_000)); // something to go back to
    },
    act: async (page) => {
      await untilState(page, "live");
      await page.evaluate("sluicePlayer.seek(sluicePlayer.timeline.end - 15000)");
      await page.waitForFunction("sluicePlayer.timeline?.isLive === false");
      await wake(page);
      await page.waitForTimeout(2_000);
    },
  },
  {
    name: "watch-reconnecting",
    path: `/watch/${SHOW}`,
    flags: ["--grace-period", "120"],
    prepare: async (stage) => {
      const publisher = await stage.encode(SHOW);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await publisher.kill();
    },
    act: (page) => untilState(page, "reconnecting"),
  },
  {
    name: "watch-ended",
    path: `/watch/${SHOW}`,
    prepare: async (stage) => {
      const publisher = await stage.encode(SHOW);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await publisher.stop();
    },
    act: (page) => untilState(page, "ended", "waiting"),
  },
  {
    name: "watch-cannot-play",
    path: `/watch/${SHOW}`,
    prepare: async (stage) => {
      await stage.publish(SHOW, { video: "hevc", audio: "none" });
    },
    act: async (page) => {
      await untilState(page, "unplayable");
      await page.getByText("cannot play").first().waitFor();
    },
  },
  {
    name: "watch-sound-alone",
    path: `/watch/${SHOW}`,
    prepare: async (stage) => {
      await stage.publish(SHOW, { video: "none", audio: "aac" });
    },
    act: async (page) => {
      await untilState(page, "live");
      await wake(page);
    },
  },
  {
    name: "embed",
    path: `/embed/${SHOW}?controls&autoplay&muted`,
    prepare: live,
    act: async (page) => {
      await untilState(page, "live");
      await page.waitForTimeout(1_000);
      await wake(page);
    },
  },
  { name: "recordings", path: "/recordings", flags: ["--record", "live/*"], prepare: live },
];
