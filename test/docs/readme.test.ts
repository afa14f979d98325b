import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readInvocation } from "../../server/config.ts";

const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");

test("README.md has every setting of --help, and no other", () => {
  const help = readInvocation(["--help"], { env: {}, isTerminal: false, version: "" });
  const inHelp = [...(help.command === "print" ? help.text : "").matchAll(/^ {2}(--[a-z-]+)/gm)];
  const inTable = [...readme.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = ""]) => [
    ...cell.matchAll(/`(--[a-z-]+)/g),
  ]);
  const names = (found: RegExpExecArray[]) => found.map(([, name]) => name).sort();
  expect(names(inTable)).toEqual(names(inHelp));
});
