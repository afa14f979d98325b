import type { Settings } from "../config/settings.ts";

/** What is known once the server runs. */
export type Running = {
  readonly rtmpPort: number;
  readonly httpPort: number;
  readonly publishKey: string;
  readonly publishKeyFile: string;
};

/**
 * What somebody at a terminal is told: what to paste into OBS, and the page to open.
 *
 * @param addresses of this machine, as others on its network reach it
 * @returns lines for stderr; the publish key is in them
 */
export function instructions(
  running: Running,
  settings: Pick<Settings, "host" | "open" | "localPublish">,
  addresses: readonly string[],
): string {
  const listening = specificHost(settings.host);
  const publishHost = listening ?? addresses[0] ?? "localhost";
  const pageHost = listening ?? "localhost";
  const server = `rtmp://${authority(publishHost, running.rtmpPort)}/live`;
  const page = `http://${authority(pageHost, running.httpPort)}`;
  const lines = [
    "",
    "  Publish   OBS Studio: Settings, Stream, Service “Custom…”",
    `            Server      ${server}`,
    `            Stream Key  demo?key=${running.publishKey}`,
    "",
    `  Watch     ${page}/watch/live/demo`,
    `  All       ${page}/`,
    "",
    `  ${keyNote(settings)} It lies in`,
    `  ${running.publishKeyFile}`,
    "",
    "",
  ];
  return lines.join("\n");
}

/** The address that was set, unless it stands for all of them. */
export const specificHost = (host: string | undefined): string | undefined =>
  host === undefined || host === "0.0.0.0" || host === "::" ? undefined : host;

function keyNote({ open, localPublish }: Pick<Settings, "open" | "localPublish">): string {
  if (open) return "--open: anybody may publish, also without the key.";
  if (localPublish) return "From this machine the key is not needed.";
  return "The key is needed from everywhere.";
}

const authority = (host: string, port: number): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;
