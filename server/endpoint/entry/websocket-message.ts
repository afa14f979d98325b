/** FIN and opcode: one message, one WebSocket frame (RFC 6455 §5.2). */
export const TEXT_MESSAGE = 0x81;
export const BINARY_MESSAGE = 0x82;

/**
 * Memory for a message of `length` bytes, its WebSocket header written in front. Frames from a server
 * are not masked, so these bytes are the same for everybody: made once, and one write to send.
 */
export function beginMessage(opcode: number, length: number): Buffer {
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const message = Buffer.allocUnsafe(headerLength + length);
  message[0] = opcode;
  if (headerLength === 2) {
    message[1] = length;
  } else if (headerLength === 4) {
    message[1] = 126;
    message.writeUInt16BE(length, 2);
  } else {
    message[1] = 127;
    message.writeBigUInt64BE(BigInt(length), 2);
  }
  return message;
}
