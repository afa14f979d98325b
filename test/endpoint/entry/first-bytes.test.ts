import { expect, test } from "vitest";
import { speechOf } from "../../../server/endpoint/entry/first-bytes.ts";

test.each([
  { name: "RTMP's version", byte: 3, speech: "rtmp" },
  { name: "an encrypted version", byte: 6, speech: "rtmp" },
  { name: "version 0, reserved like those up to 31", byte: 0, speech: "rtmp" },
  { name: "version 31", byte: 31, speech: "rtmp" },
  { name: "the first forbidden version", byte: 32, speech: "unknown" },
  { name: "a TLS record", byte: 0x16, speech: "tls" },
  { name: "a capital letter", byte: 0x47, speech: "http" },
  { name: "anything else", byte: 0xff, speech: "unknown" },
])("speechOf knows $name", ({ byte, speech }) => {
  expect(speechOf(byte)).toBe(speech);
});
