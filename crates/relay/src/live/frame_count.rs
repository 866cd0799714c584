//! Looks at the headers of the WebSocket frames that come over a connection. The library that reads them tells of whole
//! messages only: parts of one, empty ones too, are work that it hides. And behind a close frame of ours only the peer's own
//! is of interest.

/// Where in a frame the stream stands.
#[derive(Debug, Default)]
pub(super) struct FrameCount {
    /// What has come of a header: 2 bytes, up to 8 of a longer length, 4 of a mask (RFC 6455 §5.2).
    header: [u8; 14],
    filled: usize,
    /// What is still to come of a payload.
    payload: u64,
    has_close: bool,
}

const CLOSE: u8 = 8;

impl FrameCount {
    /// How many headers end in these bytes, which follow those of the call before.
    pub(super) fn count(&mut self, mut bytes: &[u8]) -> usize {
        let mut frames = 0;
        while let [next, rest @ ..] = bytes {
            if self.payload > 0 {
                let length = bytes.len() as u64;
                let skipped = self.payload.min(length);
                self.payload -= skipped;
                bytes = bytes.get(skipped as usize..).unwrap_or(&[]);
                continue;
            }
            self.header[self.filled] = *next;
            self.filled += 1;
            bytes = rest;
            if let Some(payload) = self.payload_of_whole_header() {
                self.has_close |= self.header[0] & 0x0F == CLOSE;
                self.payload = payload;
                self.filled = 0;
                frames += 1;
            }
        }
        frames
    }

    /// Whether a close frame was among them.
    pub(super) fn has_close(&self) -> bool {
        self.has_close
    }

    fn payload_of_whole_header(&self) -> Option<u64> {
        let [_, second, rest @ ..] = &self.header[..self.filled] else {
            return None;
        };
        let extended = match second & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        if rest.len() < extended + mask {
            return None;
        }
        let big_endian = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
        };
        Some(match extended {
            0 => u64::from(second & 0x7F),
            length => big_endian(&rest[..length]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: usize) -> Vec<u8> {
        let mut frame = vec![0x02];
        match payload {
            0..126 => frame.push(0x80 | payload as u8),
            126..65_536 => {
                frame.push(0x80 | 126);
                frame.extend((payload as u16).to_be_bytes());
            }
            _ => {
                frame.push(0x80 | 127);
                frame.extend((payload as u64).to_be_bytes());
            }
        }
        frame.extend([0xFF; 4]);
        frame.resize(frame.len() + payload, 0xFF);
        frame
    }

    #[test]
    fn frames_of_every_length_are_counted_however_they_are_cut() {
        let lengths = [0, 0, 1, 125, 126, 65_535, 65_536, 0, 100_000];
        let stream: Vec<u8> = lengths.into_iter().flat_map(frame).collect();
        for step in [1, 2, 3, 7, 1000, stream.len()] {
            let mut count = FrameCount::default();
            let counted = stream.chunks(step).map(|bytes| count.count(bytes));
            assert_eq!(counted.sum::<usize>(), lengths.len(), "{step}");
            assert_eq!((count.filled, count.payload), (0, 0));
            assert!(!count.has_close());
            assert_eq!(count.count(&[0x88, 0x80, 0, 0, 0, 0]), 1);
            assert!(count.has_close());
        }
    }
}
