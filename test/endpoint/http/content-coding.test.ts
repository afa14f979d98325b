import { expect, test } from "vitest";
import { chooseCoding } from "../../../server/endpoint/http/content-coding.ts";

test.each([
  [undefined, "identity"],
  ["", "identity"],
  ["gzip", "gzip"],
  ["gzip, deflate, br", "br"],
  ["gzip, deflate, br, zstd", "br"],
  ["br;q=0.5, gzip;q=0.8", "gzip"],
  ["br;q=0, gzip", "gzip"],
  ["gzip;q=0", "identity"],
  ["gzip;q=0.000, br;q=0.0", "identity"],
  ["*", "br"],
  ["*;q=0.1, br;q=0", "gzip"],
  ["identity, gzip;q=0.5", "identity"],
  ["identity;q=0, gzip;q=0.1", "gzip"],
  ["X-GZIP ; Q=0.3", "gzip"],
  ["gzip;q=x", "identity"],
  ["deflate", "identity"],
])("chooseCoding: Accept-Encoding %j is %s", (header, coding) => {
  expect(chooseCoding(header)).toBe(coding);
});
