import type { StreamList } from "../../server/protocol/wire/stream-list.ts";
import { byId, setIcon, setText } from "./elements.ts";
import { publishCommands } from "./publish-commands.ts";

/** RTMP's own port, which need not be written. */
const RTMP_PORT = 1935;

/** How to publish: server, key and commands, each with a button that copies it. */
export class PublishView {
  readonly #base: URL;
  readonly #section: HTMLDetailsElement = byId("publish", HTMLDetailsElement);
  #shown = "";
  #wasEmpty: boolean | undefined;

  constructor(base: URL) {
    this.#base = base;
    for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
      setIcon(button, "copy");
      button.onclick = () => copyFrom(button);
    }
  }

  /** The key itself is shown only where the server gives it to us. */
  show({ publish, rtmp, streams }: StreamList): void {
    const isEmpty = streams.length === 0;
    // Open while there is nothing else to see; after that as people leave it.
    if (isEmpty !== this.#wasEmpty) this.#section.open = isEmpty;
    this.#wasEmpty = isEmpty;
    const shown = JSON.stringify([publish, rtmp]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const port = rtmp === undefined || rtmp.port === RTMP_PORT ? "" : `:${rtmp.port}`;
    const server = publish?.server ?? `rtmp://${this.#base.hostname}${port}/live`;
    const streamKey = publish?.streamKey ?? "NAME?key=PUBLISHKEY";
    const commands = publishCommands({ server, streamKey });
    for (const [id, text] of Object.entries({
      "publish-server": server,
      "publish-key": streamKey,
      "publish-ffmpeg": commands.ffmpeg,
      "publish-ffmpeg-file": commands.ffmpegFile,
      "publish-rtmp2sink": commands.rtmp2sink,
      "publish-rtmpsink": commands.rtmpsink,
    })) {
      setText(byId(id, HTMLElement), text);
    }
    byId("key-hint", HTMLElement).hidden = publish !== undefined;
  }
}

/** Copies the text of the element that the button names, and says so for a moment. */
function copyFrom(button: HTMLButtonElement): void {
  const source = document.getElementById(button.dataset["copy"] ?? "");
  const label = button.querySelector("span");
  const say = (text: string) => {
    if (label === null) return;
    setText(label, text);
    setText(byId("copied", HTMLElement), text);
    setTimeout(() => setText(label, "Copy"), 1_500);
  };
  // Without HTTPS (on a LAN) there is no clipboard to write to: select it, and let people copy.
  if (navigator.clipboard === undefined && source !== null) {
    getSelection()?.selectAllChildren(source);
    say(document.execCommand("copy") ? "Copied" : "Selected");
    return;
  }
  navigator.clipboard.writeText(source?.textContent ?? "").then(
    () => say("Copied"),
    () => say("Not allowed"),
  );
}
