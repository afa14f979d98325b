/** What to do about an error: the peer broke the standard, asked for what we lack, or met a bound. */
export type ProtocolErrorKind =
  | "malformed" // the peer broke the standard: its scope is lost
  | "unsupported" // legal, but not spoken here: refuse politely
  | "limit"; // a bound of ours was reached: close, and count it

/** What an error costs: the whole connection (framing is lost), or the one message it was found in. */
export type ProtocolErrorScope = "connection" | "message";

/**
 * Bytes that cannot be understood. Thrown where it is found, caught once by the owner of what it
 * costs (`scope`).
 *
 * `code` is stable and documented (`docs/errors.md`); `offset` counts bytes from the start of the
 * structure that was being read; the message names the action and the present value, without a
 * full stop.
 */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly kind: ProtocolErrorKind;
  readonly code: string;
  readonly scope: ProtocolErrorScope;
  readonly offset: number | undefined;

  constructor(
    kind: ProtocolErrorKind,
    code: string,
    message: string,
    { scope = "message", offset }: { scope?: ProtocolErrorScope; offset?: number } = {},
  ) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.scope = scope;
    this.offset = offset;
  }
}
