//! Segments that are odd, missing, repeated or in another place.

use crate::cases::{Cases, adobe, bases, frame, is_application, position};
use crate::segments::{
    DHT, DQT, DRI, SOF, SOS, Segment, bytes_of, put_together, segment, taken_apart,
};

impl Cases {
    pub(crate) fn markers(&mut self) {
        for (base, picture) in [bases(0), bases(4)].concat().into_iter().enumerate().map(
            |(number, (name, picture))| {
                (
                    format!("{name}-{}", if number < 6 { 0 } else { 4 }),
                    picture,
                )
            },
        ) {
            let sound = taken_apart(&picture);
            let mut add = |what: &str, change: &dyn Fn(&mut Vec<Segment>)| {
                let mut segments = sound.clone();
                change(&mut segments);
                self.add(format!("marker/{what}-{base}"), put_together(&segments));
            };
            let insert = |marker: u8, body: &'static [u8], before: u8| {
                move |segments: &mut Vec<Segment>| {
                    let at = position(segments, before);
                    segments.insert(at, segment(marker, body));
                }
            };
            add("comment", &insert(0xFE, b"a comment", SOS));
            add("comment-empty", &insert(0xFE, b"", SOS));
            add("application-9", &insert(0xE9, b"\xFF\xD8\xFF\xDA\0\0", DQT));
            add("conditioning", &insert(0xCC, &[0, 0x10], SOS));
            add("restart-interval-0-first", &insert(DRI, &[0, 0], DQT));
            add("restart-interval-long", &insert(DRI, &[0, 0, 0], DQT));
            add("marker-unknown", &insert(0x42, &[1, 2], SOS));
            add("marker-jpg-0", &insert(0xF0, &[1, 2], SOS));
            add(
                "table-ac-3-without-codes",
                &insert(
                    DHT,
                    &[0x13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                    SOS,
                ),
            );
            add(
                "table-dc-2-without-codes",
                &insert(
                    DHT,
                    &[0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                    SOS,
                ),
            );
            add(
                "table-overfull-unused",
                &insert(
                    DHT,
                    &[
                        0x12, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3,
                    ],
                    SOS,
                ),
            );
            add(
                "table-number-4",
                &insert(
                    DHT,
                    &[0x04, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
                    SOS,
                ),
            );
            add(
                "table-class-2",
                &insert(
                    DHT,
                    &[0x21, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
                    SOS,
                ),
            );
            add("table-short", &insert(DHT, &[0x11, 1, 0, 0], SOS));
            add("table-empty-segment", &insert(DHT, &[], SOS));
            add("table-without-codes-first", &|segments| {
                let at = position(segments, DHT);
                let place = segments[at].body[0];
                let mut body = vec![place];
                body.extend([0; 16]);
                segments.insert(at, segment(DHT, body));
            });
            add("quantization-zero-last", &|segments| {
                let at = position(segments, DQT);
                segments[at].body[64] = 0;
            });
            add("quantization-16-bit", &|segments| {
                for table in segments.iter_mut().filter(|each| each.marker == DQT) {
                    let wide = table.body.chunks(65).flat_map(|each| {
                        let factors = each[1..].iter().flat_map(|factor| [0, *factor]);
                        std::iter::once(0x10 | each[0])
                            .chain(factors)
                            .collect::<Vec<_>>()
                    });
                    table.body = wide.collect();
                }
            });
            add("quantization-missing", &|segments| {
                segments.retain(|each| each.marker != DQT);
            });
            add("quantization-short", &|segments| {
                let at = position(segments, DQT);
                segments[at].body.pop();
            });
            add("quantization-number-4", &insert(DQT, &[4; 65], SOS));
            add("quantization-after-frame", &|segments| {
                let at = position(segments, DQT);
                let table = segments.remove(at);
                let at = position(segments, SOS);
                segments.insert(at, table);
            });
            add("frame-long", &|segments| frame(segments).body.push(0));
            add("frame-twice", &|segments| {
                let copy = frame(segments).clone();
                let at = position(segments, SOS);
                segments.insert(at, copy);
            });
            add("frame-missing", &|segments| {
                segments.retain(|each| !SOF.contains(&each.marker));
            });
            add("frame-sampling-5", &|segments| {
                frame(segments).body[7] = 0x51;
            });
            add("frame-sampling-0", &|segments| {
                frame(segments).body[7] = 0x10;
            });
            add("frame-of-no-width", &|segments| {
                frame(segments).body[3..5].fill(0);
            });
            add("scan-numbers", &|segments| {
                for scan in segments.iter_mut().filter(|each| each.marker == SOS) {
                    let length = scan.body.len();
                    scan.body[length - 3..].copy_from_slice(&[1, 5, 0x11]);
                }
            });
            add("scan-short", &|segments| {
                let at = position(segments, SOS);
                segments[at].body.pop();
            });
            add("scan-unknown-component", &|segments| {
                let at = position(segments, SOS);
                segments[at].body[1] = 77;
            });
            add("scan-missing", &|segments| {
                segments.retain(|each| each.marker != SOS);
            });
            if !base.contains("optimized") {
                add("tables-missing", &|segments| {
                    segments.retain(|each| each.marker != DHT);
                });
                add("tables-missing-no-application", &|segments| {
                    segments.retain(|each| each.marker != DHT && !is_application(each));
                });
                add("tables-missing-avi", &|segments| {
                    segments.retain(|each| each.marker != DHT && !is_application(each));
                    segments.insert(0, segment(0xE0, b"AVI1\0\0\0\0\0\0\0\0\0\0"));
                });
                add("first-table-missing", &|segments| {
                    let at = position(segments, DHT);
                    segments.remove(at);
                });
            }
            add("tables-in-one-segment", &|segments| {
                let first = position(segments, DHT);
                let until = position(segments, SOS);
                let count = segments[first..until]
                    .iter()
                    .take_while(|each| each.marker == DHT)
                    .count();
                let all = segments
                    .drain(first..first + count)
                    .flat_map(|each| each.body);
                let all: Vec<u8> = all.collect();
                segments.insert(first, segment(DHT, all));
            });
            add("tables-2-and-3", &|segments| {
                for each in segments.iter_mut() {
                    if each.marker == DHT {
                        let mut at = 0;
                        while at < each.body.len() {
                            each.body[at] += 2;
                            let codes: usize = each.body[at + 1..at + 17]
                                .iter()
                                .map(|n| usize::from(*n))
                                .sum();
                            at += 17 + codes;
                        }
                    } else if each.marker == SOS {
                        let count = usize::from(each.body[0]);
                        each.body[1..=2 * count]
                            .chunks_mut(2)
                            .for_each(|part| part[1] += 0x22);
                    }
                }
            });
            let at_first_scan = bytes_of(&sound[position(&sound, SOS)]);
            let offset = picture
                .windows(at_first_scan.len())
                .position(|each| each == at_first_scan)
                .unwrap();
            let mut splice = |what: &str, at: usize, bytes: &[u8]| {
                let mut picture = picture.clone();
                picture.splice(at..at, bytes.iter().copied());
                self.add(format!("marker/{what}-{base}"), picture);
            };
            let end = picture.len() - 2;
            splice("fill-bytes", offset, &[0xFF; 7]);
            splice("bytes-between", offset, &[1, 2, 3, 0xFF, 0, 4]);
            splice("tem-between", offset, &[0xFF, 0x01]);
            splice("restart-outside", offset, &[0xFF, 0xD3]);
            splice("application-length-0", offset, &[0xFF, 0xE7, 0, 0]);
            splice("application-length-1", offset, &[0xFF, 0xE7, 0, 1]);
            splice("comment-length-0", offset, &[0xFF, 0xFE, 0, 0]);
            splice("number-of-lines", end, &[0xFF, 0xDC, 0, 4, 0, 45]);
            splice("start-twice", 2, &[0xFF, 0xD8]);
            splice(
                "application-late",
                end,
                &[&[0xFF, 0xEE, 0, 14][..], &adobe(0)].concat(),
            );
            splice("extra-data-behind", end, &[0x55; 20]);
            splice("restart-behind", end, &[0xFF, 0xD5]);
            splice("fill-bytes-before-end", end, &[0xFF, 0xFF]);
            splice("behind-the-end", picture.len(), b"\xFF\xD8 and more");
        }
    }
}
