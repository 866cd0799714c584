/** Version of this package; page, worker and WebAssembly modules must be of the same. */
export const VERSION = "0.1.0";
