//! What JavaScript gives: options. The package checks them by the table that is made of their declaration, before any
//! module is there, and fills the defaults in; here they are only read.

use std::ops::RangeInclusive;

use js_sys::Array;
use live_keypoints_pipeline::{ErrorCode, FacePoints, FrameError, Graph, Hands, Parts, Quality};
use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use wasm_bindgen::{JsCast, JsValue};

use crate::object::property;

/// What an option may be.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "words and names are for TypeScript")
)]
pub(crate) enum Check {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Whole(RangeInclusive<u32>),
    /// A whole number, or `Infinity` for no limit.
    Limit(RangeInclusive<u32>),
    /// Any number of the range.
    Number(RangeInclusive<u32>),
    /// A number above 0, and this at most.
    Above0(u32),
    /// One of these words. The type's name in TypeScript, if it has one.
    Word(Option<&'static str>, &'static [&'static str]),
    /// One of these numbers.
    OneOf(&'static [u32]),
    /// At least one of pose, hands and face.
    Parts,
    /// A text that is not empty and may be a secret.
    Secret,
    /// Options of their own, or `false`: the name of their type.
    Nested(&'static str),
    /// What only the package reads: its type and its check there.
    #[cfg(test)]
    Package(&'static str, &'static str),
}

/// An option's value.
pub(crate) trait FromJs: Sized {
    /// `None` for what the type does not have.
    fn from_js(value: &JsValue) -> Option<Self>;

    /// As a number, where it is one, for its range.
    fn number(&self) -> Option<f64> {
        None
    }

    /// As JavaScript's source has it, where it is a default.
    #[cfg(test)]
    fn source(&self) -> Option<String>;
}

macro_rules! numbers {
    ($($Number:ty, $is_whole:literal;)+) => {$(
        impl FromJs for $Number {
            fn from_js(value: &JsValue) -> Option<Self> {
                let number = value.as_f64()?;
                // No option is as large as a number that a float does not hold.
                let is_kept = (number as $Number) as f64 == number || !$is_whole;
                is_kept.then_some(number as $Number)
            }

            fn number(&self) -> Option<f64> {
                Some(*self as f64)
            }

            #[cfg(test)]
            fn source(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )+};
}
numbers! {
    u32, true;
    usize, true;
    f32, false;
    f64, false;
}

impl FromJs for bool {
    fn from_js(value: &JsValue) -> Option<Self> {
        value.as_bool()
    }

    #[cfg(test)]
    fn source(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl FromJs for String {
    fn from_js(value: &JsValue) -> Option<Self> {
        value.as_string()
    }

    #[cfg(test)]
    fn source(&self) -> Option<String> {
        Some(format!("{self:?}"))
    }
}

impl FromJs for Parts {
    fn from_js(value: &JsValue) -> Option<Self> {
        let names: &Array = value.dyn_ref()?;
        let has = |name: &str| names.includes(&name.into(), 0);
        Some(Self {
            pose: has("pose"),
            hands: has("hands"),
            face: has("face"),
        })
    }

    #[cfg(test)]
    fn source(&self) -> Option<String> {
        let parts = [
            (self.pose, "pose"),
            (self.hands, "hands"),
            (self.face, "face"),
        ];
        let names = parts.iter().filter(|(is_in, _)| *is_in);
        Some(format!(
            "{:?}",
            names.map(|(_, name)| name).collect::<Vec<_>>()
        ))
    }
}

impl FromJs for FacePoints {
    fn from_js(value: &JsValue) -> Option<Self> {
        usize::from_js(value).and_then(Self::from_count)
    }

    #[cfg(test)]
    fn source(&self) -> Option<String> {
        Some(self.count().to_string())
    }
}

/// `None` is an option that nobody set, or a limit that there is not.
impl<T: FromJs> FromJs for Option<T> {
    fn from_js(value: &JsValue) -> Option<Self> {
        if value.as_f64() == Some(f64::INFINITY) {
            return Some(None);
        }
        T::from_js(value).map(Some)
    }

    fn number(&self) -> Option<f64> {
        self.as_ref().and_then(T::number)
    }

    #[cfg(test)]
    fn source(&self) -> Option<String> {
        self.as_ref().and_then(T::source)
    }
}

macro_rules! words {
    ($($Word:ty),+) => {$(
        impl $crate::declared::FromJs for $Word {
            fn from_js(value: &::wasm_bindgen::JsValue) -> Option<Self> {
                $crate::declared::word(&value.as_string()?)
            }

            #[cfg(test)]
            fn source(&self) -> Option<String> {
                serde_json::to_string(self).ok()
            }
        }
    )+};
}
pub(crate) use words;
words!(Graph, Hands, Quality);

/// The value of a word, as serde knows it.
pub(crate) fn word<'a, T: Deserialize<'a>>(word: &'a str) -> Option<T> {
    T::deserialize(StrDeserializer::<Error>::new(word)).ok()
}

impl Check {
    /// A number of frames, pixels or milliseconds: the longest wait that a browser's timer can do is of so many.
    pub(crate) const COUNT: Self = Self::Whole(1..=Self::MOST);
    #[cfg(feature = "session")]
    pub(crate) const FRACTION: Self = Self::Number(0..=1);
    pub(crate) const MOST: u32 = i32::MAX as u32;

    /// Fails where a value is out of range. Nobody sees its text but who went round the package's own check; the value is
    /// not in it, for the code that writes a float would be a twentieth of the page's module.
    pub(crate) fn range(
        &self,
        path: &str,
        option: &str,
        value: Option<f64>,
    ) -> Result<(), FrameError> {
        let Some(number) = value else {
            return Ok(());
        };
        let (kind, range) = match self {
            Self::Whole(range) | Self::Limit(range) => ("a whole number from", range.clone()),
            Self::Number(range) => ("a number from", range.clone()),
            Self::Above0(most) => ("a number above", 0..=*most),
            _ => return Ok(()),
        };
        let (least, most) = range.into_inner();
        let holds = number >= least.into()
            && number <= most.into()
            && (number.fract() == 0.0 || !matches!(self, Self::Whole(_) | Self::Limit(_)))
            && (number > 0.0 || !matches!(self, Self::Above0(_)));
        if holds {
            return Ok(());
        }
        let message = format!("option {path}{option} must be {kind} {least} to {most}");
        Err(FrameError::new(ErrorCode::InvalidOption, message))
    }
}

/// An object of options that is read: one function for all of them, as there are dozens.
pub(crate) struct Reading<'a> {
    given: &'a JsValue,
    error: Option<FrameError>,
}

impl<'a> Reading<'a> {
    pub(crate) fn of(given: &'a JsValue) -> Self {
        Self { given, error: None }
    }

    /// Takes one option, or its default where it is not set.
    #[inline(never)]
    pub(crate) fn take<T: FromJs>(&mut self, key: &str, default: T) -> T {
        let value = property(self.given, key);
        if value.is_undefined() {
            return default;
        }
        T::from_js(&value).unwrap_or_else(|| {
            let message = format!("option {key} has a value of another type");
            self.error = Some(FrameError::new(ErrorCode::InvalidOption, message));
            default
        })
    }

    /// What was read, unless something could not be.
    pub(crate) fn end<T>(self, options: T) -> Result<T, FrameError> {
        self.error.map_or(Ok(options), Err)
    }
}

/// An option, for its declaration.
#[cfg(test)]
#[derive(Clone)]
pub(crate) struct OptionKey {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) check: Check,
    pub(crate) default: Option<String>,
    /// Whether it may not be left out.
    pub(crate) is_required: bool,
}

/// Declares options: each with its default and what it may be.
macro_rules! options {
    (
        $(#[doc = $doc:literal])+
        $visibility:vis struct $Name:ident {
            $($(#[doc = $text:literal])+ $key:ident: $Type:ty = $default:expr, $check:expr;)+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq)]
        $visibility struct $Name {
            $($(#[doc = $text])+ $visibility $key: $Type,)+
        }

        impl Default for $Name {
            fn default() -> Self {
                Self { $($key: $default,)+ }
            }
        }

        impl $Name {
            /// Reads what has been checked; what is absent has its default.
            pub(crate) fn read(
                given: &::wasm_bindgen::JsValue,
            ) -> Result<Self, ::live_keypoints_pipeline::FrameError> {
                let mut reading = $crate::declared::Reading::of(given);
                let options = Self {
                    $($key: reading.take($crate::declared::js_name!($key), $default),)+
                };
                reading.end(options)
            }

            /// Fails at the first option that is out of its range. `path` stands before its name.
            pub(crate) fn check_ranges(
                &self,
                path: &str,
            ) -> Result<(), ::live_keypoints_pipeline::FrameError> {
                use $crate::declared::FromJs;
                let options = [$((
                    $crate::declared::js_name!($key),
                    &const { $check },
                    FromJs::number(&self.$key),
                ),)+];
                let mut options = options.iter();
                options.try_for_each(|(name, check, number)| check.range(path, name, *number))
            }
        }

        #[cfg(test)]
        impl $Name {
            pub(crate) const DOC: &str = concat!($($doc, "\n"),+);

            pub(crate) fn keys() -> Vec<$crate::declared::OptionKey> {
                vec![$($crate::declared::OptionKey {
                    name: $crate::declared::js_name!($key),
                    doc: concat!($($text, "\n"),+),
                    check: $check,
                    default: $crate::declared::FromJs::source(&Self::default().$key),
                    is_required: false,
                }),+]
            }
        }
    };
}
pub(crate) use options;
