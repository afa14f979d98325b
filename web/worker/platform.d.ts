// What TypeScript's library for workers lacks.

/** A MediaSource in a worker (Chromium): a `<video>` of the page plays it by its handle. */
interface MediaSource extends EventTarget {
  readonly handle: MediaSourceHandle;
}
