import { expect, test } from "vitest";
import { XmlDocument } from "../../../server/protocol/amf0/value.ts";
import { type Bytes, concat, u8, u16, u32, utf8 } from "../../../server/protocol/bytes/bytes.ts";
import { Secrets } from "../../../server/protocol/capture/secrets.ts";
import { LIMITS } from "../../../server/protocol/limits.ts";

const command = (name: string, ...parameters: (string | XmlDocument | Uint8Array)[]) => ({
  ...{ name, transactionId: 1, commandObject: null, parameters },
});

/** Secrets that were learned from the texts of one command that is not known. */
function learned(...texts: (string | XmlDocument | Uint8Array)[]): Secrets {
  const secrets = new Secrets({ keepNames: false });
  secrets.learn(command("login", ...texts));
  return secrets;
}

const without = (secrets: Secrets, payload: Bytes, sender: "client" | "server" = "client") => {
  secrets.removeFrom(payload, sender);
  return Buffer.from(payload).toString("latin1");
};

test.each([
  ["string", concat(u8(0x02), u16(3))],
  ["long string", concat(u8(0x0c), u32(3))],
  ["XML document", concat(u8(0x0f), u32(3))],
  ["AMF3 string", Uint8Array.of(0x06, 7)],
  ["AMF3 XML document", Uint8Array.of(0x07, 7)],
  ["AMF3 XML", Uint8Array.of(0x0b, 7)],
  ["AMF3 byte array", Uint8Array.of(0x0c, 7)],
])("Secrets takes out a short text as %s", (_, head) => {
  const result = without(learned("abc"), concat(head, utf8("abc"), utf8(" abcd")));
  expect(result.slice(head.length)).toBe("xxx abcd");
});

test("Secrets learns from XML and byte arrays as it does from texts", () => {
  const secrets = learned(new XmlDocument("<key>1</key>"), utf8("eight bytes"));
  expect(without(secrets, utf8("<<key>1</key>> eight bytes!"))).toBe(
    `<${"x".repeat(12)}> ${"x".repeat(11)}!`,
  );
});

test("Secrets takes out texts that overlap", () => {
  expect(without(learned("abcdefgh", "efghijkl"), utf8("abcdefghijkl."))).toBe("xxxxxxxxxxxx.");
});

test("Secrets does not search for ever: what was made for that loses its letters", () => {
  const secrets = new Secrets({ keepNames: false });
  const texts = Array.from({ length: 60 }, (_, index) => `${"\x02".repeat(514 - 2)}${10 + index}`);
  secrets.learn(command("login", ...texts));
  const payload = concat(new Uint8Array(LIMITS.dataMessage).fill(2), utf8("word"));
  const before = performance.now();
  expect(without(secrets, payload).slice(-4)).toBe("xxxx");
  expect(performance.now() - before).toBeLessThan(1000);
});

test("Secrets looks for so many texts, however alike their keys are", () => {
  const secrets = new Secrets({ keepNames: true });
  const learnMany = () => {
    for (let index = 0; index <= LIMITS.captureSecrets; index += 1) {
      secrets.learn(command("publish", `name${index}?key=always-the-same`));
    }
  };
  expect(learnMany).toThrow(expect.objectContaining({ code: "CAPTURE_SECRETS", kind: "limit" }));
});
