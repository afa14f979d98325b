/**
 * Makes a PNG of a picture, as large as it was coded.
 *
 * @throws where there is no picture, or the browser refuses (media of another origin)
 */
export async function snapshotOf(
  picture: HTMLVideoElement | HTMLCanvasElement | undefined,
): Promise<Blob> {
  if (picture === undefined) throw new Error("Cannot take a snapshot: no picture is shown");
  const isVideo = picture instanceof HTMLVideoElement;
  const canvas = document.createElement("canvas");
  canvas.width = isVideo ? picture.videoWidth : picture.width;
  canvas.height = isVideo ? picture.videoHeight : picture.height;
  // Drawn at once: the picture is that of the moment of asking, whatever encoding takes.
  canvas.getContext("2d")?.drawImage(picture, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob === null) throw new Error("Cannot take a snapshot: the browser makes no PNG");
  return blob;
}
