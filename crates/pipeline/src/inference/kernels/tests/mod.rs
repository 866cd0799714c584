//! The proofs of the kernels.
//!
//! - `specification`: every implementation gives the specification's bits, over random and edge shapes, while each of
//!   its buffers ends, then begins, at memory that may not be touched.
//! - `implementations`: which there are; `array` adds vectors of any width by plain Rust, which Miri can follow.
//! - `rounding`: by how much plain WebAssembly SIMD may differ from all others.
//! - `guarded`: the memory that may not be touched. `numbers`: what the buffers hold.

mod array;
pub(crate) mod guarded;
mod implementations;
mod numbers;
mod rounding;
mod specification;
