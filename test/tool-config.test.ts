import { expect, test } from "vitest";
import { SettingsError } from "../server/config/settings.ts";
import { readToolInvocation } from "../server/tool-config.ts";

const read = (line: string) => readToolInvocation(line.split(" "));

test("readToolInvocation leaves other commands alone", () => {
  expect(read("serve --open")).toBeUndefined();
  expect(readToolInvocation([])).toBeUndefined();
});

test("readToolInvocation reads capture", () => {
  expect(read("capture --listen 1936 --to rtmp://host")).toEqual({
    ...{ command: "capture", host: undefined, port: 1936, out: undefined },
    ...{ blank: false, keepNames: false },
    to: {
      ...{ tls: false, host: "host", port: 1935, origin: "rtmp://host:1935" },
      ...{ app: undefined, streamName: undefined },
    },
  });
  const all =
    "capture --to rtmps://[::1]:5/live --host ::1 --listen 0 --out f --blank --keep-names";
  expect(read(all)).toMatchObject({
    ...{ host: "::1", port: 0, out: "f", blank: true, keepNames: true },
    to: { tls: true, host: "::1", port: 5, origin: "rtmps://[::1]:5", app: "live" },
  });
});

test.each([
  ["rtmp://h/live/show?key=1", { app: "live", streamName: "show?key=1", port: 1935 }],
  ["rtmp://h:1/a/b/c/", { app: "a/b", streamName: "c", port: 1 }],
  ["rtmps://h/live?token=a/b", { app: "live", streamName: undefined, port: 443 }],
  ["RTMP://h", { app: undefined, streamName: undefined, tls: false }],
])("readToolInvocation reads replay to %s", (url, to) => {
  expect(read(`replay file --to ${url}`)).toMatchObject({
    ...{ command: "replay", file: "file", speed: 1, key: undefined },
    to,
  });
});

test("readToolInvocation reads the speed and the key of a replay", () => {
  expect(read("replay f --to rtmp://h --speed max --key K")).toMatchObject({
    ...{ speed: Number.POSITIVE_INFINITY, key: "K" },
  });
  expect(read("replay f --to rtmp://h --speed 2.5")).toMatchObject({ speed: 2.5 });
});

test.each([
  ["capture --to rtmp://h", "--listen"],
  ["capture --listen 1", "--to"],
  ["capture --listen 99999 --to rtmp://h", "99999"],
  ["capture --listen 1 --to http://h", "http://h"],
  ["capture --listen 1 --to rtmp://h:0", "rtmp://h:0"],
  ["capture --listen 1 --to rtmp://h more", "more"],
  ["capture --wrong", "--wrong"],
  ["replay --to rtmp://h", "a file is missing"],
  ["replay a b --to rtmp://h", "only one file"],
  ["replay a --to rtmp://h --speed 0", "--speed"],
  ["replay a --to rtmp://h --speed fast", "fast"],
])("readToolInvocation refuses %s in one line", (line, words) => {
  expect(() => read(line)).toThrow(SettingsError);
  expect(() => read(line)).toThrow(words);
  expect(() => read(line)).not.toThrow("\n");
});

test("readToolInvocation shows no key of a wrong address", () => {
  expect(() => read("replay a --to rtmp://h:0/live/a?key=SECRET")).not.toThrow("SECRET");
});

test.each(["capture", "replay"])("readToolInvocation prints the help of %s", (command) => {
  expect(read(`${command} --help`)).toMatchObject({
    command: "print",
    text: expect.stringContaining("--to <URL>"),
  });
});
