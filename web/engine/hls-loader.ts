import type {
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  PlaylistLoaderConstructor,
  PlaylistLoaderContext,
} from "hls.js";

/** Takes the text of a playlist, and gives what hls.js is to read. */
export type Rewrite = (text: string) => string;

/**
 * A loader of playlists for hls.js that has somebody look over them.
 *
 * @param Base hls.js's own, which does the work
 * @param rewrites of the multivariant playlist, and of the media playlists of its variants
 */
export function playlistLoader(
  Base: HlsConfig["loader"],
  rewrites: { readonly multivariant: Rewrite; readonly variant: Rewrite },
): PlaylistLoaderConstructor {
  const kinds = new Map<string, Rewrite>([
    ["manifest", rewrites.multivariant],
    ["level", rewrites.variant],
  ]);
  return class extends (Base as new (config: HlsConfig) => Loader<PlaylistLoaderContext>) {
    override load(
      context: PlaylistLoaderContext,
      config: LoaderConfiguration,
      callbacks: LoaderCallbacks<PlaylistLoaderContext>,
    ): void {
      const rewrite = kinds.get(context.type);
      if (rewrite === undefined) {
        super.load(context, config, callbacks);
        return;
      }
      super.load(context, config, {
        ...callbacks,
        onSuccess: (response, ...others) => {
          const { data } = response;
          const read = typeof data === "string" ? { ...response, data: rewrite(data) } : response;
          callbacks.onSuccess(read, ...others);
        },
      });
    }
  };
}
