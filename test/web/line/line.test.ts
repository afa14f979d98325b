import { describe, expect, test } from "vitest";
import { Line, type LineHost } from "../../../web/line/line.ts";
import type { LineMedium } from "../../../web/line/line-medium.ts";
import type { LineCommand, LineReport } from "../../../web/line/messages.ts";
import type { ThreadListener, ThreadName, ThreadReason } from "../../../web/line/threads.ts";

const SOURCE = new EventTarget() as MediaSource;
const UP: LineReport = { type: "up", connections: 1 };

/** One thread that a line was given. */
type Place = ThreadListener & {
  readonly name: ThreadName;
  readonly heard: LineCommand[];
  isClosed: boolean;
};

/** A line whose threads do what the test says. */
function world({ refusal }: { refusal?: ThreadReason } = {}) {
  const places: Place[] = [];
  const media: LineMedium[] = [];
  const told: string[] = [];
  const open = (name: ThreadName, listener: ThreadListener) => {
    const place: Place = { ...listener, name, heard: [], isClosed: false };
    places.push(place);
    return {
      name,
      send: (command: LineCommand) => place.heard.push(command),
      close: () => {
        place.isClosed = true;
      },
    };
  };
  const host: LineHost = {
    onMessage: ({ type }) => told.push(type),
    onTracks: () => told.push("tracks"),
    onUp: () => told.push("up"),
    onDown: (failures) => told.push(`down ${failures}`),
    onPrepared: (medium) => media.push(medium) > 0,
    onBuilt: (medium) => {
      if (!media.includes(medium)) media.push(medium);
      medium.listen({
        onSample: () => told.push("sample"),
        onProgress: () => told.push(`edge ${medium.progress.edge}`),
        onError: (error) => told.push(String(error)),
      });
      return true;
    },
    onTaken: () => undefined,
    onLost: () => {},
  };
  const line = new Line("ws://server/ws", host, {
    workers: {
      refusal,
      warm: () => {},
      open: (listener) => (refusal === undefined ? open("worker", listener) : undefined),
      give: (reason) => places.at(-1)?.onLost(reason),
    },
    onPage: (listener) => open("page", listener),
  });
  const last = (): Place => places.at(-1) as Place;
  return { line, places, media, told, last };
}

const types = ({ heard }: Place) => heard.map(({ type }) => type);

describe("Line", () => {
  test("tells its thread once how to behave, and hears what comes of it", () => {
    const { line, media, told, last } = world();
    line.set({ isSpare: true });
    line.prefer([3]);
    line.start();
    line.set({ isSpare: true });
    line.set({ mayBuild: false });
    line.prepare();
    expect(types(last())).toEqual(["settings", "prefer", "start", "settings", "prepare"]);
    last().onReport(UP);
    expect([line.isUp, line.connections, line.thread]).toEqual([true, 1, "worker"]);

    last().onReport({ type: "prepared", id: 1, source: SOURCE });
    last().onReport({ type: "built", id: 1, sink: "media-source", plan: [], source: undefined });
    const progress = {
      edge: 4,
      isHistory: false,
      pictureInterval: 0,
      reorderDelay: 0,
      soundInterval: 0,
    };
    last().onReport({ type: "progress", id: 1, progress, samples: [] });
    expect(told).toEqual(["up", "edge 4"]);
    media[0]?.close();
    expect(last().heard.at(-1)).toEqual({ type: "close", id: 1 });
    last().onReport({ type: "progress", id: 1, progress, samples: [] });
    expect(told).toEqual(["up", "edge 4"]);
  });

  test("closes what is built where nothing was prepared any more", () => {
    const { line, media, last } = world();
    line.start();
    line.prepare();
    last().onReport({ type: "prepared", id: 1, source: SOURCE });
    media[0]?.close();
    last().heard.length = 0;
    last().onReport({ type: "built", id: 1, sink: "media-source", plan: [], source: undefined });
    expect(media).toHaveLength(1);
    // Nobody takes the page's own, either.
    last().onReport({ type: "built", id: 2, sink: "page", plan: [], source: undefined });
    expect(last().heard).toEqual([{ type: "close", id: 2 }]);
  });

  test("lives on the page where there is no worker, and says why", () => {
    const { line, last } = world({ refusal: "unsupported" });
    line.start();
    expect([line.thread, line.threadReason]).toEqual(["page", "unsupported"]);
    expect(types(last())).toEqual(["settings", "start"]);
  });

  test("goes on on the page when its worker is lost; nothing old reaches it there", () => {
    const { line, places, media, told, last } = world();
    line.start();
    line.prepare();
    const [worker] = places as [Place];
    worker.onReport(UP);
    worker.onReport({ type: "prepared", id: 1, source: SOURCE });
    worker.onReport({ type: "built", id: 1, sink: "media-source", plan: [], source: undefined });
    line.set({ isIdle: true });
    worker.onLost("crashed");
    expect([line.thread, line.threadReason, line.isUp]).toEqual(["page", "crashed", false]);
    expect(told.at(-1)).toBe("Error: The line was lost: crashed");
    expect(types(last())).toEqual(["settings", "start", "prepare"]);
    expect(last().heard[0]).toMatchObject({ settings: { isIdle: true } });
    media[0]?.close();
    worker.onReport({ type: "down", failures: 1 });
    expect(types(last())).toEqual(["settings", "start", "prepare"]);
    last().onReport(UP);
    expect(line.connections).toBe(2);
    expect(told.at(-1)).toBe("up");
  });

  test("waits half a second for a first word, three for a later one, and not for its own pauses", () => {
    const { line, last } = world();
    line.start();
    const began = performance.now();
    line.tick(began + 10_000); // the page itself was asleep
    expect(line.thread).toBe("worker");
    for (let look = 0; look < 20; look += 1) line.tick(began + 400 + look);
    expect(line.thread).toBe("worker");
    last().onReport({ type: "left" });
    for (let look = 0; look < 20; look += 1) line.tick(began + 2_900 + look);
    expect(line.thread).toBe("worker");
    line.tick(performance.now() + 3_001);
    expect([line.thread, line.threadReason]).toEqual(["page", "silent"]);
  });

  test("leaves a worker whose media fail twice", () => {
    const { line, last } = world();
    line.start();
    last().onReport({ type: "failed", id: 1, reason: "Cannot append" });
    expect(line.thread).toBe("worker");
    last().onReport({ type: "failed", id: 2, reason: "Cannot append" });
    expect([line.thread, line.threadReason]).toEqual(["page", "failing"]);
  });

  test("asks again for the page's own code where it did not come", () => {
    const { line, places, told, last } = world({ refusal: "unsupported" });
    line.start();
    last().onLost("unreachable");
    expect(told).toEqual(["down 1"]);
    line.tick(performance.now() + 100);
    expect(places).toHaveLength(1);
    line.tick(performance.now() + 2_001);
    expect(places).toHaveLength(2);
    line.stop();
    expect(last().isClosed).toBe(true);
  });

  test("connects when it is hurried, and rests once", () => {
    const { line, last } = world();
    line.rest();
    line.hurry();
    line.rest();
    line.rest();
    line.restart();
    expect(types(last())).toEqual(["settings", "start", "rest", "restart"]);
  });
});
