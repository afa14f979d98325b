import type { PlaysLimits } from "../../server/endpoint/rtmp/plays.ts";
import { LIMITS } from "../../server/protocol/limits.ts";

/** What bounds RTMP players, as the server sets it. */
export const PLAY_LIMITS: PlaysLimits = {
  backlog: {
    bytes: LIMITS.viewerBacklog,
    time: LIMITS.viewerBacklogTime,
    soundBytes: LIMITS.viewerSoundBacklog,
    messages: LIMITS.backlogMessages,
    historyTime: LIMITS.viewerSilence,
  },
  notices: LIMITS.viewerNotices,
  silence: LIMITS.viewerSilence,
  wait: LIMITS.playerWait,
};
