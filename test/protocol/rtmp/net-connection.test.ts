import { expect, test } from "vitest";
import { type Amf0Value, EcmaArray } from "../../../server/protocol/amf0/value.ts";
import { decodeCommand } from "../../../server/protocol/rtmp/command.ts";
import { connectResult, readConnect } from "../../../server/protocol/rtmp/net-connection.ts";

const read = (commandObject: Amf0Value) =>
  readConnect({ name: "connect", transactionId: 1, commandObject, parameters: [] });

const nothing = {
  ...{ app: "", tcUrl: "", flashVer: "", objectEncoding: 0 },
  capabilities: undefined,
};

test.each<{ name: string; object: Amf0Value; request: object }>([
  { name: "nothing", object: null, request: nothing },
  {
    name: "FFmpeg's object",
    object: { app: "live", type: "nonprivate", flashVer: "FMLE/3.0", tcUrl: "rtmp://h/live" },
    request: { ...nothing, app: "live", flashVer: "FMLE/3.0", tcUrl: "rtmp://h/live" },
  },
  {
    name: "an ECMA array",
    object: new EcmaArray({ app: "live" }),
    request: { ...nothing, app: "live" },
  },
  { name: "tcurl", object: { tcurl: "rtmp://h/a" }, request: { ...nothing, tcUrl: "rtmp://h/a" } },
  {
    name: "AMF3 wanted",
    object: { objectEncoding: 3 },
    request: { ...nothing, objectEncoding: 3 },
  },
  { name: "fields of wrong types", object: { app: 7, tcUrl: null, capsEx: "1" }, request: nothing },
  { name: "a player's flags of old", object: { videoFunction: 1 }, request: nothing },
  {
    name: "Enhanced RTMP v1",
    object: { fourCcList: ["hvc1", "av01", 7] },
    request: { ...nothing, capabilities: { fourCcList: ["hvc1", "av01"] } },
  },
  {
    name: "Enhanced RTMP v2",
    object: {
      ...{ videoFourCcInfoMap: { "*": 2, x: "y" }, audioFourCcInfoMap: { Opus: 2 } },
      ...{ capsEx: 3, videoFunction: 2 },
    },
    request: {
      ...nothing,
      capabilities: {
        ...{ videoFourCcInfoMap: { "*": 2 }, audioFourCcInfoMap: { Opus: 2 } },
        ...{ capsEx: 3, videoFunction: 2 },
      },
    },
  },
])("readConnect reads $name", ({ object, request }) => {
  expect(read(object)).toEqual(request);
});

test("connectResult says nothing of Enhanced RTMP to those who do not", () => {
  const { commandObject, parameters } = decodeCommand(
    connectResult(1, read({ objectEncoding: 3 })),
  );
  expect({ ...(commandObject as object) }).toEqual({
    ...{ fmsVer: "FMS/3,0,1,123", capabilities: 31, mode: 1 },
  });
  expect(parameters[0]).toMatchObject({
    ...{ level: "status", code: "NetConnection.Connect.Success", objectEncoding: 3 },
  });
});

test("connectResult tells a client of Enhanced RTMP what is forwarded", () => {
  const request = read({ fourCcList: ["hvc1"] });
  expect(decodeCommand(connectResult(1, request)).commandObject).toMatchObject({
    ...{ fourCcList: ["*"], videoFourCcInfoMap: { "*": 4 }, audioFourCcInfoMap: { "*": 4 } },
    ...{ capsEx: 15, videoFunction: 6 },
  });
});
