import { pino } from "pino";
import { prettyFactory } from "pino-pretty";
import type { LogFormat, LogLevel } from "./config/settings.ts";
import type { Clock } from "./live/clock.ts";
import type { Milliseconds } from "./protocol/media/sample.ts";

/** What belongs to a line of the log: plain values; an `Error` is written with its stack. */
export type LogFields = { readonly [name: string]: unknown };

/** Where rooms say what happens. Secrets and control characters are cut from all of it. */
export type Log = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
};

/** Says nothing. */
export const SILENT_LOG: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

/** The process's log: what only its owner does with it. */
export type ProcessLog = Log & {
  /** This text is never to appear, wherever it turns up. */
  hide(secret: string): void;
  /** Writes what still waits; before the process ends. */
  flush(): void;
};

/** How the log is to be written. */
export type LogOptions = {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Pretty lines in colour. */
  readonly colour?: boolean;
  /** Takes the lines instead of stderr. */
  readonly write?: (line: string) => void;
};

/** Unwritten bytes of a log that nobody reads; lines beyond are lost, and the server goes on. */
const MAX_UNWRITTEN = 1_048_576;
const STDERR = 2;

/** Makes the process's log, on stderr. */
export function createLog({ level, format, colour = false, write }: LogOptions): ProcessLog {
  const secrets: string[] = [];
  const sink = write === undefined ? stderrSink() : { write, flush: () => {} };
  const prettify = prettyFactory({
    colorize: colour,
    singleLine: true,
    translateTime: "SYS:HH:MM:ss.l",
  });
  const stream = format === "json" ? sink : { write: (line: string) => sink.write(prettify(line)) };
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  const say =
    (method: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (!logger.isLevelEnabled(method)) return;
      logger[method](cleanFields(fields, secrets), clean(message, secrets));
    };
  return {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    hide: (secret) => {
      if (secret !== "") secrets.push(secret);
    },
    flush: () => sink.flush(),
  };
}

/** Written behind the loop's back: a terminal or pipe that nobody reads must not stop a frame. */
function stderrSink(): { write(line: string): void; flush(): void } {
  const file = pino.destination({ dest: STDERR, sync: false, maxLength: MAX_UNWRITTEN });
  file.on("error", () => {}); // there is nowhere to complain
  return {
    write: (line) => {
      file.write(line);
    },
    flush: () => {
      try {
        file.flushSync();
      } catch {
        // nobody reads it any more
      }
    },
  };
}

const HIDDEN = "[hidden]";
const SECRET_FIELD = /^(key|publishKey|streamKey|token|ticket|authorization|cookie)$/i;
/** In stream names, URLs and query strings, also percent-encoded. */
const SECRET_QUERY = /(\b(?:key|token|ticket)(?:=|%3d))[^&\s"'<>]*/gi;
/** All but line ends, which a stack has: a peer's text must not drive somebody's terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come through
const CONTROL_CHARACTERS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/g;
const LONGEST_TEXT = 2000;
const DEEPEST = 4;
const MOST_MEMBERS = 50;

function clean(text: string, secrets: readonly string[]): string {
  // Cut twice, so that a secret is never cut in two before it is looked for.
  let cleaned = text.slice(0, 2 * LONGEST_TEXT);
  for (const secret of secrets) cleaned = cleaned.replaceAll(secret, HIDDEN);
  cleaned = cleaned.replace(SECRET_QUERY, `$1${HIDDEN}`);
  if (cleaned.length > LONGEST_TEXT) cleaned = `${cleaned.slice(0, LONGEST_TEXT)}…`;
  return cleaned.replace(
    CONTROL_CHARACTERS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function cleanFields(fields: LogFields, secrets: readonly string[], depth = 0): LogFields {
  const entries = Object.entries(fields).slice(0, MOST_MEMBERS);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      SECRET_FIELD.test(name) ? HIDDEN : cleanValue(value, secrets, depth),
    ]),
  );
}

function cleanValue(value: unknown, secrets: readonly string[], depth: number): unknown {
  if (typeof value === "string") return clean(value, secrets);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (value instanceof Error) {
    const code = "code" in value ? { code: String(value.code) } : {};
    return { ...code, stack: clean(value.stack ?? String(value), secrets) };
  }
  if (depth >= DEEPEST) return "…";
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) {
    return value.slice(0, MOST_MEMBERS).map((member) => cleanValue(member, secrets, depth + 1));
  }
  return cleanFields({ ...value }, secrets, depth + 1);
}

/** How often the same thing may be logged, and how many things are told apart. */
export type RepeatLimits = { readonly every: Milliseconds; readonly codes: number };

const REPEATS: RepeatLimits = { every: 10_000, codes: 1000 };

/**
 * A log for what may happen a thousand times a second: each code is logged when it happens first,
 * then counted, and told again with its `repeated` count at most once in `every`.
 */
export class RepeatLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #limits: RepeatLimits;
  readonly #codes = new Map<string, { count: number; tell: () => void }>();

  constructor(log: Log, clock: Clock, limits: RepeatLimits = REPEATS) {
    this.#log = log;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** @param code names what is the same; from a small set, with who did it if that matters */
  warn(code: string, message: string, fields: LogFields = {}): void {
    const known = this.#codes.get(code);
    if (known !== undefined) {
      known.count += 1;
      known.tell = () => this.#tell(code, message, fields, known.count);
      return;
    }
    // Too many to tell apart: somebody plays with codes, and silence is the answer.
    if (this.#codes.size >= this.#limits.codes) return;
    this.#codes.set(code, { count: 0, tell: () => {} });
    this.#log.warn(message, { code, ...fields });
    this.#await(code);
  }

  #await(code: string): void {
    this.#clock.after(this.#limits.every, () => {
      const known = this.#codes.get(code);
      if (known === undefined || known.count === 0) {
        this.#codes.delete(code);
        return;
      }
      known.tell();
      known.count = 0;
      this.#await(code);
    });
  }

  #tell(code: string, message: string, fields: LogFields, repeated: number): void {
    this.#log.warn(message, { code, ...fields, repeated });
  }
}
