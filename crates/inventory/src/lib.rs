//! Stands in for the crate [inventory](https://docs.rs/inventory/0.3.25) in this workspace's builds, for tract's sake.
//!
//! With inventory, a crate registers values by constructors that run before `main`, and every constructor is linked with
//! all that it can reach. `tract-core` and `tract-nnef` register transforms and runtimes by name; through them each build
//! of tract carries its NNEF reader and writer, all of its operators and a Fourier transform: 4 of 9 megabytes of the
//! browser's module. No name is ever looked up here, so [`submit!`] leaves those two crates' values out. What
//! `tract-linalg` and `tract-data` register, its kernels and switches, stays.
//!
//! The interface is as much of inventory's as tract uses: [`collect!`], [`submit!`] and [`iter`]. Without this crate all
//! works the same and is larger.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

/// A type whose values can be registered. Implemented by [`collect!`].
pub trait Collect: Any + Sync + Sized {
    #[doc(hidden)]
    fn registry() -> &'static Registry;
}

#[doc(hidden)]
pub trait Submitted: Any + Sync {
    fn registry(&self) -> &'static Registry;
}

impl<T: Collect> Submitted for T {
    fn registry(&self) -> &'static Registry {
        T::registry()
    }
}

/// The values of one type.
#[doc(hidden)]
#[derive(Default)]
pub struct Registry(Mutex<Vec<&'static dyn Submitted>>);

impl Registry {
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn values(&self) -> Vec<&'static dyn Submitted> {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        values.clone()
    }
}

/// Registers a value. On WebAssembly constructors may run more than once: a value is registered once.
#[doc(hidden)]
pub fn register(value: &'static dyn Submitted) {
    let registry = value.registry();
    let mut values = registry.0.lock().unwrap_or_else(PoisonError::into_inner);
    // Values without a size may share an address.
    let is_known =
        size_of_val(value) > 0 && values.iter().any(|known| std::ptr::addr_eq(*known, value));
    if !is_known {
        values.push(value);
    }
}

/// Whether the values of a package are registered.
#[doc(hidden)]
#[must_use]
pub const fn is_kept(package: &str) -> bool {
    !is_equal(package, "tract-core") && !is_equal(package, "tract-nnef")
}

const fn is_equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Makes values of a type registrable.
#[macro_export]
macro_rules! collect {
    ($type:ty) => {
        impl $crate::Collect for $type {
            fn registry() -> &'static $crate::Registry {
                static REGISTRY: $crate::Registry = $crate::Registry::new();
                &REGISTRY
            }
        }
    };
}

/// Registers a value before `main`, unless the calling package's are left out.
#[macro_export]
macro_rules! submit {
    ($($value:tt)*) => {
        const _: () = {
            extern "C" fn register() {
                // Known at compile time: of a value that is left out nothing is linked.
                if const { $crate::is_kept(env!("CARGO_PKG_NAME")) } {
                    static VALUE: &'static dyn $crate::Submitted = &{ $($value)* };
                    $crate::register(VALUE);
                }
            }

            #[used]
            #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
            #[cfg_attr(windows, unsafe(link_section = ".CRT$XCU"))]
            #[cfg_attr(
                not(any(target_vendor = "apple", windows)),
                unsafe(link_section = ".init_array")
            )]
            static CONSTRUCTOR: extern "C" fn() = register;
        };
    };
}

/// The registered values of a type, `iter::<T>` and `iter::<T>()` alike, in no particular order.
#[expect(
    non_camel_case_types,
    reason = "it is used as a value, like a function"
)]
pub type iter<T> = values::iter<T>;

#[doc(hidden)]
pub use values::*;

mod values {
    use super::{Collect, Iter};

    /// A type and, by its variant, a value of one name.
    #[doc(hidden)]
    #[expect(
        non_camel_case_types,
        reason = "it is used as a value, like a function"
    )]
    pub enum iter<T> {
        Never(
            std::convert::Infallible,
            std::marker::PhantomData<fn() -> T>,
        ),
        iter,
    }

    #[doc(hidden)]
    pub use iter::*;

    impl<T: Collect> IntoIterator for iter<T> {
        type Item = &'static T;
        type IntoIter = Iter<T>;

        fn into_iter(self) -> Iter<T> {
            Iter::new()
        }
    }

    impl<T: Collect> std::ops::Deref for iter<T> {
        type Target = fn() -> Iter<T>;

        fn deref(&self) -> &Self::Target {
            &(Iter::new as fn() -> Iter<T>)
        }
    }
}

/// Iterates over the registered values of a type.
#[derive(Clone)]
pub struct Iter<T> {
    values: std::vec::IntoIter<&'static dyn Submitted>,
    of: PhantomData<fn() -> T>,
}

impl<T: Collect> Iter<T> {
    fn new() -> Self {
        Self {
            values: T::registry().values().into_iter(),
            of: PhantomData,
        }
    }
}

impl<T: Collect> Iterator for Iter<T> {
    type Item = &'static T;

    fn next(&mut self) -> Option<&'static T> {
        let value: &'static dyn Any = self.values.next()?;
        value.downcast_ref()
    }
}

#[cfg(test)]
#[expect(unsafe_code, reason = "a constructor lies in a section of its own")]
mod tests {
    use super::is_kept;

    #[derive(Debug, PartialEq)]
    struct Fruit(&'static str);

    #[derive(Debug, PartialEq)]
    struct Vegetable;

    collect!(Fruit);
    collect!(Vegetable);
    submit! { Fruit("apple") }
    submit! { Fruit("pear") }

    #[test]
    fn what_was_submitted_can_be_iterated() {
        let mut names: Vec<&str> = crate::iter::<Fruit>().map(|fruit| fruit.0).collect();
        names.sort_unstable();
        assert_eq!(names, ["apple", "pear"]);
        assert_eq!(crate::iter::<Fruit>.into_iter().count(), 2);
        assert_eq!(crate::iter::<Vegetable>().count(), 0);
    }

    #[test]
    fn a_value_is_registered_once() {
        struct Nut(&'static str);
        collect!(Nut);
        static NUT: Nut = Nut("hazel");
        crate::register(&NUT);
        crate::register(&NUT);
        let names: Vec<&str> = crate::iter::<Nut>().map(|nut| nut.0).collect();
        assert_eq!(names, ["hazel"]);
    }

    #[test]
    fn only_names_that_nobody_looks_up_are_left_out() {
        let left_out: Vec<&str> = [
            "tract-core",
            "tract-nnef",
            "tract-linalg",
            "tract-data",
            "tract",
        ]
        .into_iter()
        .filter(|package| !is_kept(package))
        .collect();
        assert_eq!(left_out, ["tract-core", "tract-nnef"]);
    }
}
