import type { Log } from "./log.ts";

/** A log whose every line also has these fields: what a room is about, said once. */
export const withFields = (log: Log, fields: { readonly [name: string]: unknown }): Log => ({
  debug: (message, more) => log.debug(message, { ...fields, ...more }),
  info: (message, more) => log.info(message, { ...fields, ...more }),
  warn: (message, more) => log.warn(message, { ...fields, ...more }),
  error: (message, more) => log.error(message, { ...fields, ...more }),
});
