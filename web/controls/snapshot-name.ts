/** What a snapshot is called: `live-demo-2026-11-22-21-04-05.png`, by the viewer's own clock. */
export function snapshotName(streamPath: string, date: Date): string {
  const name = streamPath.replace(/[^\p{L}\p{N}._]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "");
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  parts.push(date.getHours(), date.getMinutes(), date.getSeconds());
  return `${name}-${parts.map((part) => String(part).padStart(2, "0")).join("-")}.png`;
}
