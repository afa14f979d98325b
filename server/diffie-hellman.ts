import { createDiffieHellman, getDiffieHellman, randomBytes } from "node:crypto";
import type { DiffieHellman } from "./protocol/rtmp/diffie-hellman.ts";

/** Bytes of a private key: twice what a group of 1024 bits is worth. */
const PRIVATE_KEY_LENGTH = 40;

/**
 * OpenSSL examines the prime of each new group for 30 ms. So there is one, and the private key that
 * is used is put into it each time.
 */
let group: ReturnType<typeof createDiffieHellman> | undefined;

/** A key pair in the 1024-bit group of RTMPE (RFC 2409 §6.2), by Node. */
export function newDiffieHellman(): DiffieHellman {
  group ??= createDiffieHellman(getDiffieHellman("modp2").getPrime(), 2);
  const present = group;
  const privateKey = randomBytes(PRIVATE_KEY_LENGTH);
  present.setPrivateKey(privateKey);
  return {
    publicKey: present.generateKeys(),
    secret: (peerKey) => {
      present.setPrivateKey(privateKey);
      return present.computeSecret(peerKey);
    },
  };
}
