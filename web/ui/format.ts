/** Numbers as people read them. */

/** "2.4 Mbit/s", "640 kbit/s" */
export function formatBitrate(bitsPerSecond: number): string {
  if (!(bitsPerSecond > 0)) return "0 kbit/s";
  if (bitsPerSecond >= 999_500) return `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
  return `${Math.round(bitsPerSecond / 1e3)} kbit/s`;
}

/** "118 ms" under a second, "1.3 s" above */
export function formatDelay(ms: number): string {
  return ms < 999.5 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** "12 s", "3 min", "1 h 04 min", "2 d 3 h" */
export function formatUptime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "0:07", "1:45", "1:02:03" */
export function formatSpan(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 1_000));
  const [hours, minutes, seconds] = [
    Math.floor(whole / 3_600),
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** "29.97 fps", "30 fps" */
export function formatFrameRate(perSecond: number): string {
  return `${Number(perSecond.toFixed(2))} fps`;
}

/** "1 viewer", "3 viewers" */
export const formatViewers = (count: number): string =>
  `${count} ${count === 1 ? "viewer" : "viewers"}`;

/** "640 kB", "12.4 MB", "2.4 GB" */
export function formatSize(bytes: number): string {
  if (bytes >= 999_950_000) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 999_500) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${Math.round(bytes / 1e3)} kB`;
}
