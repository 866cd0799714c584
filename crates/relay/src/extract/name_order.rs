//! Names with numbers: whether bytewise order turns the numbers round.

/// Whether two names that follow each other in bytewise order are alike up to numbers that go down, as `frame10` and
/// `frame2` are.
pub(super) fn counts_down(first: &[u8], second: &[u8]) -> bool {
    let is_digit = u8::is_ascii_digit;
    let alike = first.iter().zip(second).take_while(|(a, b)| a == b).count();
    let text = first[..alike].iter().rposition(|byte| !is_digit(byte));
    let number = |name: &[u8]| {
        let rest = &name[text.map_or(0, |last| last + 1)..];
        let digits: Vec<u8> = rest.iter().copied().take_while(is_digit).collect();
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        (!digits.is_empty()).then(|| (digits.len() - zeros, digits[zeros..].to_vec()))
    };
    match (number(first), number(second)) {
        (Some(first), Some(second)) => first > second,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_go_down_are_told_from_other_names() {
        let counts_down =
            |first: &str, second: &str| counts_down(first.as_bytes(), second.as_bytes());
        assert!(counts_down("frame10.jpg", "frame2.jpg"));
        assert!(counts_down("10", "9"));
        assert!(counts_down("a199.png", "a20.png"));
        assert!(counts_down("take1-100.jpg", "take1-99.jpg"));
        assert!(counts_down("frame010.jpg", "frame02.jpg"));
        for (first, second) in [
            ("frame02.jpg", "frame10.jpg"),
            ("frame2.jpg", "frame20.jpg"),
            ("frame01.jpg", "frame1.jpg"),
            ("a.jpg", "a1.jpg"),
            ("1.jpg", "b.jpg"),
            ("10a", "b2"),
            ("take10-b.jpg", "take10.jpg"),
            ("", "1"),
        ] {
            assert!(!counts_down(first, second), "{first} {second}");
        }
    }
}
