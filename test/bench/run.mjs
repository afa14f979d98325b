#!/usr/bin/env node
/** `npm run bench [-- [server] [variants] [viewers] [player] [hls] [half-hour] [--quick] [--write]]` */
import { runBundled } from "../support/run-bundled.mjs";

await runBundled("bench", [
  ...["relay", "replay", "crowd", "ingest"],
  ...["hls-crowd", "hls-floor", "hls-origin"],
]);
