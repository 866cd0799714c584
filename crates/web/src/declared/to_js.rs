//! What JavaScript is given.

use js_sys::{Array, Float32Array};
use wasm_bindgen::JsValue;

/// What has a value in JavaScript.
pub(crate) trait ToJs {
    /// `undefined` stands for a key that is left out.
    fn to_js(&self) -> JsValue;

    /// Its type in TypeScript.
    #[cfg(test)]
    fn type_name() -> String;

    /// Whether the key may be left out.
    #[cfg(test)]
    const IS_OPTIONAL: bool = false;
}

/// A key that is left out where there is nothing.
pub(crate) struct Maybe<T>(pub(crate) Option<T>);

macro_rules! primitive {
    ($($Type:ty => $name:literal, $value:expr;)+) => {$(
        impl ToJs for $Type {
            fn to_js(&self) -> JsValue {
                let value: fn(&Self) -> JsValue = $value;
                value(self)
            }

            #[cfg(test)]
            fn type_name() -> String {
                $name.to_owned()
            }
        }
    )+};
}

primitive! {
    f64 => "number", |number| (*number).into();
    f32 => "number", |number| (*number).into();
    u32 => "number", |number| (*number).into();
    // Indices, counts and bytes stay below 2⁵³.
    u64 => "number", |number| (*number as f64).into();
    usize => "number", |number| (*number as f64).into();
    bool => "boolean", |value| (*value).into();
    String => "string", |text| text.as_str().into();
    Float32Array => "Float32Array", |array| array.into();
}

impl<T: ToJs> ToJs for Option<T> {
    fn to_js(&self) -> JsValue {
        self.as_ref().map_or(JsValue::NULL, T::to_js)
    }

    #[cfg(test)]
    fn type_name() -> String {
        format!("{} | null", T::type_name())
    }
}

impl<T: ToJs> ToJs for Maybe<T> {
    fn to_js(&self) -> JsValue {
        self.0.as_ref().map_or(JsValue::UNDEFINED, T::to_js)
    }

    #[cfg(test)]
    fn type_name() -> String {
        T::type_name()
    }

    #[cfg(test)]
    const IS_OPTIONAL: bool = true;
}

impl<T: ToJs> ToJs for Vec<T> {
    fn to_js(&self) -> JsValue {
        self.iter().map(T::to_js).collect::<Array>().into()
    }

    #[cfg(test)]
    fn type_name() -> String {
        format!("readonly {}[]", T::type_name())
    }
}

/// A key of an object, for its declaration.
#[cfg(test)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) type_name: String,
    pub(crate) is_optional: bool,
}

/// Declares objects of these keys.
macro_rules! object {
    ($(
        $(#[doc = $doc:literal])+
        $visibility:vis struct $Name:ident {
            $($(#[doc = $text:literal])+ $key:ident: $Type:ty,)+
        }
    )+) => {$(
        $(#[doc = $doc])+
        $visibility struct $Name {
            $($(#[doc = $text])+ pub(crate) $key: $Type,)+
        }

        impl $crate::declared::ToJs for $Name {
            fn to_js(&self) -> ::wasm_bindgen::JsValue {
                $crate::object::object(&[$((
                    $crate::declared::js_name!($key),
                    $crate::declared::ToJs::to_js(&self.$key),
                ),)+])
            }

            #[cfg(test)]
            fn type_name() -> String {
                stringify!($Name).to_owned()
            }
        }

        #[cfg(test)]
        impl $Name {
            pub(crate) const DOC: &str = concat!($($doc, "\n"),+);

            pub(crate) fn keys() -> Vec<$crate::declared::Key> {
                vec![$($crate::declared::Key {
                    name: $crate::declared::js_name!($key),
                    doc: concat!($($text, "\n"),+),
                    type_name: <$Type as $crate::declared::ToJs>::type_name(),
                    is_optional: <$Type as $crate::declared::ToJs>::IS_OPTIONAL,
                }),+]
            }
        }
    )+};
}
pub(crate) use object;
