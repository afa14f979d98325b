import { expect, test } from "vitest";
import {
  checkSpec,
  matches,
  type RelaySpec,
  type RelaySpecError,
  urlFor,
} from "../../../server/endpoint/relay/relay-spec.ts";

const push = (fields: Partial<RelaySpec> = {}): RelaySpec => ({
  ...{ kind: "push", streamPath: "live/x", url: "rtmp://there/app/topsecret" },
  ...fields,
});

test.each<[string, Partial<RelaySpec>, RelaySpecError["field"]]>([
  ["one part", { streamPath: "live" }, "streamPath"],
  ["a part that nobody can publish", { streamPath: "live/a b" }, "streamPath"],
  ["a path that leads elsewhere", { streamPath: "live/../x" }, "streamPath"],
  ["a star in the middle", { streamPath: "*/x" }, "streamPath"],
  ["too long a path", { streamPath: `live/${"a".repeat(300)}` }, "streamPath"],
  ["a pull of all", { kind: "pull", streamPath: "live/*", url: "rtmp://t/a/*" }, "streamPath"],
  ["a time for a push", { when: "always" }, "when"],
  ["no URL", { url: "topsecret" }, "url"],
  ["all streams to one name", { streamPath: "live/*" }, "url"],
  ["one stream to all names", { url: "rtmp://there/app/*" }, "url"],
])("a relay with %s cannot be", (_name, fields, field) => {
  expect(() => checkSpec(push(fields))).toThrow(expect.objectContaining({ field }));
  expect(() => checkSpec(push(fields))).not.toThrow(/topsecret/);
});

test("the star of a push stands for each stream's name", () => {
  const all = push({ streamPath: "live/*", url: "rtmp://there/app/*?key=*" });
  checkSpec(all);
  expect(urlFor(all, "live/show")).toMatchObject({ app: "app", streamName: "show?key=*" });
  const withKey = push({ streamPath: "live/*", url: "rtmp://there/app/*", streamKey: "*?k=1" });
  expect(urlFor(withKey, "live/show")).toMatchObject({ app: "app/*", streamName: "show?k=1" });
  expect(matches(all, "live/show")).toBe(true);
  expect(matches(all, "live/show/two")).toBe(false);
  expect(matches(all, "other/show")).toBe(false);
});
