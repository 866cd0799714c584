//! Streams whole, cut, padded and mixed with other bytes.

use std::io::BufReader;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

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
    let thumbnail = jpeg(&[7; 150], &[1, 2, 3]);
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

/// A picture as cameras write it: JFIF, Exif with a thumbnail, tables, a scan.
fn photo(is_big_endian: bool) -> Vec<u8> {
    let number = |value: u32, length: usize| match is_big_endian {
        true => value.to_be_bytes()[4 - length..].to_vec(),
        false => value.to_le_bytes()[..length].to_vec(),
    };
    let mut exif = b"Exif\0\0".to_vec();
    exif.extend(if is_big_endian { b"MM" } else { b"II" });
    exif.extend([number(42, 2), number(8, 4), number(1, 2)].concat());
    exif.extend([number(0x0201, 2), number(4, 2), number(1, 4), number(26, 4)].concat());
    exif.extend(number(0, 4));
    exif.extend(jpeg(&[7; 30], &[1, 2]));
    exif.extend([0; 5]);
    let mut bytes = vec![FILL, SOI];
    for (code, segment) in [
        (0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0".as_slice()),
        (0xE1, &exif),
        (0xDB, &[16; 65]),
        (0xC4, &[1; 29]),
        (0xC0, &[8, 0, 16, 0, 16, 1, 1, 0x11, 0]),
        (SOS, &[1, 1, 0, 0, 63, 0]),
    ] {
        bytes.extend([FILL, code]);
        bytes.extend((segment.len() as u16 + 2).to_be_bytes());
        bytes.extend(segment);
    }
    bytes.extend((0..90).flat_map(|n| [n, 0xFF, 0]));
    bytes.extend([FILL, EOI]);
    bytes
}

/// What stands between pictures: nothing, and what cameras and containers write.
const BETWEEN: [&[u8]; 6] = [
    b"",
    b"\xFF\xD9",
    b"\0\0\0\0",
    b"\r\n--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 4711\r\n\r\n",
    b"\0idx1\x10\0\0\x0000dc\xFF\xD8\x10\0",
    b"\xFF\xFF\xFF",
];

#[test]
fn a_photo_that_was_cut_anywhere_does_not_touch_the_next() {
    for (whole, between) in [false, true]
        .iter()
        .flat_map(|is_big_endian| BETWEEN.map(|between| (photo(*is_big_endian), between)))
    {
        let thumbnail = 2 + whole[2..].windows(3).position(|w| w == START).unwrap();
        // A picture that follows where the thumbnail was to be is taken for the thumbnail.
        for length in (3..whole.len()).filter(|length| length + between.len() != thumbnail) {
            let stream = [&whole, &whole[..length], between, &whole, between, &whole].concat();
            let found = pictures(&stream);
            assert_eq!(found.len(), 4, "{length}, {between:?}");
            assert!(
                [&found[0], &found[2], &found[3]] == [&whole; 3],
                "{length}, {between:?}"
            );
        }
    }
}

#[test]
fn bytes_that_belong_to_no_picture_are_skipped_and_counted() {
    let whole = photo(false);
    for between in BETWEEN {
        let stream = [between, &whole, between, between, &whole, between].concat();
        assert_eq!(pictures(&stream), [&whole[..]; 2], "{between:?}");
        let mut reader = MjpegReader::new(stream.as_slice(), 1 << 20);
        while reader.next_picture().unwrap().is_some() {}
        assert_eq!(reader.skipped_bytes(), 4 * between.len() as u64);
    }
    for nothing in [b"".as_slice(), b"no picture", b"\xFF\xD8 nor this \xFF"] {
        assert!(pictures(nothing).is_empty());
    }
}

#[test]
fn bytes_that_are_skipped_are_not_kept() {
    let noise = io::Read::take(io::repeat(0xAA), 100 << 20);
    let mut reader = MjpegReader::new(BufReader::new(noise), 1 << 30);
    assert_eq!(reader.next_picture().unwrap(), None);
    assert_eq!(reader.skipped_bytes(), 100 << 20);
    assert_eq!(reader.picture.capacity(), 0);
}

/// A start without an end in a comment, in tables and in an application segment means nothing.
#[test]
fn starts_inside_sound_segments_mean_nothing() {
    for code in [0xE1, 0xE2, 0xED, 0xFE, 0xDB] {
        for start in [
            b"\xFF\xD8".as_slice(),
            b"\xFF\xD8\xFF\xE0",
            b"\xFF\xD8\xFF\xD9",
        ] {
            let mut picture = jpeg(&[b"before", start, b"behind"].concat(), &[1]);
            picture[3] = code;
            assert_eq!(
                pictures(&picture.repeat(2)),
                [&picture[..]; 2],
                "{code:02X}"
            );
        }
    }
}

#[test]
fn fill_bytes_may_stand_before_every_marker() {
    let mut filled = Vec::new();
    for part in jpeg(b"Exif", &[4, 5]).chunk_by(|_, next| *next != FILL) {
        filled.extend([FILL; 3]);
        filled.extend(part);
    }
    // The first fill bytes are before the start.
    let picture = &filled[3..];
    assert_eq!(pictures(&filled.repeat(3)), [picture; 3]);
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

/// Streams that take minutes where a start lets everything behind it be read again.
#[test]
fn time_goes_by_the_length_of_the_stream_whatever_is_in_it() {
    let many = |unit: &[u8]| unit.repeat((4 << 20) / unit.len());
    // A segment of Exif that is full of starts, behind which nothing is sound.
    let full = |start: &[u8]| {
        let body = [
            b"Exif\0\0MM\0*".as_slice(),
            &start.repeat(65_000 / start.len()),
        ]
        .concat();
        let length = (body.len() as u16 + 2).to_be_bytes();
        [&[FILL, SOI, FILL, 0xE1][..], &length, &body].concat()
    };
    let streams = [
        many(b"\xFF\xD8\xFF\xDB\xFF\xFF"),
        many(b"\xFF\xD8\xFF\xE0\0\x02"),
        many(b"\xFF\xD8\xFF\xE1\xFF\xFFExif\0\0"),
        many(b"\xFF\xE0\0\x09\xFF\xD8\xFF\0\x04"),
        many(&full(&START)),
        many(&full(b"\xFF\xE0\0\x09\xFF\xD8\xFF\0\x04")),
        many(&[FILL]),
    ];
    for (number, stream) in streams.into_iter().enumerate() {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut reader = MjpegReader::new(stream.as_slice(), 1 << 20);
            while reader.next_picture().unwrap().is_some() {}
            sender.send(())
        });
        let ended = receiver.recv_timeout(Duration::from_secs(20));
        assert!(ended.is_ok(), "stream {number} does not end");
    }
}
