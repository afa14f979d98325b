/** First byte of a handshake (RTMP 1.0 §5.2.2; the encrypted ones are Adobe's). */
export const HandshakeVersion = {
  Plain: 3,
  Encrypted: 6,
  /** As 6, with the signatures encrypted by XTEA … */
  EncryptedXtea: 8,
  /** … or by Blowfish. */
  EncryptedBlowfish: 9,
} as const;
export type HandshakeVersion = (typeof HandshakeVersion)[keyof typeof HandshakeVersion];

/** The version that is spoken with who begins with this byte: all but the encrypted ones get 3. */
export function spokenVersion(firstByte: number): HandshakeVersion {
  switch (firstByte) {
    case HandshakeVersion.Encrypted:
    case HandshakeVersion.EncryptedXtea:
    case HandshakeVersion.EncryptedBlowfish:
      return firstByte;
    default:
      return HandshakeVersion.Plain;
  }
}
