import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  isDirectLoopback,
  isLoopbackHost,
  isSameOrigin,
} from "../../server/access/direct-loopback.ts";
import { decidePublish } from "../../server/access/publish-decision.ts";
import {
  isPublishKey,
  keyIdentity,
  loadPublishKey,
  PublishKeyError,
} from "../../server/access/publish-key.ts";

describe("isDirectLoopback", () => {
  test.each(["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])("%s is this machine", (peer) => {
    expect(isDirectLoopback(peer)).toBe(true);
    expect(isDirectLoopback(peer, { host: "localhost", accept: "*/*" })).toBe(true);
  });
  test.each(["192.168.1.2", "::ffff:10.0.0.1", "::", "1270.0.0.1", "127.0.0.1.example", undefined])(
    "%s is not",
    (peer) => expect(isDirectLoopback(peer)).toBe(false),
  );
  test.each(["forwarded", "via", "x-forwarded-for", "X-Forwarded-Host", "x-real-ip", "cf-ray"])(
    "a request with %s came through a proxy",
    (name) => expect(isDirectLoopback("127.0.0.1", { [name]: "1" })).toBe(false),
  );
});

test.each([
  ["localhost", true],
  ["LOCALHOST:8080", true],
  ["127.0.0.1:1", true],
  ["[::1]:8080", true],
  ["[::1]", true],
  ["demo.localhost:80", true],
  ["localhost.example.com", false],
  ["example.com:8080", false],
  ["127.0.0.1.nip.io", false],
  ["192.168.1.5:8080", false],
  ["localhost:8080:1", false],
  ["", false],
  [undefined, false],
])("isLoopbackHost(%j) is %j", (host, is) => expect(isLoopbackHost(host)).toBe(is));

test.each([
  [{ host: "localhost:8080" }, true],
  [{ host: "localhost:8080", origin: "http://localhost:8080" }, true],
  [
    { host: "localhost:8080", origin: "http://localhost:8080", "sec-fetch-site": "same-origin" },
    true,
  ],
  [{ host: "localhost:8080", "sec-fetch-site": "none" }, true],
  [{ host: "localhost:8080", origin: "http://localhost:9000" }, false],
  [{ host: "localhost:8080", origin: "null" }, false],
  [{ host: "localhost:8080", "sec-fetch-site": "cross-site" }, false],
  [{ host: "localhost:8080", "sec-fetch-site": "same-site" }, false],
])("isSameOrigin(%j) is %j", (headers, is) => expect(isSameOrigin(headers)).toBe(is));

describe("decidePublish", () => {
  const publishKey = "a-key-of-this-server";
  const identity = keyIdentity(publishKey);
  test.each([
    { key: publishKey, isDirectLoopback: false, open: false, localPublish: true, identity },
    { key: publishKey, isDirectLoopback: true, open: true, localPublish: false, identity },
    { key: undefined, isDirectLoopback: true, open: false, localPublish: true },
    { key: "wrong", isDirectLoopback: true, open: false, localPublish: true },
    { key: undefined, isDirectLoopback: false, open: true, localPublish: false },
  ])("allows %j", ({ identity: is, ...given }) => {
    expect(decidePublish(given, { publishKey, ...given })).toEqual({ allowed: true, identity: is });
  });
  test.each([
    { key: undefined, isDirectLoopback: false, open: false, localPublish: true },
    { key: undefined, isDirectLoopback: true, open: false, localPublish: false },
    { key: "wrong", isDirectLoopback: false, open: false, localPublish: true },
    { key: "", isDirectLoopback: false, open: false, localPublish: true },
    { key: `${publishKey}x`, isDirectLoopback: false, open: false, localPublish: true },
  ])("refuses %j, saying how to pass a key and not the key", (given) => {
    const decision = decidePublish(given, { publishKey, ...given });
    expect(decision.allowed).toBe(false);
    const description = decision.allowed ? "" : decision.description;
    expect(description).toContain("NAME?key=PUBLISHKEY");
    expect(description).toContain("publish.key");
    expect(description).not.toContain(publishKey);
  });
  test("the identity is no part of the key", () => {
    expect(identity).toMatch(/^key-[0-9a-f]{8}$/);
    expect(isPublishKey(identity, publishKey)).toBe(false);
  });
});

describe("loadPublishKey", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-key-"));
  });
  afterEach(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
  });

  test("makes folder and key on the first start, for the owner alone, and keeps it", () => {
    const dataDir = join(folder, "a", "data");
    const { key, file } = loadPublishKey(dataDir);
    expect(key).toMatch(/^[\w-]{32,}$/);
    expect(file).toBe(join(dataDir, "publish.key"));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8").trim()).toBe(key);
    expect(loadPublishKey(dataDir)).toEqual({ key, file });
    expect(loadPublishKey(join(folder, "b")).key).not.toBe(key);
  });

  test("trims what an editor left around the key", () => {
    writeFileSync(join(folder, "publish.key"), "  my-own-key-with-20-chars \r\n\n");
    expect(loadPublishKey(folder).key).toBe("my-own-key-with-20-chars");
  });

  test.each(["", "short", "two words in one key file", "a".repeat(257)])(
    "refuses a file that holds %j without showing it",
    (text) => {
      writeFileSync(join(folder, "publish.key"), text);
      const load = () => loadPublishKey(folder);
      expect(load).toThrow(PublishKeyError);
      expect(load).toThrow(/publish\.key holds no publish key: 16 to 256/);
      if (text !== "") expect(load).not.toThrow(text);
    },
  );

  test("names the folder or file that cannot be used", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => loadPublishKey(join(folder, "file"))).toThrow(/^--data-dir: cannot make .*EEXIST/);
    mkdirSync(join(folder, "publish.key"));
    expect(() => loadPublishKey(folder)).toThrow(/^--data-dir: cannot read .*EISDIR/);
    expect(existsSync(join(folder, "publish.key"))).toBe(true);
  });
});
