import parser from "mux.js/lib/mp4/emsg.js";
import { expect, test } from "vitest";
import { ascii } from "../../../server/protocol/bytes/bytes.ts";
import { emsg } from "../../../server/protocol/isobmff/emsg.ts";
import { hex } from "../../support/hex.ts";

const MESSAGE = {
  timescale: 90_000,
  presentationTime: 2 ** 33 + 5,
  duration: undefined,
  id: 7,
  scheme: "urn:scte:scte35:2013:bin",
  value: "",
  data: hex`fc30`,
};

test("emsg is the box of ISO/IEC 23009-1 §5.10.3.3, version 1", () => {
  expect(emsg(MESSAGE)).toEqual(hex`
    0000003c 656d7367 01 000000
    00015f90 0000000200000005 ffffffff 00000007     // timescale, time, unknown duration, id
    75726e3a736374653a7363746533353a323031333a62696e 00   00
    fc30
  `);
});

test("mux.js reads an emsg as it was meant", () => {
  const box = emsg({ ...MESSAGE, duration: 180_000, value: "1", data: ascii("hello") });
  const read = parser.parseEmsgBox(box.slice(8));
  expect(read).toMatchObject({
    scheme_id_uri: "urn:scte:scte35:2013:bin\0",
    value: "1\0",
    timescale: 90_000,
    presentation_time: 2 ** 33 + 5,
    event_duration: 180_000,
    id: 7,
    message_data: ascii("hello"),
  });
});
