import { type ChildProcess, spawn } from "node:child_process";

/** A program that runs beside the test. */
export type Child = {
  readonly process: ChildProcess;
  /** Everything it wrote on stdout, on stderr, so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves when a line of stdout or stderr matches; rejects when it ends first, or too late. */
  line(pattern: RegExp, timeout?: number): Promise<RegExpExecArray>;
  /** Resolves at its end. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Asks it to end, by `signal`, and kills it after `timeout` ms; resolves at its end. */
  stop(signal?: NodeJS.Signals, timeout?: number): Promise<number | null>;
};

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a program whose output is collected; whatever happens, it does not outlive the test run. */
export function startChild(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; uid?: number; gid?: number } = {},
): Child {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  running.add(child);
  const output = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of [...listeners]) listener();
  };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8");
    child[name].on("data", (text: string) => {
      output[name] += text;
      notify();
    });
  }
  let ended = false;
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("error", (error) => {
      output.stderr += `${error.message}\n`;
      ended = true;
      resolve({ code: -1, signal: null });
      notify();
    });
    child.once("close", (code, signal) => {
      ended = true;
      running.delete(child);
      resolve({ code, signal });
      notify();
    });
  });

  return {
    process: child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exited,
    line: (pattern, timeout = 20_000) =>
      new Promise((resolve, reject) => {
        const finish = (settle: () => void) => {
          clearTimeout(timer);
          listeners.delete(look);
          settle();
        };
        const fail = (why: string) => {
          const message = `${command} ${why} before ${pattern}\n${output.stdout}${output.stderr}`;
          finish(() => reject(new Error(message)));
        };
        const look = () => {
          const match = pattern.exec(output.stdout) ?? pattern.exec(output.stderr);
          if (match !== null) finish(() => resolve(match));
          else if (ended) fail("ended");
        };
        const timer = setTimeout(() => fail(`was silent for ${timeout} ms`), timeout);
        listeners.add(look);
        look();
      }),
    stop: async (signal = "SIGTERM", timeout = 10_000) => {
      if (!ended) child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), timeout);
      const { code } = await exited;
      clearTimeout(timer);
      return code;
    },
  };
}
