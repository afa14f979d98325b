#!/usr/bin/env node
/** `npm run screenshots [-- PATTERN]`: every page in every state, into `test/.cache/screenshots`. */
import { runBundled } from "../support/run-bundled.mjs";

await runBundled("screenshots");
