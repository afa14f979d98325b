import { makeCertificate, type TestCertificate } from "./certificate.ts";
import type { Scheme } from "./rtmp-transport.ts";
import { type RunningSluice, startSluice } from "./sluice.ts";

/** What a client is pointed at: the RTMP port takes every variant. */
export type Port = "RTMP" | "RTMPS" | "HTTP" | "HTTPS";

/** A server with all its ports open. */
export type VariantServer = {
  readonly sluice: RunningSluice;
  readonly certificate: TestCertificate;
  /** With the key: any way in but plain RTMP asks for it, from this machine, too. */
  publishUrl(scheme: Scheme, port: Port, streamPath: string): string;
  playUrl(scheme: Scheme, port: Port, streamPath: string): string;
  stop(): Promise<void>;
};

/** Starts a server with a certificate, on free ports. */
export async function startVariantServer(flags: readonly string[] = []): Promise<VariantServer> {
  const certificate = makeCertificate();
  const tls = ["--tls-cert", certificate.cert, "--tls-key", certificate.key];
  const all = [...tls, "--rtmps-port", "0", "--https-port", "0", ...flags];
  const sluice = await startSluice(all);
  const ports: { readonly [port in Port]: number | undefined } = {
    RTMP: sluice.rtmpPort,
    RTMPS: sluice.rtmpsPort,
    HTTP: sluice.httpPort,
    HTTPS: sluice.httpsPort,
  };
  const playUrl = (scheme: Scheme, port: Port, streamPath: string) =>
    `${scheme}://127.0.0.1:${ports[port]}/${streamPath}`;
  return {
    sluice,
    certificate,
    publishUrl: (...place) => `${playUrl(...place)}?key=${sluice.publishKey}`,
    playUrl,
    stop: async () => {
      await sluice.stop();
      certificate.remove();
    },
  };
}
