/** How much a byte stream keeps on its way, and how soon each end notices that the other one is gone. */
export interface ByteStreamLimits {
  /** Frames that may be sent beyond those that the reader has taken. */
  readonly windowFrames: number;
  /** Each end says so often that it is there. */
  readonly beatMillis: number;
  /** Hearing nothing for so long, an end takes the other one for gone. */
  readonly silenceMillis: number;
}

/** A NATS message holds 1 MiB at most; larger frames are not faster. */
export const FRAME_BYTES = 128 * 1024;

/** At most 2 MiB of one stream are on their way. */
export const BYTE_STREAM_LIMITS: ByteStreamLimits = { windowFrames: 16, beatMillis: 4_000, silenceMillis: 20_000 };
