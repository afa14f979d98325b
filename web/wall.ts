import type { StreamList } from "../server/protocol/wire/stream-list.ts";
import { fetchStreams, readStreamList } from "./stream-list.ts";
import { byId } from "./ui/elements.ts";
import { WallView } from "./ui/wall-view.ts";

/** How often the list is asked for where the server cannot push it, ms. */
const POLL_EVERY = 2_000;

const base = new URL("./", document.baseURI);
const isWall = new URLSearchParams(location.search).has("wall");
const view = new WallView(byId("wall", HTMLElement), base, { isWall });
let timer: ReturnType<typeof setTimeout> | undefined;

listen();

/** The server pushes; while it does not, we ask. EventSource comes back by itself. */
function listen(): void {
  const events = new EventSource(new URL("api/v1/events", base));
  events.addEventListener("streams", (event) => {
    clearTimeout(timer);
    timer = undefined;
    try {
      show(readStreamList(JSON.parse(event.data)));
    } catch {
      view.lost();
    }
  });
  events.addEventListener("error", () => {
    poll();
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 5 * POLL_EVERY);
  });
}

function poll(): void {
  if (timer !== undefined) return;
  const again = () => {
    fetchStreams(new URL("api/v1/streams", base).href)
      .then(show, () => view.lost())
      .finally(() => {
        if (timer !== undefined) timer = setTimeout(again, POLL_EVERY);
      });
  };
  timer = setTimeout(again, 0);
}

function show(list: StreamList): void {
  view.show(list, Date.now());
}

setInterval(() => view.tick(Date.now()), 1_000);
