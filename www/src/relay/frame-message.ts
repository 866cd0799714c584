// @ts-nocheck
/** Frames on their way to a relay, in the protocol `live-keypoints.v1`. */

const VERSION = 1;
const HEADER_BYTES = 16;
/** Bit 0 of the flags: a still, which uses and changes no tracking. */
const STATELESS = 1;
/** Frame ids are 32 bits wide. */
const FRAME_ID_SPAN = 2 ** 32;

/** What the header of a frame says. */
export interface FrameHeader {
  /** Index of the frame; its lower 32 bits are sent. */
  index: number;
  timestampUs: number;
  isStill: boolean;
}

/** The message of one frame: header and JPEG. */
export function frameMessage(
  { index, timestampUs, isStill }: FrameHeader,
  jpeg: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + jpeg.byteLength);
  const header = new DataView(bytes.buffer);
  bytes.set([0x4c, 0x4b, VERSION, isStill ? STATELESS : 0]);
  header.setUint32(4, index % FRAME_ID_SPAN, true);
  header.setBigInt64(8, BigInt(timestampUs), true);
  bytes.set(jpeg, HEADER_BYTES);
  return bytes;
}

/** The index that a frame id stands for, where `newest` is the last one sent; negative where there is none. */
export function indexOf(frameId: number, newest: number): number {
  const behind = (newest - frameId) % FRAME_ID_SPAN;
  return newest - (behind < 0 ? behind + FRAME_ID_SPAN : behind);
}
