/**
 * Every bound of this server in one place: nothing it holds for a peer may grow past one of these.
 * `docs/limits.md` shows this table; a test keeps the two equal. Times are ms, sizes bytes.
 */
export const LIMITS = {
  // RTMP: what a connection may take in time
  handshakeTime: 10_000,
  /** From the end of the handshake to a publish that was accepted. */
  timeToPublish: 15_000,
  /** A publisher that sends nothing at all. */
  publisherSilence: 20_000,
  /** A publisher that has been silent for this long gives way to another. */
  publisherYield: 5_000,
  /** A publisher that was asked to come on another connection may come so long, and takes its own place. */
  reconnectTime: 30_000,
  /** Events that wait on the new connection for its first sync sample, and for how long. */
  handoverEvents: 1024,
  handoverTime: 5_000,
  /** Who can go on elsewhere is given so long to do so when the server stops. */
  reconnectDrain: 2_000,
  /** An error status is on its way before the connection is closed. */
  refusalLinger: 1_000,
  rtmpConnections: 1000,
  rtmpConnectionsPerAddress: 200,

  // RTMP: what a connection may send
  chunkSize: 16_777_216, // 16 MiB
  audioVideoMessage: 16_777_216, // 16 MiB
  dataMessage: 262_144, // 256 KiB
  commandMessage: 65_536, // 64 KiB
  knownChunkStreams: 64,
  partialMessages: 16,
  partialBytes: 25_165_824, // 24 MiB
  /** Messages that were begun and given up by Abort, all together. */
  aborts: 100,
  messageStreams: 8,
  aggregateMessages: 1024,
  /** Messages of less than 8 bytes, parts of aggregates too: each second, and at once. */
  smallMessagesPerSecond: 2000,
  /** Commands, user control, and messages of types unknown here: each second, and at once. */
  commandsPerSecond: 100,
  /** Remote calls of one connection that wait for their answers, and how long each may. */
  callsAtOnce: 16,
  callTime: 10_000,
  /** Bytes that wait to be sent to a publisher. */
  publisherOutput: 1_048_576, // 1 MiB
  /** Bad tags, AMF values or codec records in a row, with no good one between. */
  badMessagesInARow: 50,
  streamPath: 255,
  /** Characters of the queries of application, URL and stream key. */
  streamQuery: 4_096,
  /** Messages that wait while it is being decided whether their sender may publish. */
  heldMessages: 4096,
  heldBytes: 8_388_608, // 8 MiB
  /** Oddities of one connection that are told, each once. */
  notedOddities: 32,
  /** Codecs that a client may list. */
  fourCcs: 64,

  // AMF
  amfDepth: 16,
  amfMembers: 4096,
  /** All values of one message together. */
  amfValues: 65_536,
  amfString: 65_536, // 64 KiB

  // Media
  videoTracks: 8,
  audioTracks: 16,
  /** As many as there are numbers for them; of tracks beyond the two above, nothing is taken. */
  tracksInMessage: 256,
  modExElements: 8,
  metadataBytes: 65_536, // 64 KiB
  /** A message among a picture's units in which an encoder tells of itself: longer ones are others'. */
  encoderReportBytes: 4096,
  /** A splice_info_section (SCTE 35): as long as one may be. */
  spliceInfoSection: 4_098,
  /** A cue may be announced so long before it happens. */
  spliceLead: 60_000,
  /** What began without a planned duration, and is not said to be over, is over after this long. */
  spliceOpen: 3_600_000,
  /** Date ranges that a live stream keeps (cue points, advertisements), and their text all together. */
  dateRanges: 200,
  dateRangeBytes: 65_536, // 64 KiB
  /** Attributes of one that are its encoder's, and characters of each. */
  dateRangeAttributes: 32,
  dateRangeValue: 512,
  /** Characters of a track's name. */
  trackName: 128,
  /** A decoder configuration: parameter sets and all. */
  configurationBytes: 65_536, // 64 KiB
  /** NAL units of one picture, where they are taken apart. */
  unitsInPicture: 16_384,
  /** OBUs of one picture: tile groups, at most 4096 tiles, and a few others. */
  obusInPicture: 4352,
  /** Frames of sound in one message. */
  audioFramesInMessage: 1024,
  /** Tracks may differ by this much in their clocks; beyond it a track is moved to the others. */
  trackSkew: 10_000,

  // Captions and other text
  /** A unit among a picture's that may hold captions: longer ones are others'. */
  captionUnitBytes: 8192,
  /** Caption data of one picture: eight messages of the longest kind. */
  captionBytes: 768,
  /** Pictures that wait until it is certain in which order they are shown. */
  captionReorder: 16,
  /** Captions of which nothing more was heard are erased, and so is text without an end. */
  captionTime: 16_000,
  /** Texts on the screen at once, of one channel. */
  captionBlocks: 32,
  /** Characters of a text that script data brings. */
  textLength: 2048,
  /** Channels of captions and languages of one live stream. */
  textTracks: 32,
  /** Texts of one live stream that are kept within its window, and their bytes. */
  textCues: 20_000,
  textBytes: 8_388_608, // 8 MiB
  /** Texts of one live stream that open, grow or end in a second, and their characters. */
  textChangesPerSecond: 500,
  textBytesPerSecond: 131_072, // 128 KiB

  // Live streams
  liveStreams: 1000,
  /** Live streams that nobody publishes, kept for who waits for them. */
  waitingLiveStreams: 2000,
  gracePeriod: 30_000,
  /** What a newcomer is given at once: the current GOP within these. */
  historyTime: 12_000,
  historyBytes: 25_165_824, // 24 MiB
  /** How well a live stream comes is kept for so many seconds, and of each track so many arrivals. */
  healthSeconds: 120,
  healthArrivals: 1024,

  /** Data messages of the last seconds that a newcomer is given, and their bytes as they came. */
  recentDataTime: 15_000,
  recentData: 64,
  recentDataBytes: 262_144, // 256 KiB

  /** Events that wait for their part of HLS, and their bytes: of each rendition. */
  partEvents: 128,
  partEventBytes: 262_144, // 256 KiB

  // Viewers
  viewers: 10_000,
  viewersPerAddress: 2000,
  /** Messages that a viewer may send to us, each and per second. */
  viewerMessage: 4_096, // 4 KiB
  viewerMessagesPerSecond: 50,
  /** What the address of a page may say: characters of a token, of a poster's address. */
  viewerToken: 2_048,
  posterUrl: 2_048,
  /** Characters of an address that oEmbed is asked for, and of a switch that goes on from there. */
  pageUrl: 4_096,
  switchValue: 100,
  /** Origins whose pages may show an embedded player. */
  embedOrigins: 64,
  /** A viewer whose unsent bytes pass this loses pictures up to the next sync sample … */
  viewerBacklog: 2_097_152, // 2 MiB
  /** … or whose oldest unsent bytes are older than this. */
  viewerBacklogTime: 2_000,
  /** … or who says that what it gets had stood on the way for so long; until it is half of that. */
  viewerQueueTime: 400,
  /** Sound goes on up to this. */
  viewerSoundBacklog: 3_145_728, // 3 MiB
  /** Messages that wait for a viewer or a relay's target, however small they are. */
  backlogMessages: 10_000,
  /** Announcements and init segments are never left out: a viewer with more of them unread is closed. */
  viewerNotices: 4_194_304, // 4 MiB
  /** A data message as JSON; larger ones are for outputs that take them as they came. */
  wireData: 65_536, // 64 KiB
  /** Data messages of one live stream that its viewers are sent, in a second, and their JSON. */
  wireDataPerSecond: 60,
  wireDataBytesPerSecond: 131_072, // 128 KiB
  /** Data messages beyond this many unread bytes are left out for that viewer. */
  viewerData: 1_048_576, // 1 MiB
  /** Nothing was taken by a viewer for this long while bytes were waiting. */
  viewerSilence: 10_000,
  /** An RTMP player waits for a publisher. */
  playerWait: 3_600_000,
  /** Sound may wait for the next picture when viewers are many, but no longer than this. */
  soundBatchTime: 50,
  soundBatchViewers: 50,

  // Output without end over HTTP: FLV and MP4
  viewersPerStream: 5000,
  /** A request waits this long for somebody to publish: proxies commonly give up after 60 s. */
  publisherWait: 45_000,
  /** What is told in front waits for a track that metadata names, once another one is there … */
  trackWait: 1_000,
  /** … and this long where there is no metadata to say whether one comes. */
  trackGrace: 100,

  // HLS
  hlsTargetDuration: 10_000,
  hlsSegment: 2_000,
  hlsPart: 200,
  /** A rewind window (`--dvr`) up to this lies in memory, a longer one on disk. */
  hlsMemoryWindow: 120_000,
  /** What leaves a playlist can still be downloaded for so long. */
  hlsMargin: 30_000,
  /** Segments of one live stream in memory; where they would be more, it keeps less time. */
  hlsWindowBytes: 201_326_592, // 192 MiB
  /** So much of a window on disk stays in memory, too. */
  dvrMemory: 60_000,
  /** All segments on disk, of all live streams: the default of `--dvr-disk`. */
  dvrDisk: 10_000_000_000,
  /** Bytes that wait to be written there; segments that come on top stay in memory only. */
  dvrUnwritten: 67_108_864, // 64 MiB
  /** After the disk failed nothing is written for so long, and nothing more said of it for so long. */
  dvrPause: 15_000,
  dvrSilence: 600_000,
  /** What is on disk of a stream that has ended goes after this. */
  dvrLinger: 75_000,
  /**
   * Requests that are held until what they ask for is there: the next playlist, the next part, the
   * first of a stream. A viewer has one for each rendition, and those hinted; a page of many players, or
   * a cache, has them all on one connection of HTTP/2.
   */
  hlsHeldRequests: 20_000,
  hlsHeldPerConnection: 100,
  /** The first viewers of a stream are held for this long. */
  hlsHoldTime: 15_000,
  /** What was listed at the end of a stream can still be had for this long, of so many streams. */
  hlsEndedTime: 60_000,
  hlsEndedStreams: 100,
  /** Somebody who asked for nothing for this long watches no more. */
  hlsViewerTime: 20_000,

  // HTTP
  httpConnections: 20_000,
  httpConnectionsPerAddress: 4000,
  /** A connection on which nothing moves either way. */
  httpIdle: 20_000,
  httpHeadersTime: 10_000,
  httpRequestTime: 30_000,
  /** A started response of which nothing is taken. */
  httpSilence: 10_000,
  /** A started response of known length must have been taken after this long. */
  httpResponseTime: 120_000,
  /** HTTP/2, on the HTTPS port, where a session is a connection: its requests at once. */
  http2Streams: 128,
  /** The header fields of a request: their bytes with 32 more each, and how many they may be. */
  http2HeaderBytes: 16_384, // 16 KiB
  http2HeaderFields: 100,
  /**
   * What the answers of a session may amount to that wait to be taken; requests beyond are refused.
   * Of segments and parts, it is memory that all who download them share.
   */
  http2Unsent: 1_073_741_824, // 1 GiB
  /** Frames of a session that are not valid, requests beyond those at once among them, in all. */
  http2InvalidFrames: 1000,
  /** Requests of a session that are refused when they begin, in all. */
  http2RejectedStreams: 100,
  /** Pings and settings that a session's peer sends in a second. */
  http2ControlFrames: 100,
  /** Requests that a session's peer begins and gives up in a second. */
  http2Resets: 256,
  /** The body of a call of the API. */
  apiRequest: 16_384, // 16 KiB
  /** Who is told of changes to the list of streams (server-sent events). */
  eventClients: 1000,

  // Relays
  relays: 100,
  /** Bytes of a request that creates one. */
  relayRequest: 16_384, // 16 KiB
  /** Characters of what a broadcast came through, as one server tells another. */
  relayTrail: 256,
  /** Servers a broadcast may come through. */
  relayHops: 8,
  /** From the first byte to a server that plays, or takes the broadcast. */
  relayConnectTime: 10_000,
  /** A server that sends nothing while it plays, or takes nothing while something waits for it. */
  relaySilence: 20_000,
  /** Redirects that are followed before one of them leads to a stream. */
  relayRedirects: 4,
  /** The pause after a failure, doubled each time … */
  relayRetry: 1_000,
  /** … up to this. */
  relayRetryLongest: 60_000,
  /** After so long without a failure it begins anew. */
  relayStable: 30_000,
  /** A pull on demand goes on for this long after the last viewer has left. */
  relayLinger: 15_000,
  /** What a target may leave unread before it loses pictures; sound goes on up to the second. */
  relayBacklog: 8_388_608, // 8 MiB
  relaySoundBacklog: 12_582_912, // 12 MiB
  /** The same in time. */
  relayBacklogTime: 10_000,
  /** Bytes of a request or an answer in the tunnel. */
  tunnelBody: 1_048_576, // 1 MiB

  // RTMPT: a session in the tunnel
  /** Without a request. */
  rtmptSilence: 20_000,
  /** The same, when every connection that carried its requests is closed. */
  rtmptAbsence: 5_000,
  /** A request for bytes waits so long for something to be sent. */
  rtmptHold: 250,
  /** Bytes of a request's body; they are taken as they come. */
  rtmptBody: 25_165_824, // 24 MiB
  /** Bytes of an answer. The last one is kept, in case it is asked for again. */
  rtmptAnswer: 524_288, // 512 KiB
  /** Bytes of a request's head. */
  rtmptHead: 8_192, // 8 KiB
  /** Answers that a client leaves unread; it is sent no more of them, and its requests are taken. */
  rtmptUnread: 1_048_576, // 1 MiB
  /** Requests that may be missing before one that came early … */
  rtmptAhead: 8,
  /** … and how long it waits for them. */
  rtmptGap: 2_000,

  // TLS
  tlsHandshakeTime: 10_000,
  /** The files of certificate and key are looked at this often. */
  certificateCheck: 2_000,

  // Captures
  /** A file of `sluice capture`. */
  captureFile: 1_073_741_824, // 1 GiB
  /** Files of `--capture-dir`: each, and how many; the oldest go. */
  captureDirFile: 67_108_864, // 64 MiB
  captureDirFiles: 50,
  captureRecord: 1_048_576, // 1 MiB
  /** Bytes that wait until a message is complete and its keys can be found. */
  captureHeld: 33_554_432, // 32 MiB
  /** Places of chunks of incomplete messages. */
  captureChunks: 262_144,
  /** Keys, names and their forms, of one connection. */
  captureSecrets: 256,
  /** Bytes that the disk has not taken yet. */
  captureUnwritten: 8_388_608, // 8 MiB
  /** Connections through `sluice capture` at once. */
  captureConnections: 16,
  /** One side of a connection is gone: the other has this long to go, too. */
  captureLinger: 2_000,
  /** The server has this long to answer what it answered in the capture. */
  replayAnswerTime: 5_000,
  /** … and this long to close the connection when all was sent. */
  replayLinger: 2_000,

  // Recordings
  /** Streams that are recorded at once. */
  recordings: 100,
  /** Patterns that say which. */
  recordRules: 100,
  /** Files that are kept; the oldest go. */
  recordingFiles: 10_000,
  /** A file becomes no longer than this; what follows goes into another one. */
  recordTime: 43_200_000, // 12 h
  /** Bytes that one recording, and all together, may have in memory: a slower disk ends it. */
  recordUnwritten: 33_554_432, // 32 MiB
  recordAllUnwritten: 268_435_456, // 256 MiB
  /** Samples of more bytes do not wait for the interval. */
  recordFragment: 8_388_608, // 8 MiB
  /** Room for an index at a file's beginning. */
  recordIndexRoom: 32_768, // 32 KiB
  /** Files that one stream may begin because its tracks change, and within which time. */
  recordChanges: 30,
  recordChangesTime: 60_000,
  /** The disk keeps this much free, or a twentieth of it where that is less … */
  recordFreeDisk: 268_435_456, // 256 MiB
  /** … which is looked at this often while something is recorded. */
  recordDiskCheck: 5_000,
  /** Indexes of finished files in memory. */
  recordIndexes: 8,
  /** Segments of recordings end at the first key frame after about this long. */
  recordSegment: 4_000,
  /** Requests for media of recordings that are answered at once. */
  recordReaders: 500,
  /** Bytes that are read for one of them at a time. */
  recordRead: 262_144, // 256 KiB
  /** Recordings that the API tells of at once. */
  recordingsListed: 500,

  // Process
  /** Connections are given this long to end by themselves when the server stops. */
  closeTime: 2_000,
  drainTime: 8_000,
} as const;
