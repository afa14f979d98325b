import { afterEach, expect, test, vi } from "vitest";
import { Link } from "../../../web/transport/link.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("Link tells of a WebSocket that may not even be made, and tries again", () => {
  vi.useFakeTimers();
  const WebSocket = vi.fn(() => {
    throw new DOMException("An insecure connection may not be made here", "SecurityError");
  });
  vi.stubGlobal("WebSocket", WebSocket);
  const onDown = vi.fn();
  const ignore = () => {};
  const listener = { onMessage: ignore, onFrames: ignore, onUp: ignore, onDown };
  const link = new Link(() => "ws://a/streams/live/x/ws", listener);
  link.connect();
  expect(onDown).toHaveBeenLastCalledWith(1);
  vi.advanceTimersToNextTimer();
  expect(onDown).toHaveBeenLastCalledWith(2);
  link.stop();
  vi.runAllTimers();
  expect(WebSocket).toHaveBeenCalledTimes(2);
});
