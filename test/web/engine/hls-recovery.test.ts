import { expect, test } from "vitest";
import { HlsRecovery } from "../../../web/engine/hls-recovery.ts";

const network = { type: "networkError", details: "fragLoadError" };
const media = { type: "mediaError", details: "bufferAppendError" };

test("HlsRecovery mends what can be mended, a few times, and again after a while", () => {
  const recovery = new HlsRecovery();
  expect(recovery.cureFor(network, 0)).toBe("load-again");
  expect(recovery.cureFor(media, 1_000)).toBe("reset-media");
  expect(recovery.cureFor(media, 2_000)).toBe("reset-media");
  expect(recovery.cureFor(network, 3_000)).toBe("give-up");
  expect(recovery.cureFor(network, 20_001)).toBe("load-again");
});

test("HlsRecovery gives up where there is no stream, or no way to play it", () => {
  const recovery = new HlsRecovery();
  const missing = { type: "networkError", details: "manifestLoadError" };
  expect(recovery.cureFor(missing, 0)).toBe("give-up");
  expect(recovery.cureFor({ type: "muxError", details: "remuxAllocError" }, 0)).toBe("give-up");
});
