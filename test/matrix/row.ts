/** A line of a table in `docs/clients.md` or `docs/protocols.md`. */
export type Row = {
  readonly table:
    | "publishers"
    | "codecs"
    | "timelines"
    | "variants"
    | "outputs"
    | "tracks"
    | "bad-lines"
    | "hls"
    | "hls-players"
    | "browsers";
  /** The client's name and version. */
  readonly client: string;
  readonly published: string;
  /** How it came or went: `rtmps`, `live.flv`. */
  readonly variant?: string;
  /** Of variants: which of the server's ports took it. */
  readonly port?: string;
  readonly direction?: "publish" | "play";
  /** No encoder at hand sends it: tags made by the test, over a socket. */
  readonly constructed?: boolean;
  /** What was accounted for. */
  readonly account?: string;
  readonly notes?: string;
};

/** A line, and how it went. */
export type Result = Row & {
  readonly passed: boolean;
  /** How long the client published or played. */
  readonly seconds: number;
  /** Sorts lines as their tests lie in their file. */
  readonly order: string;
};

/** What tells lines apart: a later run replaces the line of an earlier one. */
export const rowKey = ({ table, client, published, variant, port, direction }: Row): string =>
  [table, client, published, variant, port, direction].join("|");

/**
 * A table of results, in their order.
 *
 * @param columns what comes before the result
 */
export function renderTable(
  results: readonly Result[],
  columns: readonly (readonly [title: string, of: (result: Result) => string])[],
): string {
  const titles = [...columns.map(([title]) => title), "Result", "Accounted for", "Notes"];
  const lines = results.map((result) => {
    const { passed, seconds, account = "", notes = "" } = result;
    const time = seconds < 60 ? ` (runs of ${seconds} s)` : "";
    const said = `${passed ? "whole" : "**differs**"}${time}`;
    return [...columns.map(([, of]) => of(result)), said, account, notes];
  });
  return [titles, titles.map(() => "---"), ...lines]
    .map((cells, index) => (index === 1 ? `|${cells.join("|")}|` : `| ${cells.join(" | ")} |`))
    .join("\n");
}

/** What was published; constructed streams say so. */
export const publishedIn = ({ published, constructed }: Result): string =>
  `${published}${constructed === true ? " *(constructed)*" : ""}`;

/** What every table with accounts needs to say once. */
export const ACCOUNTING = `**Frame accounting**: the sequence of coded frames that a viewer received equals the sequence that was
published, in payloads (MD5), decode times and composition offsets, and ffmpeg decodes what was served
without a warning. The expected sequence is read by ffprobe (or FFmpeg 8) from the file that the same
encoder run wrote beside its RTMP output, or from the source file. Each line is seen by three viewers,
if it does not say otherwise: one over WebSocket and one over HLS who were there before the publisher,
and one over WebSocket who came in the middle of a GOP.`;
