import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type express from "express";

/** Nothing is loaded from elsewhere; players need blobs, and hls.js a worker from one. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "media-src 'self' blob:",
  "connect-src 'self' ws: wss:",
  "worker-src 'self' blob:",
  "img-src 'self' data: blob:",
  "style-src 'self'",
  "base-uri 'self'", // pages name their base, since a proxy may put a prefix before us
  "object-src 'none'",
  "frame-ancestors 'self'",
].join("; ");

/** What a page is sent with. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": "no-cache",
};

/** One HTML page. Its links are relative to its `<base>`, which depends on where it is asked for. */
export class Page {
  readonly #file: string;
  #html: Promise<string> | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** @param values what stands in it for `{{name}}`: text, which is escaped */
  async send(
    request: express.Request,
    response: express.Response,
    values: { readonly [name: string]: string } = {},
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
      .replace(/(<base href=")[^"]*(")/, `$1${baseOf(request.url)}$2`)
      .replace(/\{\{(\w+)\}\}/g, (_, name: string) => escapeHtml(values[name] ?? ""));
    const etag = `"${createHash("sha1").update(body).digest("base64url")}"`;
    response.set({ ...PAGE_HEADERS, ETag: etag });
    if (request.fresh) response.status(304).end();
    else response.send(body);
  }
}

/** Text as it may stand in HTML, in an attribute with quotes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The way from a page back to where all of ours lies: `../` for each folder of its address. */
export function baseOf(url: string): string {
  const path = url.split("?", 1)[0] ?? "";
  const depth = path.split("/").length - 2;
  return depth === 0 ? "./" : "../".repeat(depth);
}
