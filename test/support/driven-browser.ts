/** The browsers that tests can drive, as Debian packages them. */
export type BrowserName = "chromium" | "firefox" | "webkitgtk";

/** One page of a browser, in the few words that all of their drivers know. */
export type DrivenPage = {
  /** Resolves when the page has loaded. */
  goto(url: string): Promise<void>;
  /** The value of an expression in the page, awaited; it must be of JSON. Throws what it throws. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** A click of the user's, by a CSS selector or, with `host`, in that element's open shadow root. */
  click(selector: string, host?: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  /** PNG */
  screenshot(): Promise<Uint8Array>;
  close(): Promise<void>;
};

/** A browser with a fresh profile; it does not outlive the test run. */
export type DrivenBrowser = {
  readonly name: BrowserName;
  /** "Firefox 153.7" */
  readonly version: string;
  newPage(): Promise<DrivenPage>;
  /**
   * Notes beeps as they leave the speakers, from now on; undefined where there are none to listen at.
   *
   * @param tone Hz @param onBeep takes ms since 1970
   */
  readonly hear?: (tone: number, onBeep: (at: number) => void) => void;
  close(): Promise<void>;
};

/** How a browser is started. */
export type DrivenOptions = {
  /** Pages may start sound without a click. */
  readonly autoplay?: boolean;
};

/** The expression of an element, of the document or of an open shadow root. */
export const find = (selector: string, host: string | undefined): string =>
  host === undefined
    ? `document.querySelector(${JSON.stringify(selector)})`
    : `document.querySelector(${JSON.stringify(host)}).shadowRoot.querySelector(${JSON.stringify(selector)})`;
