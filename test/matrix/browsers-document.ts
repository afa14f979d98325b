import { publishedIn, type Result, renderTable } from "./row.ts";

/** `docs/browsers.md`: what each browser showed, by engine and codec. */
export function browsersDocument(results: readonly Result[]): string {
  return `# Browsers

This table is written by \`npm run test:matrix\` (\`test/matrix/browsers.test.ts\`); nothing in it is written
by hand. Each line is \`<sluice-player>\` in a page of another origin, in a browser as Debian packages it,
headless or on a screen that nobody sees, without a GPU, all on one machine with two cores.

Pictures carry numbers and are read from the page each time it is painted: *seen after* is the time from
the server's receipt of a picture to the first painting that shows it (so it contains up to one refresh
of the screen). Where a line says less than all pictures, paintings were missed or pictures came too late
to be shown. The sound beeps with every thirtieth picture: *behind the picture* is the median of what was
heard against what was seen. *Delay by the player* is what its own statistics said.

WebKitGTK is a WebKit, but not Safari: its codecs come from GStreamer. On MSE it does not come nearer than some
0.2 s of sound ahead of the playhead wherever it is told to land, also on a bare page without a player (400 ms
to the painting, on a busy machine), and each jump or change of the rate costs a tenth of a second and more: so
the player leaves it where it landed, unless that is far off. WebCodecs is much nearer there, with sound as well.

${renderTable(results, [
  ["Browser", ({ client }) => client],
  ["Engine", ({ variant }) => variant ?? ""],
  ["Published", publishedIn],
])}
`;
}
