import fc from "fast-check";
import { expect, test } from "vitest";
import type { DataValue } from "../../../server/protocol/media/sample.ts";
import { toJsonValues } from "../../../server/protocol/text/json-value.ts";

const members = (entries: { [name: string]: DataValue }): DataValue =>
  Object.assign(Object.create(null), entries);

test.each<{ name: string; value: DataValue; json: string }>([
  {
    name: "numbers that are none",
    value: [Number.NaN, Number.POSITIVE_INFINITY],
    json: "[null,null]",
  },
  { name: "a date", value: new Date(1234), json: '"1970-01-01T00:00:01.234Z"' },
  { name: "a date that is none", value: new Date(Number.NaN), json: "null" },
  {
    name: "bytes, a view",
    value: Uint8Array.of(9, 1, 2, 9).subarray(1, 3),
    json: '{"base64":"AQI="}',
  },
  {
    name: "names that are something to JavaScript",
    value: members({ ["__proto__"]: "a", toJSON: "b", constructor: null }),
    json: '{"__proto__":"a","toJSON":"b","constructor":null}',
  },
])("toJsonValues: $name", ({ value, json }) => {
  expect(JSON.stringify(toJsonValues([value], 1000)?.[0])).toBe(json);
});

test("toJsonValues gives up before it has built what is too long", () => {
  const text = "x".repeat(60_000);
  const shared: DataValue = Array.from({ length: 60_000 }, () => text); // 3.6 GB as JSON
  expect(toJsonValues([shared], 65_536)).toBeUndefined();
  expect(toJsonValues([new Uint8Array(60_000)], 65_536)).toBeUndefined();
  expect(toJsonValues([text], 65_536)).toEqual([text]);
});

test("toJsonValues: any values come through JSON as they are", () => {
  const leaf = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.string());
  const { value } = fc.letrec<{ value: DataValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("value")),
      fc.dictionary(fc.string(), tie("value")),
    ),
  }));
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const json = JSON.stringify(toJsonValues(values, 1_000_000));
      expect(json).toBe(JSON.stringify(values));
    }),
  );
});
