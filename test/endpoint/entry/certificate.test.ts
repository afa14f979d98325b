import { X509Certificate } from "node:crypto";
import {
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  Certificate,
  CertificateError,
  type KeyPair,
} from "../../../server/endpoint/entry/certificate.ts";
import { makeCertificate, type TestCertificate } from "../../support/certificate.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { recordingLog } from "../../support/recording-log.ts";

let one: TestCertificate;
let other: TestCertificate;
let rsa: TestCertificate;
let folder: string;
beforeAll(() => {
  one = makeCertificate("one");
  other = makeCertificate("other");
  rsa = makeCertificate("rsa", "rsa");
});
afterAll(() => {
  one.remove();
  other.remove();
  rsa.remove();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-follow-"));
  return () => rmSync(folder, { recursive: true });
});

const nameOf = ({ cert }: KeyPair) => new X509Certificate(cert).subject;

describe("Certificate refuses with one line that names the setting", () => {
  test.each<[string, () => { cert: string; key: string }, RegExp]>([
    [
      "a certificate that is not there",
      () => ({ cert: join(folder, "none.pem"), key: one.key }),
      /^--tls-cert: cannot read .*none\.pem \(ENOENT\)$/,
    ],
    [
      "a key that is a folder",
      () => ({ cert: one.cert, key: folder }),
      /^--tls-key: cannot read .* \(EISDIR\)$/,
    ],
    [
      "a certificate that is none",
      () => ({ cert: one.key, key: one.key }),
      /^--tls-cert: .*key\.pem holds no certificate in PEM/,
    ],
    [
      "a key that is none",
      () => ({ cert: one.cert, key: one.cert }),
      /^--tls-key: .*cert\.pem holds no private key in PEM/,
    ],
    [
      "another certificate's key",
      () => ({ cert: one.cert, key: other.key }),
      /^--tls-key: .*key\.pem is not the key of .*cert\.pem/,
    ],
    [
      "another certificate's key, of another kind",
      () => ({ cert: rsa.cert, key: one.key }),
      /^--tls-key: .*key\.pem is not the key of .*cert\.pem/,
    ],
  ])("%s", (_, files, message) => {
    const load = () => new Certificate(files());
    expect(load).toThrow(CertificateError);
    expect(load).toThrow(message);
    expect(load).not.toThrow(/\n/);
  });
});

describe("Certificate follows its files", () => {
  function follow(files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") }) {
    const clock = new ManualClock();
    const log = recordingLog();
    const certificate = new Certificate(files);
    const changes: string[] = [];
    certificate.onChange((pair) => changes.push(nameOf(pair)));
    certificate.follow({ clock, every: 1000, log });
    /** Lets the time come, and the look at the files end: it sets the next time. */
    const look = async () => {
      clock.pass(1000);
      while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    };
    return { clock, log, certificate, changes, look, ...files };
  }

  const copyOf = ({ cert, key }: TestCertificate, to = folder) => {
    copyFileSync(cert, join(to, "cert.pem"));
    copyFileSync(key, join(to, "key.pem"));
  };

  test("written in place", async () => {
    copyOf(one);
    const { changes, look, certificate, log } = follow();
    await look();
    expect(changes).toEqual([]);
    copyOf(other);
    await look();
    expect(changes).toEqual(["CN=other"]);
    expect(nameOf(certificate.pair)).toBe("CN=other");
    await look();
    expect(log.lines.map(({ level }) => level)).toEqual(["info"]);
  });

  test("with a key of another kind", async () => {
    copyOf(one);
    const { changes, look, cert } = follow();
    copyFileSync(rsa.cert, cert);
    await look();
    expect(changes).toEqual([]);
    copyOf(rsa);
    await look();
    expect(changes).toEqual(["CN=rsa"]);
  });

  test("renamed over, one after the other: half a pair changes nothing, and is told once", async () => {
    copyOf(one);
    const { changes, look, log, cert, key } = follow();
    const [newCert, newKey] = [join(folder, "new-cert"), join(folder, "new-key")];
    copyFileSync(other.cert, newCert);
    copyFileSync(other.key, newKey);
    renameSync(newCert, cert);
    await look();
    await look();
    expect(changes).toEqual([]);
    expect(log.lines).toEqual([
      {
        level: "warn",
        message: expect.stringMatching(/stays as it was: --tls-key: .* is not the key of/),
        fields: { code: "TLS_CERTIFICATE" },
      },
    ]);
    renameSync(newKey, key);
    await look();
    expect(changes).toEqual(["CN=other"]);
  });

  test("by symbolic links that are turned, as certbot does", async () => {
    const link = join(folder, "live");
    symlinkSync(one.folder, link);
    const { changes, look } = follow({ cert: join(link, "cert.pem"), key: join(link, "key.pem") });
    unlinkSync(link);
    symlinkSync(other.folder, link);
    await look();
    expect(changes).toEqual(["CN=other"]);
  });

  test("gone for a while, or garbage: told once each, and the old one stays", async () => {
    copyOf(one);
    const { changes, look, log, cert, certificate } = follow();
    unlinkSync(cert);
    await look();
    await look();
    writeFileSync(cert, "half a cert");
    await look();
    await look();
    expect(log.lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(/--tls-cert: cannot read .*ENOENT/),
      expect.stringMatching(/--tls-cert: .* holds no certificate/),
    ]);
    expect(changes).toEqual([]);
    expect(nameOf(certificate.pair)).toBe("CN=one");
    copyOf(one);
    await look();
    expect(changes).toEqual(["CN=one"]);
  });

  test("no longer than until it is closed", () => {
    copyOf(one);
    const { certificate, clock } = follow();
    certificate.close();
    expect(clock.pending).toBe(0);
  });
});
