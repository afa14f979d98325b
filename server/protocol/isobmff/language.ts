/** A language as the boxes of a track say it. */
export type TrackLanguage = {
  /** ISO 639-2/T, for `mdhd`: `und` where there is none for it. */
  readonly code: string;
  /** BCP 47, for `elng`: absent where `code` says it all. */
  readonly extended?: string;
};

const MAX_TAG_LENGTH = 64;
const TAG = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/;

/**
 * How the boxes of a track say its language.
 *
 * @param tag BCP 47 (`de-CH`) or ISO 639-2 (`deu`); what is neither is taken for unknown
 */
export function trackLanguage(tag: string | undefined): TrackLanguage {
  if (tag === undefined || tag.length > MAX_TAG_LENGTH || !TAG.test(tag)) return { code: "und" };
  const primary = tag.split("-")[0]?.toLowerCase() ?? "";
  const code = primary.length === 3 ? primary : (THREE_LETTERS.get(primary) ?? "und");
  return tag.toLowerCase() === code ? { code } : { code, extended: tag };
}

// ISO 639-1 with its ISO 639-2/T behind it.
const TWO_AND_THREE_LETTERS = `
  aaaar ababk aeave afafr akaka amamh anarg arara asasm avava ayaym azaze babak bebel bgbul bhbih
  bibis bmbam bnben bobod brbre bsbos cacat ceche chcha cocos crcre csces cuchu cvchv cycym dadan
  dedeu dvdiv dzdzo eeewe elell eneng eoepo esspa etest eueus fafas ffful fifin fjfij fofao frfra
  fyfry gagle gdgla glglg gngrn guguj gvglv hahau heheb hihin hohmo hrhrv hthat huhun hyhye hzher
  iaina idind ieile igibo iiiii ikipk ioido isisl itita iuiku jajpn jvjav kakat kgkon kikik kjkua
  kkkaz klkal kmkhm knkan kokor krkau kskas kukur kvkom kwcor kykir lalat lbltz lglug lilim lnlin
  lolao ltlit lulub lvlav mgmlg mhmah mimri mkmkd mlmal mnmon mrmar msmsa mtmlt mymya nanau nbnob
  ndnde nenep ngndo nlnld nnnno nonor nrnbl nvnav nynya ococi ojoji omorm orori ososs papan pipli
  plpol pspus ptpor quque rmroh rnrun roron rurus rwkin sasan scsrd sdsnd sesme sgsag sisin skslk
  slslv smsmo snsna sosom sqsqi srsrp ssssw stsot susun svswe swswa tatam tetel tgtgk ththa titir
  tktuk tltgl tntsn toton trtur tstso tttat twtwi tytah uguig ukukr ururd uzuzb veven vivie vovol
  wawln wowol xhxho yiyid yoyor zazha zhzho zuzul
`;

const THREE_LETTERS: ReadonlyMap<string, string> = new Map(
  TWO_AND_THREE_LETTERS.trim()
    .split(/\s+/)
    .map((letters) => [letters.slice(0, 2), letters.slice(2)]),
);
