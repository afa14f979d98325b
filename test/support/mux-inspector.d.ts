// mux.js comes without types: what the tests take of it.
declare module "mux.js/lib/mp4/emsg.js" {
  const parser: {
    parseEmsgBox(body: Uint8Array): { readonly [field: string]: unknown };
    scheme_id_uri?: string;
  };
  // biome-ignore lint/style/noDefaultExport: it is a CommonJS module
  export default parser;
}

declare module "mux.js/lib/tools/mp4-inspector.js" {
  const inspector: { inspect(data: Uint8Array): unknown[] };
  // biome-ignore lint/style/noDefaultExport: it is a CommonJS module
  export default inspector;
}
