import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  followed,
  RelayUrlError,
  readRelayUrl,
  remotePathOf,
  secretsOf,
  shownUrl,
  tcUrlOf,
  withoutSecrets,
} from "../../../server/endpoint/relay/relay-url.ts";

test.each([
  ["rtmp://host/app/name", "rtmp", "host", 1935, "app", "name"],
  ["RTMPS://host/app/name", "rtmps", "host", 443, "app", "name"],
  ["rtmpt://host/app/name", "rtmpt", "host", 80, "app", "name"],
  ["rtmpts://host/app/name", "rtmpts", "host", 443, "app", "name"],
  ["rtmpe://10.0.0.1:19350/app/name", "rtmpe", "10.0.0.1", 19_350, "app", "name"],
  ["rtmp://[::1]:1/a/b/c/name?key=x/y&z", "rtmp", "::1", 1, "a/b/c", "name?key=x/y&z"],
  ["rtmp://host//app/name/", "rtmp", "host", 1935, "app", "name"],
  ["rtmpt://bücher.example/app/name", "rtmpt", "xn--bcher-kva.example", 80, "app", "name"],
])("readRelayUrl reads %s", (text, scheme, host, port, app, streamName) => {
  expect(readRelayUrl(text)).toEqual({ scheme, host, port, app, streamName });
});

test("readRelayUrl takes a stream key as OBS has it: the whole path is the application", () => {
  const url = readRelayUrl("rtmp://host/app/inst?token=a/b", "key/with?x=1");
  expect(url).toMatchObject({ app: "app/inst?token=a/b", streamName: "key/with?x=1" });
  expect(tcUrlOf(url)).toBe("rtmp://host/app/inst?token=a/b");
});

test.each([
  ["http://host/app/name?key=topsecret", /scheme/],
  ["rtmp://host/topsecret", /APP\/NAME/],
  ["rtmp://host/app/?topsecret", /APP\/NAME/],
  ["rtmp://user:topsecret@host/app/name", /user name/],
  ["rtmp://host:0/app/topsecret", /port/],
  ["rtmp://host:99999/app/topsecret", /port/],
  ["rtmp://ho st/app/topsecret", /form/],
  ["rtmpt://ho\u{e000}st/app/topsecret", /host/],
  ["rtmp://host/app/top secret", /form/],
  ["topsecret", /form/],
  [`rtmp://host/app/topsecret${"a".repeat(5000)}`, /longer/],
])("readRelayUrl refuses %.40s, and does not repeat it", (text, message) => {
  expect(() => readRelayUrl(text)).toThrow(RelayUrlError);
  expect(() => readRelayUrl(text)).toThrow(message);
  expect(() => readRelayUrl(text)).not.toThrow(/topsecret/);
});

test("shownUrl shows no query and, of what is pushed, no name", () => {
  const url = readRelayUrl("rtmp://[::1]:1936/app/inst/name?key=x");
  expect(shownUrl(url, "pull")).toBe("rtmp://[::1]:1936/app/inst/name");
  expect(shownUrl(url, "push")).toBe("rtmp://[::1]:1936/app/inst/***");
  expect(shownUrl(readRelayUrl("rtmp://host/app?t=1", "k"), "push")).toBe("rtmp://host/app/***");
});

test("nothing secret is left in what is shown, or in a server's words", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9._~%+-]{12,30}$/);
  const holds = fc.property(word, word, word, (name, key, token) => {
    fc.pre(!name.includes(key) && !name.includes(token));
    const url = readRelayUrl(`rtmp://host/app?token=${token}`, `${name}?key=${key}`);
    const words = `Stream ${name}?key=${key} of app?token=${token}: ${key}, ${decodeURI2(key)}`;
    for (const text of [shownUrl(url, "push"), withoutSecrets(words, url, "push")]) {
      for (const secret of [name, key, token, ...secretsOf(url, "push")]) {
        expect(text).not.toContain(secret);
      }
    }
    expect(withoutSecrets(words, url, "pull")).toContain(name);
    expect(withoutSecrets(words, url, "pull")).not.toContain(key);
  });
  fc.assert(holds);
});

/** As servers may give it back. */
function decodeURI2(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

describe("followed", () => {
  const url = readRelayUrl("rtmp://host/app/name?key=x");

  test.each([
    ["the application alone", "rtmp://other:1936/live", "live", "name?key=x"],
    ["the stream's name behind it", "rtmp://other:1936/live/name", "live", "name?key=x"],
    ["a query of its own", "rtmp://other:1936/live/name?key=y", "live", "name?key=y"],
    ["the application with a query", "rtmp://other:1936/live?t=1", "live?t=1", "name?key=x"],
    ["an application of that name", "rtmp://other:1936/name", "name", "name?key=x"],
  ])("goes where a server says: %s", (_name, named, app, streamName) => {
    expect(followed(url, named)).toMatchObject({ host: "other", port: 1936, app, streamName });
  });

  test("does not give up TLS", () => {
    const secure = readRelayUrl("rtmps://host/app/name");
    expect(() => followed(secure, "rtmp://other/app")).toThrow(/TLS/);
    expect(followed(secure, "rtmps://other/app")).toMatchObject({ scheme: "rtmps" });
  });

  test("refuses what is no address", () => {
    expect(() => followed(url, "http://other/app")).toThrow(RelayUrlError);
  });
});

test("remotePathOf names the stream as a server of our kind does", () => {
  expect(remotePathOf(readRelayUrl("rtmp://host/app/name?key=x"))).toBe("app/name");
  expect(remotePathOf(readRelayUrl("rtmp://host/app/na:me"))).toBeUndefined();
});
