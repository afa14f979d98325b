import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { extname, join } from "node:path";
import express from "express";
import { chooseCoding } from "./content-coding.ts";

/**
 * Answers a request for `/player.js` or `/embed.js`, and for what lies under `/assets`; `next` gets what does not, or
 * why it failed.
 */
export type Assets = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
  next: (error?: unknown) => void,
) => void;

const PREFIX = "/assets/";

/** The player element and what drives an embedded one, under names that pages elsewhere can rely on. */
const MODULES = /^\/(player|embed)\.js(\.map)?(\?|$)/;

/** esbuild's hash in a name: other bytes, other name. */
const HASHED_NAME = /-[0-9A-Z]{8}\.[a-z]+(\.map)?$/;

/** Packed once, when they were built: beside a file lies `….br` and `….gz`. */
const PACKED = { br: ".br", gzip: ".gz" } as const;
const PACKED_NAME = /\.(br|gz)$/;

/** Of what is packed. */
const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/**
 * What pages load, packed as the browser likes it. It needs nothing of Express but its file server, which
 * runs under `http` and `http2` alike.
 *
 * @param publicDir whose `build/assets` and `assets` are looked into, in this order
 */
export function createAssets(publicDir: string): Assets {
  const [modules, ...folders] = ["build", "build/assets", "assets"].map((folder) =>
    express.static(join(publicDir, folder), {
      cacheControl: false,
      dotfiles: "ignore",
      index: false,
      redirect: false,
      setHeaders: (response, path) => {
        const name = path.replace(PACKED_NAME, "");
        const isHashed = HASHED_NAME.test(name);
        response.setHeader(
          "Cache-Control",
          isHashed ? "public, max-age=31536000, immutable" : "no-cache",
        );
        const type = TYPES[extname(name)];
        if (name !== path && type !== undefined) {
          response.setHeader("Content-Encoding", path.endsWith(".br") ? "br" : "gzip");
          response.setHeader("Content-Type", type);
        }
        response.setHeader("Vary", "Accept-Encoding");
        // A module is loaded as CORS demands, and pages that isolate themselves ask for more.
        response.setHeader("Access-Control-Allow-Origin", "*");
        response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
        response.setHeader("Cross-Origin-Embedder-Policy", "require-corp"); // of a worker in such a page
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Referrer-Policy", "no-referrer");
      },
    }),
  );
  return (request, response, next) => {
    const { url } = request;
    const isModule = url !== undefined && MODULES.test(url);
    if (url === undefined || !(isModule || url.startsWith(PREFIX))) {
      next();
      return;
    }
    const passOn = (error?: unknown): void => {
      request.url = url;
      next(error);
    };
    const path = isModule ? url : url.slice(PREFIX.length - 1);
    const coding = chooseCoding(request.headers["accept-encoding"]);
    const isWhole = coding === "identity" || request.headers.range !== undefined;
    const paths = isWhole ? [path] : [path.replace(/(?=\?|$)/, PACKED[coding]), path];
    const places = (isModule ? [modules] : folders).flatMap((folder) =>
      paths.map((one) => ({ folder, path: one })),
    );
    const look = (index: number): void => {
      const place = places[index];
      if (place === undefined) {
        passOn();
        return;
      }
      request.url = place.path;
      // Its types name `http` alone; what it uses, the compatibility API of `http2` has as well.
      place.folder?.(request as express.Request, response as express.Response, (error?: unknown) =>
        error === undefined ? look(index + 1) : passOn(error),
      );
    };
    look(0);
  };
}
