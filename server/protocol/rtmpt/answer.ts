import { ascii, type Bytes, type OwnBytes } from "../bytes/bytes.ts";

/**
 * Body of the answer to `open`: the session's id and a line end, without a polling byte. librtmp takes
 * all but the last byte for the id, FFmpeg all but white space, up to 63 characters.
 */
export const openAnswer = (sessionId: string): OwnBytes => ascii(`${sessionId}\n`);

/** Body of the answer to `close`. */
export const CLOSE_ANSWER: OwnBytes = Uint8Array.of(0);

/** How often a client may ask, as Flash Media Server said it: the longer nothing comes, the less. */
const POLLING = [1, 3, 5, 9, 17, 33] as const;

/**
 * The hint for the next answer. FFmpeg and librtmp read it and pass over it.
 *
 * @param answers how many in a row brought nothing
 */
export const pollingByte = (answers: number): number =>
  POLLING[Math.min(answers, POLLING.length - 1)] ?? 1;

/**
 * Body of the answer to `send` and `idle`: the polling byte, then what RTMP has to say.
 *
 * @returns the pieces, to be written one after the other; those given are shared
 */
export const dataAnswer = (polling: number, pieces: readonly Bytes[]): readonly Bytes[] => [
  Uint8Array.of(polling),
  ...pieces,
];
