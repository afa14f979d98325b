import { afterEach, expect, test, vi } from "vitest";
import { Link } from "../../../web/transport/link.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function makeLink() {
  const onDown = vi.fn();
  const ignore = () => {};
  const listener = { onMessage: ignore, onFrames: ignore, onUp: ignore, onDown };
  return { link: new Link(() => "ws://a/streams/live/x/ws", listener), onDown };
}

test("Link tells of a WebSocket that may not even be made, and tries again", () => {
  vi.useFakeTimers();
  const WebSocket = vi.fn(() => {
    throw new DOMException("An insecure connection may not be made here", "SecurityError");
  });
  vi.stubGlobal("WebSocket", WebSocket);
  const { link, onDown } = makeLink();
  link.connect();
  expect(onDown).toHaveBeenLastCalledWith(1);
  vi.advanceTimersToNextTimer();
  expect(onDown).toHaveBeenLastCalledWith(2);
  link.stop();
  vi.runAllTimers();
  expect(WebSocket).toHaveBeenCalledTimes(2);
});

test("Link tells of a WebSocket that the page's policy forbids: it fails, and never closes", () => {
  vi.useFakeTimers();
  // As Chromium 156 has it: made closed, `error` and nothing else.
  const made: { readonly readyState: number; onerror?: () => void; close: () => void }[] = [];
  const WebSocket = vi.fn(function (this: unknown) {
    const socket = { readyState: 3, close: () => {} };
    made.push(socket);
    return socket;
  });
  vi.stubGlobal("WebSocket", WebSocket);
  const { link, onDown } = makeLink();
  link.connect();
  made[0]?.onerror?.();
  expect(onDown).toHaveBeenLastCalledWith(1);
  vi.advanceTimersToNextTimer();
  made[1]?.onerror?.();
  expect(onDown).toHaveBeenLastCalledWith(2);
  link.stop();
});
