import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A self-signed certificate for this machine, and its key, in a folder of their own. */
export type TestCertificate = {
  readonly folder: string;
  readonly cert: string;
  readonly key: string;
  remove(): void;
};

/** Makes one with openssl. @param name what it is issued to: tells one from another */
export function makeCertificate(
  name = "localhost",
  kind: "elliptic" | "rsa" = "elliptic",
): TestCertificate {
  const folder = mkdtempSync(join(tmpdir(), "sluice-certificate-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const args = ["req", "-x509", "-nodes", "-days", "2", "-subj", `/CN=${name}`];
  if (kind === "rsa") args.push("-newkey", "rsa:2048");
  else args.push("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1");
  args.push("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1");
  args.push("-keyout", key, "-out", cert);
  execFileSync("openssl", args, { stdio: "ignore" });
  return { folder, cert, key, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
