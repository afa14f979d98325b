import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Settings, SettingsError } from "../server/config/settings.ts";
import { completeSettings, readInvocation } from "../server/config.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-config-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, "sluice.yaml");
  writeFileSync(path, text);
  return path;
}

const invoke = (args: string[], env: Record<string, string> = {}, isTerminal = false) =>
  readInvocation(args, { env, isTerminal, version: "1.2.3" });

function settings(args: string[], env?: Record<string, string>): Settings {
  const invocation = invoke(args, env);
  if (invocation.command === "print") throw new Error("It printed instead");
  return invocation.settings;
}

const defaults: Settings = {
  host: undefined,
  rtmpPort: 1935,
  httpPort: 8080,
  rtmpsPort: undefined,
  httpsPort: undefined,
  tlsCert: undefined,
  tlsKey: undefined,
  rtmpsTlsMax: "1.2",
  dataDir: "./data",
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
  embedOrigins: ["*"],
  recordDir: undefined,
  recordInterval: 1000,
  recordKeep: undefined,
  recordDisk: 50e9,
  relays: [],
  relayTlsCa: undefined,
  logLevel: "info",
  logFormat: "json",
};

test("readInvocation serves with the defaults when nothing is said", () => {
  expect(invoke([], { PATH: "/bin" })).toEqual({ command: "serve", settings: defaults });
  expect(invoke([], {}, true)).toMatchObject({ settings: { logFormat: "pretty" } });
});

test("readInvocation takes the command before or behind the flags", () => {
  expect(invoke(["demo", "--open"])).toMatchObject({ command: "demo", settings: { open: true } });
  expect(invoke(["--open", "demo"])).toMatchObject({ command: "demo", settings: { open: true } });
  expect(invoke(["serve"])).toMatchObject({ command: "serve" });
});

test("readInvocation reads every flag", () => {
  const flags =
    "--host ::1 --rtmp-port 0 --http-port=65535 --rtmps-port 0 --https-port 443 --tls-cert c.pem --tls-key k.pem --rtmps-tls-max 1.3 --data-dir /d --open --local-publish off --rtmpe off --capture-dir /c --grace-period 1.5 --hls-part 333 --hls-target-duration 6 --dvr 4h --dvr-disk 1.5TB --record live/* --record a/b --record-dir /r --embed-origins self --embed-origins https://*.example.com --record-interval 60 --record-keep off --record-disk 10MB --log-level debug --log-format pretty";
  expect(settings(flags.split(" "))).toEqual({
    host: "::1",
    rtmpPort: 0,
    httpPort: 65_535,
    rtmpsPort: 0,
    httpsPort: 443,
    tlsCert: "c.pem",
    tlsKey: "k.pem",
    rtmpsTlsMax: "1.3",
    dataDir: "/d",
    open: true,
    localPublish: false,
    rtmpe: false,
    captureDir: "/c",
    gracePeriod: 1500,
    hlsPart: 333,
    hlsTargetDuration: 6000,
    dvr: 14_400_000,
    dvrDisk: 1.5e12,
    record: ["live/*", "a/b"],
    embedOrigins: ["self", "https://*.example.com"],
    recordDir: "/r",
    recordInterval: 60_000,
    recordKeep: undefined,
    recordDisk: 10e6,
    relays: [],
    relayTlsCa: undefined,
    logLevel: "debug",
    logFormat: "pretty",
  });
});

test("readInvocation reads every variable", () => {
  const env = {
    SLUICE_HOST: "localhost",
    SLUICE_RTMP_PORT: "1",
    SLUICE_HTTP_PORT: "2",
    SLUICE_RTMPS_PORT: "3",
    SLUICE_HTTPS_PORT: "4",
    SLUICE_TLS_CERT: "c",
    SLUICE_TLS_KEY: "k",
    SLUICE_RTMPS_TLS_MAX: "1.2",
    SLUICE_DATA_DIR: "/e",
    SLUICE_OPEN: "on",
    SLUICE_LOCAL_PUBLISH: "false",
    SLUICE_RTMPE: "no",
    SLUICE_CAPTURE_DIR: "/f",
    SLUICE_GRACE_PERIOD: "0",
    SLUICE_LOG_LEVEL: "error",
    SLUICE_HLS_PART: "1000",
    SLUICE_HLS_TARGET_DURATION: "60",
    SLUICE_DVR: "90s",
    SLUICE_DVR_DISK: "500MB",
    SLUICE_LOG_FORMAT: "json",
    SLUICE_RECORD: "live/* **",
    SLUICE_EMBED_ORIGINS: "none",
    SLUICE_RECORD_DIR: "/r",
    SLUICE_RECORD_INTERVAL: "0.5",
    SLUICE_RECORD_KEEP: "12h",
    SLUICE_RECORD_DISK: "1.5TB",
  };
  expect(settings([], env)).toEqual({
    host: "localhost",
    rtmpPort: 1,
    httpPort: 2,
    rtmpsPort: 3,
    httpsPort: 4,
    tlsCert: "c",
    tlsKey: "k",
    rtmpsTlsMax: "1.2",
    dataDir: "/e",
    open: true,
    localPublish: false,
    rtmpe: false,
    captureDir: "/f",
    gracePeriod: 0,
    hlsPart: 1000,
    hlsTargetDuration: 60_000,
    dvr: 90_000,
    dvrDisk: 500e6,
    record: ["live/*", "**"],
    embedOrigins: ["none"],
    recordDir: "/r",
    recordInterval: 500,
    recordKeep: 43_200_000,
    recordDisk: 1.5e12,
    relays: [],
    relayTlsCa: undefined,
    logLevel: "error",
    logFormat: "json",
  });
});

test("flags beat the environment, which beats the file, which beats the defaults", () => {
  const path = file("rtmp-port: 1\nhttp-port: 11\ngrace-period: 7\nopen: true\n");
  const env = { SLUICE_CONFIG: path, SLUICE_RTMP_PORT: "2", SLUICE_HTTP_PORT: "12" };
  expect(settings(["--rtmp-port", "3"], env)).toEqual({
    ...defaults,
    rtmpPort: 3,
    httpPort: 12,
    gracePeriod: 7000,
    open: true,
  });
  expect(settings(["--no-open", "--config", path])).toMatchObject({ open: false, rtmpPort: 1 });
  expect(settings(["--config", file("")])).toEqual(defaults);
  expect(settings(["--config", file("open: off\nlocal-publish: off\nhost: 127.0.0.1")])).toEqual({
    ...defaults,
    localPublish: false,
    host: "127.0.0.1",
  });
});

test("a TLS version is one in the file too, where YAML takes it for a number", () => {
  expect(settings(["--config", file("rtmps-tls-max: 1.3")])).toMatchObject({ rtmpsTlsMax: "1.3" });
});

const PORTS = "a whole number from 0 to 65535 (0: any free port)";

describe("readInvocation refuses with one line that names setting, value and what is allowed", () => {
  test.each([
    [["--rtmp-port", "abc"], `--rtmp-port: "abc" is not allowed here; allowed: ${PORTS}`],
    [["--rtmp-port", "65536"], `--rtmp-port: "65536" is not allowed here; allowed: ${PORTS}`],
    [["--http-port", "-1"], `--http-port: "-1" is not allowed here; allowed: ${PORTS}`],
    [["--http-port", "1e3"], `--http-port: "1e3" is not allowed here; allowed: ${PORTS}`],
    [["--http-port"], `--http-port: a value is missing; allowed: ${PORTS}`],
    [["--config"], "--config: a value is missing; allowed: the path of a file"],
    [["--host", "a b"], '--host: "a b" is not allowed here; allowed: an IP address or a host name'],
    [["--data-dir", ""], '--data-dir: "" is not allowed here; allowed: the path of a folder'],
    [
      ["--local-publish", "maybe"],
      '--local-publish: "maybe" is not allowed here; allowed: on or off',
    ],
    [
      ["--hls-part", "50"],
      '--hls-part: "50" is not allowed here; allowed: a whole number of ms from 100 to 1000',
    ],
    [
      ["--dvr", "120"],
      '--dvr: "120" is not allowed here; allowed: a time such as 90s, 30m or 4h, up to 48h',
    ],
    [
      ["--dvr", "49h"],
      '--dvr: "49h" is not allowed here; allowed: a time such as 90s, 30m or 4h, up to 48h',
    ],
    [
      ["--dvr-disk", "10K"],
      '--dvr-disk: "10K" is not allowed here; allowed: a number with MB, GB or TB behind it, 10MB at least',
    ],
    [
      ["--hls-target-duration", "2.5"],
      '--hls-target-duration: "2.5" is not allowed here; allowed: a whole number of seconds from 2 to 60',
    ],
    [
      ["--grace-period", "5m"],
      '--grace-period: "5m" is not allowed here; allowed: a number of seconds from 0 to 3600',
    ],
    [
      ["--log-level", "loud"],
      '--log-level: "loud" is not allowed here; allowed: debug, info, warn or error',
    ],
    [
      ["--rtmp-port", "9", "--http-port", "9"],
      "--http-port: 9 is not allowed here; allowed: a port of its own for RTMP, HTTP, RTMPS and HTTPS each",
    ],
    [
      ["--https-port", "1935", "--tls-cert", "c", "--tls-key", "k"],
      "--https-port: 1935 is not allowed here; allowed: a port of its own for RTMP, HTTP, RTMPS and HTTPS each",
    ],
    [["--rtmps-port", "0"], "--rtmps-port: 0 also needs --tls-cert and --tls-key"],
    [["--https-port", "8443", "--tls-cert", "c"], "--https-port: 8443 also needs --tls-key"],
    [["--tls-cert", "c"], '--tls-cert: "c" also needs --tls-key'],
    [["--tls-key", "k"], '--tls-key: "k" also needs --tls-cert'],
    [["--rtmps-tls-max", "1.1"], '--rtmps-tls-max: "1.1" is not allowed here; allowed: 1.2 or 1.3'],
    [["watch"], 'command: "watch" is not allowed here; allowed: serve or demo'],
    [["serve", "demo"], "command: only one is allowed: serve or demo"],
  ])("%j", (args, message) => {
    expect(() => invoke(args)).toThrow(new SettingsError(message));
  });

  test("an unknown flag", () => {
    for (const flag of ["--quic-port", "--metrics", "-x"]) {
      const message = new RegExp(`^${flag} is no setting; allowed: --host .* --version$`);
      expect(() => invoke([flag, "1"])).toThrow(message);
    }
  });

  test("but not what Kubernetes sets where a service has our name", () => {
    const env = {
      SLUICE_SERVICE_HOST: "10.0.0.1",
      SLUICE_SERVICE_PORT_HTTP: "8080",
      SLUICE_PORT: "tcp://10.0.0.1:8080",
      SLUICE_PORT_8080_TCP_ADDR: "10.0.0.1",
    };
    expect(() => invoke([], env)).not.toThrow();
  });

  test("an unknown or wrong variable", () => {
    expect(() => invoke([], { SLUICE_PORT: "1" })).toThrow(
      /^SLUICE_PORT is no setting; allowed: SLUICE_HOST SLUICE_RTMP_PORT .* SLUICE_CONFIG$/,
    );
    expect(() => invoke([], { SLUICE_RTMP_PORT: "" })).toThrow(
      `SLUICE_RTMP_PORT: "" is not allowed here; allowed: ${PORTS}`,
    );
  });

  test.each([
    ["rtmp-prot: 1", /^"rtmp-prot" in .*sluice\.yaml is no setting; allowed: host rtmp-port /],
    ["rtmpPort: 1", /^"rtmpPort" in .* is no setting/],
    ["rtmp-port: [1]", /^rtmp-port in .*: \[1\] is not allowed here; allowed: a whole/],
    ["rtmp-port: 1.5", /^rtmp-port in .*: 1\.5 is not allowed here/],
    ["rtmp-port:", /^rtmp-port in .*: null is not allowed here/],
    ["host: 5", /^host in .*: 5 is not allowed here; allowed: an IP address/],
    ["rtmps-tls-max: 1.1", /^rtmps-tls-max in .*: 1\.1 is not allowed here; allowed: 1\.2 or/],
    ["- a", /^--config .*: \["a"\] is not allowed here/],
    ["a: 1\nb: [", /^--config: .*sluice\.yaml, line 2, is not YAML: /],
    ["rtmp-port: 1\nrtmp-port: 2", /^--config: .*, line 2, is not YAML: Map keys must be unique$/],
  ])("the file %j", (text, message) => {
    const read = () => invoke(["--config", file(text)]);
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/\n/);
  });

  test("a file that is not there", () => {
    expect(() => invoke(["--config", join(folder, "none.yaml")])).toThrow(
      /^--config: cannot read .*none\.yaml \(ENOENT\)$/,
    );
  });
});

describe("relays", () => {
  const url = "rtmp://there/app/name?key=topsecret=";

  test("come from flags, as often as there are", () => {
    const flags = [
      ...["--pull", `live/a=${url}`, "--push", `live/b=${url}`, "--push", `live/b=${url}2`],
      ...["--pull-always", `live/c=${url}`, "--push", "live/*=rtmp://there/app/*"],
    ];
    expect(settings(flags).relays).toEqual([
      { kind: "pull", streamPath: "live/a", url },
      { kind: "pull", when: "always", streamPath: "live/c", url },
      { kind: "push", streamPath: "live/b", url },
      { kind: "push", streamPath: "live/b", url: `${url}2` },
      { kind: "push", streamPath: "live/*", url: "rtmp://there/app/*" },
    ]);
  });

  test("come from the environment, with space between", () => {
    expect(settings([], { SLUICE_PUSH: ` live/b=${url}  live/c=${url}` }).relays).toEqual([
      { kind: "push", streamPath: "live/b", url },
      { kind: "push", streamPath: "live/c", url },
    ]);
  });

  test("come from the file, with all that they can say", () => {
    const ca = join(folder, "ca.pem");
    writeFileSync(ca, "-----BEGIN CERTIFICATE-----\n");
    const path = file(`
relay-tls-ca: ${ca}
pull:
  - live/a=${url}
  - { streamPath: live/b, url: "${url}", when: always, tls: { verify: false } }
push:
  - { streamPath: live/c, url: "rtmps://there/app", streamKey: k, enhanced: true, tls: { ca: "${ca}" } }
`);
    const text = "-----BEGIN CERTIFICATE-----\n";
    const { relays, relayTlsCa } = settings(["--config", path]);
    expect(relayTlsCa).toBe(text);
    expect(relays).toEqual([
      { kind: "pull", streamPath: "live/a", url },
      { kind: "pull", streamPath: "live/b", url, when: "always", tls: { verify: false } },
      {
        ...{ kind: "push", streamPath: "live/c", url: "rtmps://there/app", streamKey: "k" },
        ...{ enhanced: true, tls: { ca: text } },
      },
    ]);
  });

  test.each([
    [["--push", "live/x"], /^--push: there is no = between APP\/NAME and URL; allowed: APP/],
    [["--push", "topsecret"], /^--push: there is no =/],
    [["--push", "live/x=topsecret"], /^--push: "live\/x": its URL cannot be used: it has not the/],
    [["--push", "rtmp://h/a/topsecret=x"], /^--push: "\*\*\*": it is no APP\/NAME/],
    [["--pull", "live/*=rtmp://h/a/topsecret"], /^--pull: "live\/\*": one stream only/],
    [["--push", "live/*=rtmp://h/a/topsecret"], /its name must be \*/],
    [["--push", "live/x=rtmp://h/topsecret/*"], /its name is \*, but only one/],
    [["--relay-tls-ca", "/nowhere"], /^--relay-tls-ca: cannot read \/nowhere \(ENOENT\)/],
    [["--psuh=live/x=rtmp://h/a/topsecret"], /^--psuh is no setting/],
  ])("that cannot be are refused, without a secret: %j", (args, message) => {
    expect(() => invoke(args)).toThrow(SettingsError);
    expect(() => invoke(args)).toThrow(message);
    expect(() => invoke(args)).not.toThrow(/topsecret|\n/);
  });

  test("more than there may be are refused at the start, by name", () => {
    const push = Array.from({ length: 100 }, () => "--push=live/a=rtmp://h/a/topsecret");
    const read = () => invoke(["--pull", "live/a=rtmp://h/a/topsecret", ...push]);
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(/^--push: no more than 100 relays can be set, of all kinds; allowed: APP/);
    expect(read).not.toThrow(/topsecret|\n/);
    expect(invoke(push)).toMatchObject({ command: "serve" });
  });

  test.each([
    ["push: 5", /^push in .*: it is no list/],
    ["push: { a: topsecret }", /^push in .*: it is no list/],
    ["push: [{ streamPath: live/x, url: 'rtmp://h/a/topsecret', whne: 1 }]", /^push in .*: 0/],
    [
      "push: [{ streamPath: live/x, url: 'rtmp://h/a/topsecret', when: always }]",
      /^push in .*: "live\/x": a push goes on while/,
    ],
  ])("that cannot be in the file are refused, without a secret: %j", (text, message) => {
    const read = () => invoke(["--config", file(text)]);
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/topsecret|\n/);
  });
});

test("--help prints every setting and --version the version", () => {
  const help = invoke(["--help"]);
  const text = help.command === "print" ? help.text : "";
  for (const flag of ["host", "rtmp-port", "http-port", "data-dir", "open", "local-publish"]) {
    expect(text).toContain(`--${flag}`);
  }
  expect(text).toMatch(/demo +the same/);
  expect(text).not.toContain("no-open");
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(invoke(["--version"])).toEqual({ command: "print", text: "1.2.3\n" });
});

describe("completeSettings", () => {
  test("gives what is not set the defaults of the command line", () => {
    expect(completeSettings({})).toEqual({ ...defaults, logFormat: "json" });
    const set = { rtmpPort: 0, open: true, gracePeriod: 1500, host: undefined };
    expect(completeSettings(set)).toEqual({ ...defaults, ...set, logFormat: "json" });
  });

  test("takes what the command line gives as it is", () => {
    const whole = settings(["--grace-period", "0.25", "--rtmp-port", "0", "--no-open"]);
    expect(completeSettings(whole)).toEqual(whole);
  });

  test.each<[object, string]>([
    [{ rtmpPort: 70_000 }, "settings.rtmpPort: 70000 is not allowed here; allowed: a whole number"],
    [{ httpPort: 1935 }, "settings.httpPort: 1935 is not allowed here; allowed: a port of its own"],
    [{ gracePeriod: -1 }, "settings.gracePeriod: -1 is not allowed here; allowed: a number of ms"],
    [{ dvr: -1 }, "settings.dvr: -1 is not allowed here; allowed: a number of ms from 0 to"],
    [{ hlsTargetDuration: 2500 }, "settings.hlsTargetDuration: 2500 is not allowed here"],
    [{ gracePeriod: Number.NaN }, "settings.gracePeriod: null is not allowed here"],
    [{ rtmpsPort: 0 }, "settings.rtmpsPort: 0 also needs --tls-cert and --tls-key"],
    [{ prot: 1 }, "settings.prot is no setting; allowed: host rtmpPort"],
    [{ recordInterval: 10 }, "settings.recordInterval: 10 is not allowed here"],
    [{ recordKeep: 0 }, "settings.recordKeep: 0 is not allowed here"],
    [{ record: ["/"] }, 'settings.record: ["/"] is not allowed here; allowed: APP/NAME, where'],
    [{ embedOrigins: ["*", "self"] }, 'settings.embedOrigins: ["*","self"] is not allowed here'],
    [{ embedOrigins: ["https://a;b"] }, 'settings.embedOrigins: ["https://a;b"] is not allowed'],
    [{ embedOrigins: ["https://a/b"] }, 'settings.embedOrigins: ["https://a/b"] is not allowed'],
    [{ recordDisk: 5 }, "settings.recordDisk: 5 is not allowed here; allowed: a number with MB"],
    [{ pull: "x" }, "settings.pull is no setting; allowed: host rtmpPort"],
  ])("refuses %o as the command line does", (given, message) => {
    expect(() => completeSettings(given)).toThrow(SettingsError);
    expect(() => completeSettings(given)).toThrow(message);
  });
});
