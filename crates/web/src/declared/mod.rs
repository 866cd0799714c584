//! Plain objects that cross between Rust and JavaScript. Each kind is declared once, with what its keys mean; structs,
//! conversions and the declarations in TypeScript come of that. Keys are in camelCase there.
//!
//! - `object!`, [`ToJs`]: what JavaScript is given. `options!`, [`FromJs`], [`Check`]: what it gives.
//! - `package`: options that no module reads. `generated`: what the package has of all that in TypeScript, held equal;
//!   `typescript`: how it is written.

#[cfg(any(feature = "session", feature = "relay"))]
mod from_js;
#[cfg(all(test, feature = "session", feature = "relay"))]
mod generated;
mod name;
#[cfg(all(test, feature = "session", feature = "relay"))]
mod package;
mod to_js;
#[cfg(all(test, feature = "session", feature = "relay"))]
mod typescript;

#[cfg(all(test, any(feature = "session", feature = "relay")))]
pub(crate) use from_js::OptionKey;
#[cfg(any(feature = "session", feature = "relay"))]
pub(crate) use from_js::{Check, FromJs, Reading, options, word, words};
pub(crate) use name::{camel, camel_length, js_name};
#[cfg(test)]
pub(crate) use to_js::Key;
pub(crate) use to_js::{Maybe, ToJs, object};
