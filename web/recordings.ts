import type { RecordingList } from "../server/protocol/wire/recording-list.ts";
import { fetchStreams } from "./stream-list.ts";
import { byId } from "./ui/elements.ts";
import { RECORDING_WORDS } from "./ui/recording-words.ts";
import { RecordingsView } from "./ui/recordings-view.ts";

/** How often the list is asked for while the page is seen, ms. */
const POLL_EVERY = 3_000;
/** So many are shown at first, and so many more each time older ones are asked for. */
const PAGE = 24;
/** As many as the server tells of at once. */
const MOST = 480;

const base = new URL("./", document.baseURI);
const api = (path: string) => new URL(`api/v1/recordings${path}`, base).href;
let wanted = PAGE;

const view = new RecordingsView(base, {
  start: (streamPath) => change("", "POST", { streamPath }),
  stop: (id) => change(`/${encodeURIComponent(id)}/stop`, "POST"),
  delete: (id) => change(`/${encodeURIComponent(id)}`, "DELETE"),
});
byId("older", HTMLButtonElement).onclick = () => {
  wanted = Math.min(MOST, wanted + PAGE);
  void refresh();
};

async function refresh(): Promise<void> {
  try {
    const list = await fetchRecordings();
    view.show(list);
    if (!list.mayChange) return;
    const { streams } = await fetchStreams(new URL("api/v1/streams", base).href);
    view.showStreams(streams.filter(({ state, recording }) => state === "live" && !recording));
  } catch {
    view.tell(RECORDING_WORDS.lost);
  }
}

async function fetchRecordings(): Promise<RecordingList> {
  const signal = AbortSignal.timeout(5_000);
  const response = await fetch(api(`?limit=${wanted}`), { cache: "no-store", signal });
  if (!response.ok) throw new Error(`Cannot read the list of recordings: ${response.status}`);
  return (await response.json()) as RecordingList;
}

function change(path: string, method: string, body?: object): void {
  const json = { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  fetch(api(path), { method, ...(body === undefined ? {} : json) })
    .then(async (response) => {
      if (response.ok) await refresh();
      else view.tell(`${RECORDING_WORDS.notDone}: ${await reasonOf(response)}.`);
    })
    .catch(() => view.tell(RECORDING_WORDS.lost));
}

async function reasonOf(response: Response): Promise<string> {
  const answer = (await response.json()) as { error?: { message?: string } };
  return answer.error?.message ?? String(response.status);
}

void refresh();
setInterval(() => {
  if (!document.hidden) void refresh();
}, POLL_EVERY);
