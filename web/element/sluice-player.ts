import { addressOf, locateSource } from "../address.ts";
import { Player } from "../player/player.ts";

/** Where there is no page (rendering on a server), the class exists and is never used. */
const Base: typeof HTMLElement =
  globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement);

const SHEET = `
:host { display: block; position: relative; aspect-ratio: 16 / 9; background: #000; overflow: hidden; }
:host([hidden]) { display: none; }
.stage, .stage > * { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
.stage > :not(.still) { visibility: hidden; }
.stage > .on { visibility: visible; }
`;

/**
 * `<sluice-player src="/streams/APP/NAME">`: one live stream, playing, in anybody's page. It begins when
 * it is put into a document, and ends when it is taken out.
 */
export class SluicePlayerElement extends Base {
  static readonly observedAttributes: readonly string[] = ["src"];
  #player: Player | undefined;

  /** What plays; undefined while it is not in a document, or `src` names no stream. */
  get player(): Player | undefined {
    return this.#player;
  }

  /** `/streams/APP/NAME`, of this server or of another. */
  get src(): string {
    return this.getAttribute("src") ?? "";
  }

  set src(source: string) {
    this.setAttribute("src", source);
  }

  connectedCallback(): void {
    if (this.shadowRoot === null) this.#furnish();
    this.#begin();
  }

  disconnectedCallback(): void {
    this.#end();
  }

  attributeChangedCallback(): void {
    if (!this.isConnected || this.shadowRoot === null) return;
    this.#end();
    this.#begin();
  }

  #furnish(): void {
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet(); // a <style> would need leave of the page's policy
    sheet.replaceSync(SHEET);
    root.adoptedStyleSheets = [sheet];
    const stage = document.createElement("div");
    stage.className = "stage";
    root.append(stage);
  }

  #begin(): void {
    const stage = this.shadowRoot?.querySelector<HTMLElement>(".stage");
    const source = URL.canParse(this.src, document.baseURI)
      ? locateSource(new URL(this.src, document.baseURI))
      : undefined;
    if (stage == null || source === undefined || this.#player !== undefined) return;
    this.#player = new Player(stage, { address: addressOf(source.base, source.streamPath) });
    this.#player.start();
  }

  #end(): void {
    this.#player?.destroy();
    this.#player = undefined;
  }
}
