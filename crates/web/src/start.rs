//! What runs once when the module is instantiated.
//!
//! tract registers its kernels by constructors. Unless something calls `__wasm_call_ctors`, the linker takes the module
//! for a command and wraps every export in a call of all constructors: 1079 ns a call instead of 11 ns.

#[cfg(target_arch = "wasm32")]
mod constructors {
    use wasm_bindgen::prelude::wasm_bindgen;

    #[expect(
        unsafe_code,
        reason = "the linker's constructor function is foreign by nature"
    )]
    mod linker {
        unsafe extern "C" {
            fn __wasm_call_ctors();
        }

        pub(super) fn call_constructors() {
            // SAFETY: the linker makes this function; wasm-bindgen's start hook calls it once, before any other export.
            unsafe { __wasm_call_ctors() }
        }
    }

    #[wasm_bindgen(start)]
    fn start() {
        linker::call_constructors();
    }
}
