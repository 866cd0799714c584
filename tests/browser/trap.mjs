/** Before a page's scripts: `trapNext` makes the next `pump` trap, and its instance trap at every call from then on. */
export function breakable() {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (module, imports) => {
    const { exports } = await instantiate(module, imports);
    let isBroken = false;
    const wrapped = Object.entries(exports).map(([name, call]) => [
      name,
      typeof call !== "function"
        ? call
        : (...given) => {
            if (globalThis.trapNext && name.endsWith("stream_pump")) {
              globalThis.trapNext = false;
              isBroken = true;
            }
            if (isBroken) throw new WebAssembly.RuntimeError("unreachable");
            return call(...given);
          },
    ]);
    return { instance: { exports: Object.fromEntries(wrapped) }, module };
  };
}
