/** Where to publish, and by what name. */
export type PublishTarget = {
  /** What OBS calls Server: `rtmp://HOST:PORT/APP`. */
  readonly server: string;
  /** What OBS calls Stream Key: `NAME?key=PUBLISHKEY`. */
  readonly streamKey: string;
};

/**
 * Commands that publish as they stand: a test picture and a tone, with the settings that suit a live
 * broadcast. Of GStreamer's two sinks the newer one is for version 1.18 and above.
 */
export function publishCommands({ server, streamKey }: PublishTarget): {
  readonly ffmpeg: string;
  readonly ffmpegFile: string;
  readonly rtmp2sink: string;
  readonly rtmpsink: string;
} {
  const url = `${server}/${streamKey}`;
  const coding =
    "-c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 60 -keyint_min 60 " +
    "-b:v 2500k -maxrate 2500k -bufsize 2500k -c:a aac -b:a 128k -ar 48000";
  const pipeline = (sink: string) =>
    "gst-launch-1.0 -e videotestsrc is-live=true pattern=ball ! " +
    "video/x-raw,format=I420,width=1280,height=720,framerate=30/1 ! " +
    "x264enc tune=zerolatency speed-preset=veryfast bitrate=2500 key-int-max=60 ! h264parse ! " +
    `flvmux name=mux streamable=true ! ${sink} ` +
    "audiotestsrc is-live=true volume=0.1 ! audioconvert ! audioresample ! " +
    "audio/x-raw,rate=48000,channels=2 ! avenc_aac bitrate=128000 ! aacparse ! mux.";
  return {
    ffmpeg:
      "ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=440 " +
      `${coding} -f flv "${url}"`,
    ffmpegFile: `ffmpeg -re -i input.mp4 ${coding} -f flv "${url}"`,
    rtmp2sink: pipeline(`rtmp2sink location="${url}"`),
    rtmpsink: pipeline(`rtmpsink location="${url} live=1"`),
  };
}
