import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { join } from "node:path";
import express from "express";

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

/**
 * What pages load. It needs nothing of Express but its file server, which runs under `http` and
 * `http2` alike.
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
        const isHashed = HASHED_NAME.test(path);
        response.setHeader(
          "Cache-Control",
          isHashed ? "public, max-age=31536000, immutable" : "no-cache",
        );
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
    if (url !== undefined && MODULES.test(url)) {
      modules?.(request as express.Request, response as express.Response, next);
      return;
    }
    if (!url?.startsWith(PREFIX)) {
      next();
      return;
    }
    const passOn = (error?: unknown): void => {
      request.url = url;
      next(error);
    };
    const look = (index: number): void => {
      const folder = folders[index];
      if (folder === undefined) {
        passOn();
        return;
      }
      request.url = url.slice(PREFIX.length - 1);
      // Its types name `http` alone; what it uses, the compatibility API of `http2` has as well.
      folder(request as express.Request, response as express.Response, (error?: unknown) =>
        error === undefined ? look(index + 1) : passOn(error),
      );
    };
    look(0);
  };
}
