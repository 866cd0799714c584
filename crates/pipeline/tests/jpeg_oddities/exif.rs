//! Exif blocks, sound and damaged, with the orientation that browsers read in them.

use jpeg_encoder::SamplingFactor;

use crate::cases::{Case, Cases, Coding, Color, jpeg};
use crate::segments::{put_together, segment, taken_apart};

impl Cases {
    pub(crate) fn exif(&mut self) {
        let picture = taken_apart(&jpeg(
            Color::Rgb(SamplingFactor::F_2_2),
            Coding::Baseline,
            0,
        ));
        let mut add = |name: String, blocks: &[Vec<u8>], orientation: u8| {
            let mut segments = picture.clone();
            let blocks = blocks.iter().map(|body| segment(0xE1, body.clone()));
            segments.splice(1..1, blocks);
            self.0.push(Case {
                name: format!("exif/{name}"),
                bytes: put_together(&segments),
                orientation,
            });
        };
        for value in 0..=9 {
            let said = if (1..=8).contains(&value) {
                value as u8
            } else {
                1
            };
            for is_big_endian in [false, true] {
                let exif = Exif {
                    is_big_endian,
                    ..Exif::default()
                };
                let order = if is_big_endian { "MM" } else { "II" };
                let entry = [0x0112, 3, 1, value];
                add(format!("{order}-{value}"), &[exif.block(&[entry])], said);
                add(
                    format!("{order}-{value}-among-others"),
                    &[exif.block(&[[0x010F, 2, 4, 0], entry, [0x0131, 2, 900, 70_000]])],
                    said,
                );
                add(
                    format!("{order}-{value}-then-other"),
                    &[exif.block(&[entry]), exif.block(&[[0x0112, 3, 1, 3]])],
                    said,
                );
                add(
                    format!("{order}-{value}-behind-xmp"),
                    &[
                        b"http://ns.adobe.com/xap/1.0/\0<x/>".to_vec(),
                        exif.block(&[entry]),
                    ],
                    said,
                );
            }
        }
        let six = [0x0112, 3, 1, 6];
        let exif = Exif::default();
        let damaged = [
            ("offset-outside", [0x010F, 2, 20, 0xFFFF_FFF0]),
            ("count-huge", [0x010F, 2, 0xFFFF_FFFF, 8]),
            ("type-0", [0x010F, 0, 1, 1]),
            ("type-99", [0x010F, 99, 1, 1]),
            ("pointer-outside", [0x8769, 4, 1, 0x00FF_FFFF]),
            ("pointer-to-itself", [0x8769, 4, 1, 8]),
            ("tag-0", [0, 0, 0, 0]),
        ];
        for (name, entry) in damaged {
            add(format!("{name}-before"), &[exif.block(&[entry, six])], 6);
            add(format!("{name}-after"), &[exif.block(&[six, entry])], 6);
        }
        let next = |next| Exif {
            next,
            ..Exif::default()
        };
        add("next-outside".into(), &[next(0xFFFF_FFFF).block(&[six])], 6);
        add("next-itself".into(), &[next(8).block(&[six])], 6);
        add("type-long".into(), &[exif.block(&[[0x0112, 4, 1, 6]])], 1);
        add("type-byte".into(), &[exif.block(&[[0x0112, 1, 1, 6]])], 1);
        add("count-2".into(), &[exif.block(&[[0x0112, 3, 2, 6]])], 1);
        add(
            "behind-empty".into(),
            &[b"Exif\0\0".to_vec(), exif.block(&[six])],
            6,
        );
        add("no-tiff".into(), &[b"Exif\0\0nothing".to_vec()], 1);
        add(
            "without-next".into(),
            &[exif.block(&[six])[..26].to_vec()],
            6,
        );
    }
}

/// A TIFF block with one directory.
#[derive(Default)]
struct Exif {
    is_big_endian: bool,
    /// Where the next directory is.
    next: u32,
}

impl Exif {
    /// Entries are tag, type, count and value.
    fn block(&self, entries: &[[u32; 4]]) -> Vec<u8> {
        let bytes = |value: u32, length: usize| {
            if self.is_big_endian {
                value.to_be_bytes()[4 - length..].to_vec()
            } else {
                value.to_le_bytes()[..length].to_vec()
            }
        };
        let mut block = b"Exif\0\0".to_vec();
        block.extend(if self.is_big_endian {
            b"MM\0*"
        } else {
            b"II*\0"
        });
        block.extend(bytes(8, 4));
        block.extend(bytes(entries.len() as u32, 2));
        for [tag, kind, count, value] in entries {
            block.extend([bytes(*tag, 2), bytes(*kind, 2), bytes(*count, 4)].concat());
            let is_short = *kind == 3 && *count == 1;
            block.extend(bytes(*value, if is_short { 2 } else { 4 }));
            block.extend(vec![0; if is_short { 2 } else { 0 }]);
        }
        block.extend(bytes(self.next, 4));
        block
    }
}
