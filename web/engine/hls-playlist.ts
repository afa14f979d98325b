/** @returns the track whose media playlist lies at `url`, as the server names them */
export function trackIdOf(url: string): number | undefined {
  const match = /\/t(\d+)\.m3u8(?:$|\?)/.exec(url);
  return match === null ? undefined : Number(match[1]);
}

/** @returns the text track whose media playlist lies at `url` */
export function textIdOf(url: string): string | undefined {
  return /\/text-([^/?]+)\.m3u8(?:$|\?)/.exec(url)?.[1];
}

/** @returns the address of a track's media playlist, beside the multivariant one */
export const trackPlaylist = (playlist: string, trackId: number): string =>
  besideOf(playlist, `t${trackId}.m3u8`);

/** @returns the address of what lies beside a playlist, with what let us in to that */
export const besideOf = (playlist: string, name: string): string =>
  admitted(new URL(name, playlist).href, playlist);

/** @returns an address of the same stream, with what let us in to its playlist */
export function admitted(address: string, playlist: string): string {
  const { search } = new URL(playlist);
  if (search === "" || address.includes(search.slice(1))) return address;
  return `${address}${address.includes("?") ? "&" : "?"}${search.slice(1)}`;
}

/** How much media a media playlist lists, ms: its segments, and the parts of the one in the making. */
export function listedTime(playlist: string): number {
  let seconds = 0;
  let open = 0;
  for (const line of playlist.split("\n")) {
    const segment = /^#EXTINF:([\d.]+)/.exec(line);
    if (segment !== null) {
      seconds += Number(segment[1]);
      open = 0; // its parts were listed before it
      continue;
    }
    const part = /^#EXT-X-PART:(?:.*,)?DURATION=([\d.]+)/.exec(line);
    if (part !== null) open += Number(part[1]);
  }
  return (seconds + open) * 1_000;
}

/** How far (seconds) before the end of a media playlist its players are to stay; 0 where it does not say. */
export function holdBackOf(playlist: string): number {
  const control = /^#EXT-X-SERVER-CONTROL:.*$/m.exec(playlist)?.[0] ?? "";
  const [, whole] = /[:,]HOLD-BACK=([\d.]+)/.exec(control) ?? [];
  const [, parts] = /[:,]PART-HOLD-BACK=([\d.]+)/.exec(control) ?? [];
  return Number(parts ?? whole ?? 0);
}

/**
 * @param offset seconds before its end; undefined: it stays as it is
 * @returns a media playlist that is to be played from there on (EXT-X-START)
 */
export function withStart(playlist: string, offset: number | undefined): string {
  if (offset === undefined) return playlist;
  return playlist.replace("\n", `\n#EXT-X-START:TIME-OFFSET=${(-offset).toFixed(3)},PRECISE=YES\n`);
}
