//! Names as JavaScript writes them, made while this is compiled.

/// Length of a name in camelCase.
pub(crate) const fn camel_length(name: &str) -> usize {
    let (name, mut length, mut at) = (name.as_bytes(), 0, 0);
    while at < name.len() {
        length += (name[at] != b'_') as usize;
        at += 1;
    }
    length
}

/// A name of words with `_` between them in camelCase.
pub(crate) const fn camel<const LENGTH: usize>(name: &str) -> [u8; LENGTH] {
    let (name, mut camel, mut length, mut at) = (name.as_bytes(), [0; LENGTH], 0, 0);
    while at < name.len() {
        if name[at] != b'_' {
            let begins = at > 0 && name[at - 1] == b'_';
            let letter = name[at];
            camel[length] = if begins {
                letter.to_ascii_uppercase()
            } else {
                letter
            };
            length += 1;
        }
        at += 1;
    }
    camel
}

/// The name of a field as JavaScript writes it.
macro_rules! js_name {
    ($key:ident) => {{
        const NAME: &str = stringify!($key);
        const BYTES: [u8; $crate::declared::camel_length(NAME)] = $crate::declared::camel(NAME);
        const CAMEL: &str = match str::from_utf8(&BYTES) {
            Ok(name) => name,
            Err(_) => unreachable!(),
        };
        CAMEL
    }};
}
pub(crate) use js_name;

#[cfg(test)]
mod tests {
    #[test]
    fn words_after_the_first_begin_with_a_capital() {
        assert_eq!(js_name!(face), "face");
        assert_eq!(js_name!(left_hand_world), "leftHandWorld");
    }
}
