// mux.js comes without types: what `inspect.ts` takes of it, and nobody else.
declare module "mux.js/lib/tools/mp4-inspector.js" {
  const inspector: { inspect(data: Uint8Array): unknown[] };
  // biome-ignore lint/style/noDefaultExport: it is a CommonJS module
  export default inspector;
}
