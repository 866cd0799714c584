import { LiveKeypointsError } from "./errors.js";

/**
 * `(func (result v128) (drop (ref.null extern)) (i8x16.popcnt (i8x16.splat (i32.const 0))))`: valid exactly where
 * fixed-width SIMD and reference types are. Chrome 91 to 95 have the one without the other.
 */
const SIMD_MODULE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic and version
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // type section: () → v128
  ...[0x03, 0x02, 0x01, 0x00], // function section
  ...[0x0a, 0x0d, 0x01, 0x0b, 0x00], // code section: one function without locals
  ...[0xd0, 0x6f, 0x1a], // ref.null extern, drop
  ...[0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x62, 0x0b], // i32.const 0, i8x16.splat, i8x16.popcnt
);

/** Throws `wasm-simd-missing` where this browser cannot run the modules. Nothing has been downloaded yet then. */
export function requireSimd(): void {
  requireWebAssembly();
  if (!WebAssembly.validate(SIMD_MODULE)) {
    throw new LiveKeypointsError(
      "wasm-simd-missing",
      "This browser's WebAssembly has no SIMD, or no reference types. Chrome and Edge 96, Firefox 89 and Safari 16.4 were the first to have both.",
    );
  }
}

/** Throws `wasm-simd-missing` where there is no WebAssembly at all, which even the client of a relay is made of. */
export function requireWebAssembly(): void {
  if (typeof WebAssembly !== "object") {
    throw new LiveKeypointsError(
      "wasm-simd-missing",
      "This browser has no WebAssembly, or it is switched off.",
    );
  }
}

/** `f32x4.relaxed_madd` on three zeros: valid exactly where relaxed SIMD is. */
const RELAXED_SIMD_MODULE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic and version
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // type section: () → v128
  ...[0x03, 0x02, 0x01, 0x00], // function section
  ...[0x0a, 0x13, 0x01, 0x11, 0x00], // code section: one function without locals
  ...[0x41, 0x00, 0xfd, 0x0f], // i32.const 0, i8x16.splat
  ...[0x41, 0x00, 0xfd, 0x0f],
  ...[0x41, 0x00, 0xfd, 0x0f],
  ...[0xfd, 0x85, 0x02, 0x0b], // f32x4.relaxed_madd
);

/**
 * Whether the quicker module runs here. Its multiply-add rounds once, as on a server, so that its results equal the
 * relay's bit for bit on processors with such an instruction; the other module's differ in the last bits.
 */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED_SIMD_MODULE);
}
