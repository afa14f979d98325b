import type {
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  PlaylistLoaderConstructor,
  PlaylistLoaderContext,
} from "hls.js";

/**
 * A loader of playlists for hls.js that has somebody look over the multivariant one.
 *
 * @param Base hls.js's own, which does the work
 * @param rewrite takes its text, and gives what hls.js is to read
 */
export function playlistLoader(
  Base: HlsConfig["loader"],
  rewrite: (text: string) => string,
): PlaylistLoaderConstructor {
  return class extends (Base as new (config: HlsConfig) => Loader<PlaylistLoaderContext>) {
    override load(
      context: PlaylistLoaderContext,
      config: LoaderConfiguration,
      callbacks: LoaderCallbacks<PlaylistLoaderContext>,
    ): void {
      if ((context.type as string) !== "manifest") {
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
