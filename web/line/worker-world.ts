import type { WorkerWorld } from "./line-workers.ts";

/** What is used of Trusted Types, which TypeScript does not know of. */
type TrustedTypes = {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): TrustedUrls;
};

type TrustedUrls = { createScriptURL(url: string): unknown };

let policy: TrustedUrls | undefined;

/**
 * Workers as this page may have them. One of another origin is reached by way of a `blob:`, which the
 * page's policy must allow (`worker-src blob:`).
 *
 * @param url of the worker's module; undefined: there is none
 */
export function workerWorld(url: URL | undefined): WorkerWorld {
  return {
    isSupported: url !== undefined && canHoldMedia(),
    start: () => startWorker(url as URL),
    watchPolicy: (onForbidden) => {
      const listen = ({ effectiveDirective }: SecurityPolicyViolationEvent) => {
        if (/^(worker|child|script)-src/.test(effectiveDirective)) onForbidden();
      };
      document.addEventListener("securitypolicyviolation", listen);
      return () => document.removeEventListener("securitypolicyviolation", listen);
    },
    after: (ms, action) => {
      const timer = setTimeout(action, ms);
      return () => clearTimeout(timer);
    },
  };
}

/** Whether a MediaSource can be made in a worker, and handed to a `<video>` of the page. */
function canHoldMedia(): boolean {
  if (typeof Worker === "undefined" || typeof MediaSource === "undefined") return false;
  const { canConstructInDedicatedWorker } = MediaSource as {
    readonly canConstructInDedicatedWorker?: boolean;
  };
  return canConstructInDedicatedWorker === true;
}

function startWorker(url: URL): Worker {
  const options = { type: "module", name: "sluice" } as const;
  if (url.origin === globalThis.origin) return new Worker(trusted(url.href), options);
  const blobUrl = URL.createObjectURL(new Blob([borrow(url)], { type: "text/javascript" }));
  try {
    const worker = new Worker(trusted(blobUrl), options);
    const revoke = () => URL.revokeObjectURL(blobUrl);
    worker.addEventListener("message", revoke, { once: true });
    worker.addEventListener("error", revoke, { once: true });
    return worker;
  } catch (error) {
    URL.revokeObjectURL(blobUrl);
    throw error;
  }
}

/**
 * By `import()`, since that is a matter of `script-src`, which lets the player in; a worker's static imports
 * are a matter of `worker-src`. What the page says meanwhile is kept.
 */
const borrow = (url: URL): string => `const early = [];
onmessage = ({ data }) => early.push(data);
import(${JSON.stringify(url.href)}).then(() => {
  onmessage = null;
  for (const data of early) dispatchEvent(new MessageEvent("message", { data }));
}, (error) => setTimeout(() => { throw error; }));`;

/** Where a page demands Trusted Types, an address of ours is called trusted under the name `sluice`. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return url;
  policy ??= trustedTypes.createPolicy("sluice", { createScriptURL: (text) => text });
  // A TrustedScriptURL, which TypeScript's `Worker` does not know of.
  return policy.createScriptURL(url) as string;
}
