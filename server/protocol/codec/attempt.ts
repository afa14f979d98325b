import { ProtocolError } from "../errors.ts";

/**
 * Reads a part that a structure can do without (VUI, an extension at its end): what encoders write
 * there is wrong more often than the picture is.
 *
 * @returns what `read` returns, or undefined where it met a `ProtocolError`
 */
export function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
