import { expect, test } from "vitest";
import { CHECKS } from "../../../server/live/health/checks.ts";
import type { ListedHealth } from "../../../server/protocol/wire/stream-health.ts";
import { findingsOf, healthBadge, healthFigures } from "../../../web/ui/health-words.ts";
import { publishCommands } from "../../../web/ui/publish-commands.ts";
import { sparkPaths } from "../../../web/ui/sparkline.ts";
import { listedHealth, listedStream } from "../../support/listed.ts";

const values = (health: ListedHealth | undefined) =>
  healthFigures(health).map(({ value }) => value);

test("healthFigures says six figures, and of each whether the doctor minds", () => {
  expect(values(listedHealth())).toEqual(["2.1 Mbit/s", "30 fps", "2 s", "+4 ms", "6 ms", "0"]);
  const health = listedHealth({
    frameRate: 24.04,
    keyframes: { last: 1000, longest: 4200, shortest: 1000 },
    avOffset: -180,
    drops: { encoder: 5, missing: 2, badMessages: 1 },
    findings: [
      { code: "AV_OFFSET", severity: "warning", message: "Sound" },
      { code: "MESSAGES_DROPPED", severity: "error", message: "Messages" },
    ],
  });
  expect(values(health)).toEqual([
    ...["2.1 Mbit/s", "24 of 30 fps", "1 – 4.2 s", "−180 ms", "6 ms", "8"],
  ]);
  const minded = healthFigures(health).flatMap(({ key, severity }) => (severity ? [key] : []));
  expect(minded).toEqual(["av", "drops"]);
});

test("healthFigures says nothing that is not known", () => {
  expect(values(undefined)).toEqual(["–", "–", "–", "–", "–", "–"]);
  const { at, bitrate, pause, drops, second } = listedHealth();
  const young = { at, bitrate, pause, drops, second, findings: [], keyframes: { longest: 3400 } };
  expect(values(young)).toEqual(["2.1 Mbit/s", "–", "over 3 s", "–", "–", "0"]);
});

test("healthBadge says the worst in a word", () => {
  const badge = (...severities: ("error" | "warning" | "info")[]) =>
    healthBadge(
      listedStream("live/a", {
        health: listedHealth({
          findings: severities.map((severity) => ({ code: severity, severity, message: "" })),
        }),
      }),
    );
  expect(badge()).toEqual({ level: "good", words: "Healthy" });
  expect(badge("info")).toEqual({ level: "info", words: "1 hint" });
  expect(badge("info", "info").words).toBe("2 hints");
  expect(badge("warning", "info").level).toBe("warning");
  expect(badge("error", "info").words).toBe("Fault");
  const lost = listedStream("live/a", { state: "reconnecting", health: undefined });
  expect(healthBadge(lost).words).toBe("Line lost");
});

test("findingsOf adds older warnings that the doctor does not say", () => {
  const warnings = [{ code: "LONG_GOP", message: "Key frames" }];
  expect(findingsOf(listedStream("live/a", { warnings }))).toEqual([
    { code: "LONG_GOP", severity: "warning", message: "Key frames" },
  ]);
  const finding = { code: "KEYFRAMES_FAR_APART", severity: "warning", message: "10 s" } as const;
  const health = listedHealth({ findings: [finding] });
  expect(findingsOf(listedStream("live/a", { warnings, health }))).toEqual([finding]);
  expect(CHECKS.map(({ code }) => code)).toContain(finding.code);
});

test("sparkPaths ends at the right edge, and leaves what is not known open", () => {
  expect(sparkPaths([], 4)).toEqual({ line: "", area: "" });
  expect(sparkPaths([0, 0], 4)).toEqual({ line: "", area: "" });
  expect(sparkPaths([10, 5], 4)).toEqual({
    line: "M80 1L120 14",
    area: "M80 28L80 1L120 14L120 28Z",
  });
  expect(sparkPaths([10, undefined, 20, 20], 4, 40).line).toBe("M0 20.5M80 14L120 14");
});

test("publishCommands names server and key in each command, quoted for a shell", () => {
  const commands = publishCommands({ server: "rtmp://h:1936/live", streamKey: "a?key=b" });
  for (const [name, command] of Object.entries(commands)) {
    const url =
      name === "rtmpsink" ? "rtmp://h:1936/live/a?key=b live=1" : "rtmp://h:1936/live/a?key=b";
    expect(command).toContain(`"${url}"`);
  }
});
