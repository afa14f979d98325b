import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type express from "express";

/** Who may show a page in a frame, and whose images it may show besides our own: CSP source expressions. */
export type PolicyOptions = {
  /** undefined: anybody, whatever their pages come from. */
  readonly frameAncestors: readonly string[] | undefined;
  readonly images?: readonly string[];
  /** Where the page comes from, where it may have no origin: WebKit's `'self'` is nothing in a sandbox. */
  readonly self?: string | undefined;
};

/** Nothing is loaded from elsewhere; players need blobs, and hls.js a worker from one. */
export function contentSecurityPolicy(options: PolicyOptions): string {
  const { frameAncestors, images = [] } = options;
  const self = options.self === undefined ? "'self'" : `'self' ${options.self}`;
  const directives = [
    `default-src ${self}`,
    `media-src ${self} blob:`,
    `connect-src ${self} ws: wss:`,
    `worker-src ${self} blob:`,
    [`img-src ${self} data: blob:`, ...images].join(" "),
    `style-src ${self}`,
    `base-uri ${self}`, // pages name their base, since a proxy may put a prefix before us
    "object-src 'none'",
  ];
  // `*` would mean pages from the web only: not those of apps, of files, or in a sandbox.
  if (frameAncestors !== undefined) directives.push(`frame-ancestors ${frameAncestors.join(" ")}`);
  return directives.join("; ");
}

/** What a page is sent with. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": contentSecurityPolicy({ frameAncestors: ["'self'"] }),
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": "no-cache",
};

/** HTML as it is to be; all else that goes into a page is text, and escaped. */
export class Markup {
  readonly html: string;

  constructor(html: string) {
    this.html = html;
  }
}

/** What a page is filled and sent with. */
export type PageContent = {
  /** What stands in it for `{{name}}`, and attributes for `data-fill="name"`. */
  readonly values?: { readonly [name: string]: string | Markup };
  /** BCP 47, in place of English. */
  readonly language?: string;
  /** Over those that all pages have. */
  readonly headers?: { readonly [name: string]: string };
};

/** One HTML page. Its links are relative to its `<base>`, which depends on where it is asked for. */
export class Page {
  readonly #file: string;
  #html: Promise<string> | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  async send(
    request: express.Request,
    response: express.Response,
    { values = {}, language = "en", headers = {} }: PageContent = {},
  ): Promise<void> {
    this.#html ??= readFile(this.#file, "utf8");
    let html: string;
    try {
      html = await this.#html;
    } catch (error) {
      this.#html = undefined; // it may be there next time
      throw error;
    }
    const body = html
      .replace('<html lang="en">', `<html lang="${language}" dir="${directionOf(language)}">`)
      .replace(/(<base href=")[^"]*(")/, `$1${baseOf(request.url)}$2`)
      .replace(/data-fill="(\w+)"|\{\{(\w+)\}\}/g, (_, fill?: string, name?: string) => {
        const value = values[fill ?? name ?? ""] ?? "";
        return value instanceof Markup ? value.html : escapeHtml(value);
      });
    const etag = `"${createHash("sha1").update(body).digest("base64url")}"`;
    response.set({ ...PAGE_HEADERS, ETag: etag, ...headers });
    if (request.fresh) response.status(304).end();
    else response.send(body);
  }
}

/** Which way a language is written. */
const directionOf = (language: string): "ltr" | "rtl" =>
  /^(ar|fa|he|ur)\b/.test(language) ? "rtl" : "ltr";

/** Text as it may stand in HTML, in an attribute with quotes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Attributes of an element, `true` for those without a value. */
export function attributes(all: { readonly [name: string]: string | boolean | undefined }): Markup {
  const written = Object.entries(all).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [name] : [`${name}="${escapeHtml(value)}"`];
  });
  return new Markup(written.join(" "));
}

/** The way from a page back to where all of ours lies: `../` for each folder of its address. */
export function baseOf(url: string): string {
  const path = url.split("?", 1)[0] ?? "";
  const depth = path.split("/").length - 2;
  return depth === 0 ? "./" : "../".repeat(depth);
}
