/** An option as ffmpeg and GStreamer have them, with its value where that is a number. */
const OPTION = /((?<![^\s(])--?[a-z][\w:]*(?: \d+)?)/;

/** Cuts a sentence at the options in it: every second piece is one. Together they are the sentence. */
export const optionsApart = (sentence: string): string[] => sentence.split(OPTION);
