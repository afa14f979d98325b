import { expect, test } from "vitest";
import { publicBase } from "../../server/access/public-base.ts";

const plain = {};
const inTls = { encrypted: true };

test.each([
  [{ host: "a.example:8080" }, plain, "http://a.example:8080/"],
  [{ host: "a.example" }, inTls, "https://a.example/"],
  [{ host: "[::1]:80" }, plain, "http://[::1]/"],
  [{ host: "inner", "x-forwarded-host": "out.example, inner" }, plain, "http://out.example/"],
  [{ host: "a.example", "x-forwarded-proto": "HTTPS" }, plain, "https://a.example/"],
  [{ host: "a.example", "x-forwarded-proto": "http" }, inTls, "http://a.example/"],
  [{ host: "a.example", "x-forwarded-proto": "javascript" }, plain, "http://a.example/"],
  [{ host: "a.example", "x-forwarded-prefix": "/live/tv/" }, plain, "http://a.example/live/tv/"],
  [{ host: "a.example", "x-forwarded-prefix": "//evil.example" }, plain, "http://a.example/"],
  [{ host: "a.example", "x-forwarded-prefix": '/"><script>' }, plain, "http://a.example/"],
])("publicBase of %o", (headers, socket, expected) => {
  expect(publicBase({ headers, socket })?.href).toBe(expected);
});

test.each([
  {},
  { host: "" },
  { host: "a b" },
  { host: 'a"><script>' },
  { host: "user@a.example" },
  { host: "a.example/x" },
  { host: "a.example:999999" },
  { host: "a.example:99999" },
  { host: "a.example", "x-forwarded-host": "evil.example/x" },
])("publicBase of %o is none", (headers) => {
  expect(publicBase({ headers, socket: plain })).toBeUndefined();
});
