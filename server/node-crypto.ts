import { createHmac, randomBytes } from "node:crypto";
import type { Bytes } from "./protocol/bytes/bytes.ts";

/** HMAC-SHA256 and random bytes by Node, as the protocols want them. */
export const nodeCrypto = {
  hmac: (key: Bytes, data: Bytes): Bytes => createHmac("sha256", key).update(data).digest(),
  random: (length: number): Buffer => randomBytes(length),
} as const;
