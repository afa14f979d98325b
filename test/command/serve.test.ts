import { describe, expect, test } from "vitest";
import { instructions } from "../../server/command/instructions.ts";
import { type Served, type Surroundings, serve } from "../../server/command/serve.ts";
import type { Settings } from "../../server/config/settings.ts";
import { createLog } from "../../server/log.ts";
import { ManualClock } from "../support/manual-clock.ts";

const settings: Settings = {
  host: undefined,
  rtmpPort: 0,
  httpPort: 0,
  rtmpsPort: undefined,
  httpsPort: undefined,
  tlsCert: undefined,
  tlsKey: undefined,
  rtmpsTlsMax: "1.2",
  dataDir: "/data",
  open: false,
  localPublish: true,
  rtmpe: true,
  captureDir: undefined,
  gracePeriod: 30_000,
  hlsPart: 200,
  hlsTargetDuration: 10_000,
  dvr: 120_000,
  dvrDisk: 10e9,
  record: [],
  recordDir: undefined,
  recordInterval: 1000,
  recordKeep: undefined,
  recordDisk: 50e9,
  relays: [],
  relayTlsCa: undefined,
  logLevel: "info",
  embedOrigins: ["*"],
  logFormat: "json",
};

const KEY = "a-very-secret-key";

function world(fields: Partial<Surroundings> = {}, sluiceFields: Partial<Served> = {}) {
  const seen = { printed: "", told: "", logged: "", events: [] as string[] };
  const clock = new ManualClock();
  let ask: (signal: string) => void = () => {};
  const asked = new Promise<string>((resolve) => {
    ask = resolve;
  });
  const sluice: Served = {
    publishKey: KEY,
    publishKeyFile: "/data/publish.key",
    start: async () => {
      seen.events.push("start");
      return { rtmp: 1935, http: 8080 };
    },
    stop: async () => void seen.events.push("stop"),
    ...sluiceFields,
  };
  const write = (line: string) => {
    seen.logged += line;
  };
  const surroundings: Surroundings = {
    create: () => sluice,
    log: createLog({ level: "info", format: "json", write }),
    clock,
    print: (text) => {
      seen.printed += text;
    },
    tell: undefined,
    addresses: ["192.168.1.5"],
    asked,
    ...fields,
  };
  return { seen, clock, ask, surroundings };
}

describe("serve", () => {
  test("prints one ready line, and stops when it is asked to", async () => {
    const { seen, ask, surroundings, clock } = world();
    const served = serve(settings, surroundings);
    ask("SIGTERM");
    await served;
    expect(seen.printed).toBe("sluice ready rtmp=1935 http=8080\n");
    expect(seen.events).toEqual(["start", "stop"]);
    expect(clock.pending).toBe(0);
  });

  test("names the ports for TLS in the ready line where they are open", async () => {
    const start = async () => ({ rtmp: 1, http: 2, rtmps: 3, https: 4 });
    const { seen, ask, surroundings } = world({}, { start });
    ask("SIGTERM");
    await serve(settings, surroundings);
    expect(seen.printed).toBe("sluice ready rtmp=1 http=2 rtmps=3 https=4\n");
  });

  test("names the key's file in the log where nobody is at a terminal, never the key", async () => {
    const { seen, ask, surroundings } = world({
      whenReady: async () => {
        surroundings.log.warn(`something about ${KEY}`);
        return () => {};
      },
    });
    ask("SIGINT");
    await serve(settings, surroundings);
    expect(seen.logged).toContain("/data/publish.key");
    expect(seen.logged).not.toContain(KEY);
  });

  test("tells somebody at a terminal what to paste", async () => {
    let told = "";
    const tell = (text: string) => {
      told += text;
    };
    const { seen, ask, surroundings } = world({ tell });
    ask("SIGINT");
    await serve(settings, surroundings);
    expect(told).toContain(`demo?key=${KEY}`);
    expect(seen.logged).not.toContain(KEY);
  });

  test("ends what runs beside it, before the server", async () => {
    const { seen, ask, surroundings } = world({
      whenReady: async () => () => void seen.events.push("demo ends"),
    });
    ask("SIGTERM");
    await serve(settings, surroundings);
    expect(seen.events).toEqual(["start", "demo ends", "stop"]);
  });

  test("stops the server when what runs beside it cannot start", async () => {
    const { seen, surroundings } = world({
      whenReady: async () => {
        throw new Error("no clip");
      },
    });
    await expect(serve(settings, surroundings)).rejects.toThrow("no clip");
    expect(seen.events).toEqual(["start", "stop"]);
  });

  test("does not wait for ever for what does not end", async () => {
    let clock: ManualClock | undefined;
    const stop = () => {
      queueMicrotask(() => clock?.pass(8000));
      return new Promise<void>(() => {});
    };
    const { seen, ask, surroundings, clock: own } = world({}, { stop });
    clock = own;
    ask("SIGTERM");
    await serve(settings, surroundings);
    expect(seen.logged).toContain("DRAIN_TIME");
  });
});

describe("instructions", () => {
  const running = {
    rtmpPort: 1935,
    httpPort: 8080,
    publishKey: KEY,
    publishKeyFile: "/data/publish.key",
  };
  test("name the machine as others reach it, and the page as this one does", () => {
    const text = instructions(running, settings, ["192.168.1.5", "10.0.0.1"]);
    expect(text).toContain("Server      rtmp://192.168.1.5:1935/live\n");
    expect(text).toContain(`Stream Key  demo?key=${KEY}\n`);
    expect(text).toContain("http://localhost:8080/watch/live/demo\n");
    expect(text).toContain("From this machine the key is not needed.");
  });
  test("name the address that was set, and ports that are not the usual", () => {
    const host = { ...settings, host: "::1", localPublish: false };
    const text = instructions({ ...running, rtmpPort: 19_350, httpPort: 80 }, host, ["10.0.0.1"]);
    expect(text).toContain("rtmp://[::1]:19350/live\n");
    expect(text).toContain("http://[::1]:80/watch/live/demo\n");
    expect(text).toContain("The key is needed from everywhere.");
  });
  test("fall back to localhost, and say when all may publish", () => {
    const text = instructions(running, { ...settings, host: "0.0.0.0", open: true }, []);
    expect(text).toContain("rtmp://localhost:1935/live\n");
    expect(text).toContain("anybody may publish");
  });
});
