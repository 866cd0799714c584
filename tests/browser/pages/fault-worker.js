// The package's worker, which a message `{ fault }` makes fail as a real one does: `trap` lets the next message run into
// an instruction that traps, `memory` takes all the memory that the module may have.

const PAGE_BYTES = 65_536;
const { instantiate } = WebAssembly;
let memory;
let isTrapped = false;

WebAssembly.instantiate = async (module, imports) => {
  const { exports } = await instantiate(module, imports);
  memory = exports.memory;
  const inferenceworker_receive = (...given) => {
    if (isTrapped) trap();
    return exports.inferenceworker_receive(...given);
  };
  return {
    instance: { exports: { ...exports, inferenceworker_receive } },
    module,
  };
};

addEventListener("message", (event) => {
  if (!event.data.fault) return;
  event.stopImmediatePropagation();
  if (event.data.fault === "trap") isTrapped = true;
  else takeAllMemory();
});

function trap() {
  const bytes = Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic and version
    ...[0x01, 0x04, 0x01, 0x60, 0x00, 0x00], // type section: () → ()
    ...[0x03, 0x02, 0x01, 0x00], // function section
    ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00], // export section: f
    ...[0x0a, 0x05, 0x01, 0x03, 0x00, 0x00, 0x0b], // code section: unreachable
  );
  new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f();
}

function takeAllMemory() {
  for (let pages = 2 ** 32 / PAGE_BYTES; pages >= 1; pages = pages >> 1) {
    try {
      for (;;) memory.grow(pages);
    } catch {
      // Less than so much is left.
    }
  }
}

await import("/live-keypoints/worker.js");
