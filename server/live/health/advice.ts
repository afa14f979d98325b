import type { EncoderKind } from "./encoder-name.ts";

/** What of an encoder is to be changed. */
export type Topic =
  | "keyframes"
  | "scene-cuts"
  | "open-gop"
  | "interlaced"
  | "b-frames"
  | "bitrate"
  | "rate-control"
  | "frame-rate"
  | "load"
  | "pace"
  | "video"
  | "audio"
  | "audio-clock"
  | "audio-level"
  | "audio-offset"
  | "audio-rate"
  | "audio-codec"
  | "video-codec"
  | "profile"
  | "resolution"
  | "source"
  | "standstill"
  | "restart";

const OBS_OUTPUT = "OBS → Settings → Output (Output Mode: Advanced) → Streaming";

/** @param pictures that a keyframe interval of two seconds has */
const ADVICE: {
  readonly [topic in Topic]: { readonly [kind in EncoderKind]: (pictures: number) => string };
} = {
  keyframes: {
    obs: () => `set 2 s in ${OBS_OUTPUT} → Keyframe Interval`,
    ffmpeg: (pictures) => `add -g ${pictures} -keyint_min ${pictures}`,
    gstreamer: (pictures) => `set key-int-max=${pictures} on x264enc (gop-size on others)`,
    other: () => "set the encoder's keyframe interval (GOP) to 2 s",
  },
  "scene-cuts": {
    obs: () =>
      `set 2 s in ${OBS_OUTPUT} → Keyframe Interval, and with x264 add scenecut=0 to x264 Options`,
    ffmpeg: (pictures) => `add -g ${pictures} -keyint_min ${pictures} -sc_threshold 0`,
    gstreamer: (pictures) => `set key-int-max=${pictures} option-string=scenecut=0 on x264enc`,
    other: () => "set the encoder's keyframe interval to 2 s, and switch scene-cut keyframes off",
  },
  "open-gop": {
    obs: () => `add open-gop=0 to x264 Options in ${OBS_OUTPUT}`,
    ffmpeg: () => "add -flags +cgop (with libx265 -x265-params open-gop=0)",
    gstreamer: () => "set option-string=open-gop=0 on x264enc or x265enc",
    other: () => "set the encoder to closed GOPs",
  },
  interlaced: {
    obs: () => "choose another encoder, and Deinterlacing in the menu of sources that need it",
    ffmpeg: () => "add -vf bwdif, and leave out -flags +ildct+ilme",
    gstreamer: () => "put deinterlace before the encoder, and set interlaced=false on x264enc",
    other: () => "set the encoder to progressive",
  },
  "b-frames": {
    obs: () => `set bframes=0 (x264 Options) or Max B-frames 0 in ${OBS_OUTPUT}`,
    ffmpeg: () => "add -bf 0, or -tune zerolatency",
    gstreamer: () => "set bframes=0 on x264enc, or tune=zerolatency",
    other: () => "set the encoder's B-frames to 0",
  },
  bitrate: {
    obs: () => "lower the Bitrate in OBS → Settings → Output → Streaming",
    ffmpeg: () => "lower -b:v and -maxrate",
    gstreamer: () => "lower bitrate on the encoder element",
    other: () => "lower the encoder's bitrate",
  },
  "rate-control": {
    obs: () => `set Rate Control to CBR in ${OBS_OUTPUT}`,
    ffmpeg: () => "give -maxrate and -bufsize beside -b:v",
    gstreamer: () => "set pass=cbr and vbv-buf-capacity on x264enc",
    other: () => "set the encoder's rate control to CBR",
  },
  "frame-rate": {
    obs: () => "check OBS → Settings → Video → Common FPS Values",
    ffmpeg: () => "add -r with the rate, and -fps_mode cfr",
    gstreamer: () => "put videorate and a framerate caps filter before the encoder",
    other: () => "set the encoder to a constant frame rate",
  },
  load: {
    obs: () => `choose a faster CPU Usage Preset or a hardware Encoder in ${OBS_OUTPUT}`,
    ffmpeg: () => "choose a faster -preset, or a smaller size",
    gstreamer: () => "choose a faster speed-preset on x264enc, or a smaller size",
    other: () => "choose a faster preset or a smaller size in the encoder",
  },
  pace: {
    obs: () => "restart the stream in OBS",
    ffmpeg: () => "put -re before -i",
    gstreamer: () => "put identity sync=true before the muxer",
    other: () => "let the encoder send at the pace of time",
  },
  video: {
    obs: () => "check the sources of the scene, and restart the stream in OBS",
    ffmpeg: () => "check the video input, and start ffmpeg anew",
    gstreamer: () => "check the video branch of the pipeline, and start it anew",
    other: () => "check the encoder's camera or capture, and start it anew",
  },
  audio: {
    obs: () => "check OBS → Settings → Output → Streaming → Audio Track and the Audio Mixer",
    ffmpeg: () => "check -map, and that the input has sound",
    gstreamer: () => "link an audio branch to flvmux",
    other: () => "check the encoder's sound input",
  },
  "audio-level": {
    obs: () => "check what is muted in OBS's Audio Mixer, and OBS → Settings → Audio",
    ffmpeg: () => "check the sound of the input (-af volumedetect tells its level)",
    gstreamer: () => "check the audio source (the element level tells its loudness)",
    other: () => "check the encoder's sound input, and what is muted",
  },
  "audio-offset": {
    obs: () => "set Sync Offset in OBS → Edit → Advanced Audio Properties",
    ffmpeg: () => "shift one input with -itsoffset",
    gstreamer: () => "set ts-offset, or equal latencies of both branches",
    other: () => "set the encoder's sound delay",
  },
  "audio-rate": {
    obs: () => "set 48 kHz in OBS → Settings → Audio → Sample Rate",
    ffmpeg: () => "add -ar 48000",
    gstreamer: () => "put audioresample ! audio/x-raw,rate=48000 before the encoder",
    other: () => "set the encoder's sample rate to 48 kHz",
  },
  "audio-clock": {
    obs: () => "set OBS → Settings → Audio → Sample Rate to that of the devices (usually 48 kHz)",
    ffmpeg: () => "add -af aresample=async=1 (and no -c:a copy)",
    gstreamer: () => "put audiorate ! audioresample before the encoder",
    other: () => "set the sample rate of the encoder to that of its sound input",
  },
  "audio-codec": {
    obs: () => `choose AAC as Audio Encoder in ${OBS_OUTPUT}`,
    ffmpeg: () => "use -c:a aac",
    gstreamer: () => "use avenc_aac or fdkaacenc",
    other: () => "set the encoder's sound to AAC",
  },
  "video-codec": {
    obs: () => `choose an H.264 Video Encoder in ${OBS_OUTPUT}`,
    ffmpeg: () => "use -c:v libx264",
    gstreamer: () => "use x264enc",
    other: () => "set the encoder's pictures to H.264",
  },
  profile: {
    obs: () => "set Color Format to NV12 in OBS → Settings → Advanced → Video",
    ffmpeg: () => "add -pix_fmt yuv420p -profile:v high",
    gstreamer: () => "put videoconvert ! video/x-raw,format=I420 before the encoder",
    other: () => "set the encoder to profile High, 8 bits, 4:2:0",
  },
  resolution: {
    obs: () => "change OBS → Settings → Video → Output (Scaled) Resolution",
    ffmpeg: () => "add -vf scale=1920:-2",
    gstreamer: () => "put videoscale and a size caps filter before the encoder",
    other: () => "change the encoder's output size",
  },
  source: {
    obs: () => "check the clock of capture devices, and restart the stream in OBS",
    ffmpeg: () => "add -use_wallclock_as_timestamps 1 before -i, or -fflags +genpts",
    gstreamer: () => "set do-timestamp=true on the source",
    other: () => "check the encoder's sources and its clock",
  },
  standstill: {
    obs: () => "see whether OBS says that it is connected, and stop and start the stream",
    ffmpeg: () => "see whether ffmpeg's speed= stays at 1x, check its input, and start it anew",
    gstreamer: () => "check the sources of the pipeline, and start it anew",
    other: () => "check the encoder and its line, and start it anew",
  },
  restart: {
    obs: () => "stop and start the stream in OBS",
    ffmpeg: () => "start ffmpeg anew, with -c:v libx264 where it copies",
    gstreamer: () => "start the pipeline anew",
    other: () => "start the encoder anew",
  },
};

/**
 * Which setting to change, in the words of the encoder at hand: the second half of a sentence.
 *
 * @param frameRate pictures a second, where that matters; 30 where it is not known
 */
export const advice = (kind: EncoderKind, topic: Topic, frameRate = 30): string =>
  ADVICE[topic][kind](Math.max(2, Math.round(2 * frameRate)));
