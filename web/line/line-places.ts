import type { LinePlaces } from "./line.ts";
import { LineWorkers } from "./line-workers.ts";
import { PageThread } from "./page-thread.ts";
import { workerWorld } from "./worker-world.ts";

let module: URL | undefined;
let places: LinePlaces | undefined;

/** Says where the worker's module is, before the first player is made. */
export function placeWorker(url: URL): void {
  module ??= url;
}

/** What all players of this page share. */
export function linePlaces(): LinePlaces {
  places ??= {
    workers: new LineWorkers(workerWorld(module)),
    onPage: (listener) => new PageThread(listener),
  };
  return places;
}
