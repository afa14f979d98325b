/**
 * Puts the longest segment listed in place of the declared bound (`EXT-X-TARGETDURATION`).
 *
 * hls.js waits for half the bound after a playlist that has not changed (RFC 8216 §6.3.4 asks for no
 * more than that). The server declares a bound that also holds for long GOPs, ten seconds, while its
 * segments mostly follow each other every two: one early question would cost five seconds of delay.
 */
export function withTightTarget(playlist: string): string {
  const durations = [...playlist.matchAll(/^#EXTINF:([\d.]+)/gm)].map(([, text]) => Number(text));
  if (durations.length === 0) return playlist;
  const longest = Math.max(1, Math.ceil(Math.max(...durations)));
  return playlist.replace(/^#EXT-X-TARGETDURATION:(\d+)/m, (line, declared: string) =>
    longest < Number(declared) ? `#EXT-X-TARGETDURATION:${longest}` : line,
  );
}

/** @returns the track whose media playlist lies at `url`, as the server names them */
export function trackIdOf(url: string): number | undefined {
  const match = /\/t(\d+)\.m3u8(?:$|\?)/.exec(url);
  return match === null ? undefined : Number(match[1]);
}
