//! Streams whole, cut, padded and mixed with other bytes.

use std::io::BufReader;

use super::*;

/// `FF D8`, an application segment of these bytes, a scan of these bytes, `FF D9`.
fn jpeg(segment: &[u8], scan: &[u8]) -> Vec<u8> {
    let mut bytes = vec![FILL, SOI, FILL, 0xE1];
    bytes.extend((segment.len() as u16 + 2).to_be_bytes());
    bytes.extend(segment);
    bytes.extend([FILL, SOS, 0, 4, 1, 2]);
    bytes.extend(scan);
    bytes.extend([FILL, EOI]);
    bytes
}

/// Pictures of a stream that is buffered in pieces of every small size, which must not matter.
fn pictures(stream: &[u8]) -> Vec<Vec<u8>> {
    let read = |capacity| -> Vec<Vec<u8>> {
        let mut reader = MjpegReader::new(BufReader::with_capacity(capacity, stream), 1 << 20);
        std::iter::from_fn(|| reader.next_picture().unwrap())
            .map(|frame| match frame {
                Frame::Jpeg(bytes) => bytes.to_vec(),
                other => panic!("{other:?}"),
            })
            .collect()
    };
    let whole = read(1 << 16);
    for capacity in 1..8 {
        assert_eq!(read(capacity), whole, "{capacity}");
    }
    whole
}

#[test]
fn thumbnails_restarts_and_stuffed_bytes_do_not_end_a_picture() {
    let thumbnail = jpeg(b"inner", &[1, 2, 3]);
    let first = jpeg(
        &thumbnail,
        &[9, 0xFF, 0, 0xFF, 0xD0, 7, 0xFF, 0xFF, 0xD7, 5],
    );
    let second = jpeg(b"", &[0xFF, 0]);
    assert_eq!(
        pictures(&[first.clone(), second.clone()].concat()),
        [first, second]
    );
}

#[test]
fn a_picture_with_several_scans_is_one() {
    let mut picture = jpeg(b"", &[1, 2]);
    picture.truncate(picture.len() - 2);
    picture.extend([FILL, 0xC4, 0, 3, 9, FILL, SOS, 0, 2, 5, 6, FILL, EOI]);
    assert_eq!(
        pictures(&[picture.clone(), picture.clone()].concat()),
        [picture.clone(), picture]
    );
}

#[test]
fn a_picture_that_was_cut_anywhere_does_not_touch_the_next() {
    let whole = jpeg(b"Exif", &[4, 5, 6]);
    for length in 2..whole.len() {
        let stream = [&whole, &whole[..length], &whole, &whole].concat();
        let found = pictures(&stream);
        assert_eq!(found.len(), 4, "{length}");
        assert_eq!([&found[0], &found[2], &found[3]], [&whole; 3], "{length}");
    }
}

#[test]
fn a_picture_cut_at_the_end_of_the_stream_is_given_as_it_is() {
    let whole = jpeg(b"Exif", &[4, 5, 6]);
    let cut = &whole[..whole.len() - 3];
    assert_eq!(pictures(&[&whole, cut].concat()), [whole.as_slice(), cut]);
}

#[test]
fn padding_is_skipped_and_other_bytes_are_one_picture() {
    let whole = jpeg(b"", &[1]);
    let padded = [b"\0\0", whole.as_slice(), b"\xFF\xFF\r\n", &whole, b"\n"].concat();
    assert_eq!(pictures(&padded), [whole.as_slice(), &whole]);
    let mixed = [b"text", whole.as_slice(), b"more", &whole].concat();
    assert_eq!(
        pictures(&mixed),
        [b"text", whole.as_slice(), b"more", &whole]
    );
    assert_eq!(pictures(b"no picture"), [b"no picture"]);
    assert!(pictures(b"").is_empty());
}

#[test]
fn a_picture_over_the_limit_fails_and_the_next_does_not() {
    let small = jpeg(b"", &[1]);
    let big = jpeg(b"", &[1; 100]);
    let stream = [big.as_slice(), &small, &big[..90], &small].concat();
    let mut reader = MjpegReader::new(stream.as_slice(), small.len());
    for length in [big.len(), 90] {
        let Frame::Unreadable(error) = reader.next_picture().unwrap().unwrap() else {
            panic!();
        };
        assert!(
            error.message.contains(&format!("{length} bytes")),
            "{error}"
        );
        let next = reader.next_picture().unwrap();
        assert_eq!(next, Some(Frame::Jpeg(small.clone().into())));
    }
}
