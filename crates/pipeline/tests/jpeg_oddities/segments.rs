//! A JPEG taken apart into its segments, to be put together otherwise.

/// A marker with the bytes behind it: its segment without the length, and for SOS the data of the scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) marker: u8,
    pub(crate) body: Vec<u8>,
    /// The scan's data, cut at its restart markers.
    pub(crate) intervals: Vec<Interval>,
}

/// Data between two restart markers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) data: Vec<u8>,
    /// What follows it; nothing behind the last.
    pub(crate) marker: Vec<u8>,
}

pub(crate) const SOF: [u8; 3] = [0xC0, 0xC1, 0xC2];
pub(crate) const DHT: u8 = 0xC4;
pub(crate) const SOS: u8 = 0xDA;
pub(crate) const DQT: u8 = 0xDB;
pub(crate) const DRI: u8 = 0xDD;

pub(crate) fn segment(marker: u8, body: impl Into<Vec<u8>>) -> Segment {
    Segment {
        marker,
        body: body.into(),
        intervals: Vec::new(),
    }
}

/// The segments between SOI and EOI of a sound picture.
pub(crate) fn taken_apart(jpeg: &[u8]) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut at = 2;
    loop {
        let marker = jpeg[at + 1];
        if marker == 0xD9 {
            return segments;
        }
        let length = usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        let mut found = segment(marker, &jpeg[at + 4..at + 2 + length]);
        at += 2 + length;
        if marker == SOS {
            let mut start = at;
            loop {
                match (jpeg[at], jpeg[at + 1]) {
                    (0xFF, 0x00) => at += 2,
                    (0xFF, 0xD0..=0xD7) => {
                        let (data, marker) = (jpeg[start..at].to_vec(), vec![0xFF, jpeg[at + 1]]);
                        found.intervals.push(Interval { data, marker });
                        at += 2;
                        start = at;
                    }
                    (0xFF, _) => break,
                    _ => at += 1,
                }
            }
            let (data, marker) = (jpeg[start..at].to_vec(), Vec::new());
            found.intervals.push(Interval { data, marker });
        }
        segments.push(found);
    }
}

/// The bytes of a segment.
pub(crate) fn bytes_of(segment: &Segment) -> Vec<u8> {
    let mut bytes = vec![0xFF, segment.marker];
    bytes.extend(((segment.body.len() + 2) as u16).to_be_bytes());
    bytes.extend(&segment.body);
    for interval in &segment.intervals {
        bytes.extend(&interval.data);
        bytes.extend(&interval.marker);
    }
    bytes
}

/// The picture of these segments.
pub(crate) fn put_together(segments: &[Segment]) -> Vec<u8> {
    let inner = segments.iter().flat_map(bytes_of);
    [0xFF, 0xD8]
        .into_iter()
        .chain(inner)
        .chain([0xFF, 0xD9])
        .collect()
}
