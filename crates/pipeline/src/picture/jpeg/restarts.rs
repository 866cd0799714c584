//! Scans with restart markers (T.81 B.2.1, F.2.1.3.1) of which some are missing or wrong, or whose data is damaged.
//!
//! Which data belongs to which interval is decided as libjpeg does (`jpeg_resync_to_restart`). An interval without data
//! becomes empty: grey, or in a progressive scan as earlier scans left it. Where libjpeg shows what it makes of damaged
//! data up to the next marker, the whole interval becomes empty here.

use std::collections::BTreeSet;
use std::ops::Range;

use super::frame::{Coding, Frame, Scan};
use super::huffman::{Bits, Table};
use super::stop::Stop;
use crate::error::PictureError;

/// Between two questions whether decoding may go on.
const INTERVALS_BETWEEN_CHECKS: usize = 256;

/// The data of a scan, cut at its restart markers.
pub(super) struct Segments {
    /// Where the data lies.
    pub ranges: Vec<Range<usize>>,
    /// The restart marker, 0 to 7, behind each of them but the last.
    pub markers: Vec<u8>,
}

impl Segments {
    /// Whether the markers are those that so many intervals should have, with data between. One more may follow the last.
    pub(super) fn are_regular(&self, intervals: usize) -> bool {
        let counted = (0..8).cycle();
        let are_filled = self
            .ranges
            .iter()
            .take(intervals)
            .all(|range| !range.is_empty());
        are_filled
            && (intervals..=intervals + 1).contains(&self.ranges.len())
            && self.markers.iter().zip(counted).all(|(m, n)| *m == n)
    }

    /// Of each interval, the segment that holds it. `None` where the data is lost.
    fn of_intervals(&self, intervals: usize) -> Vec<Option<usize>> {
        let mut segment = 0;
        let mut found = vec![Some(0)];
        for interval in 1..intervals {
            let expected = ((interval - 1) % 8) as u8;
            let is_found = loop {
                let Some(marker) = self.markers.get(segment) else {
                    break false;
                };
                segment += 1;
                match marker.wrapping_sub(expected) % 8 {
                    // Of the intervals to come.
                    1 | 2 => {
                        segment -= 1;
                        break false;
                    }
                    // Of intervals that are over.
                    6 | 7 => {}
                    _ => break true,
                }
            };
            found.push(is_found.then_some(segment));
        }
        found
    }
}

/// A scan that is to be put right.
pub(super) struct DamagedScan<'a> {
    pub frame: &'a Frame,
    pub scan: &'a Scan,
    /// MCUs between two markers.
    pub interval: usize,
    /// Of each part of the scan, its DC and AC tables where it uses them.
    pub tables: Vec<[Option<Table>; 2]>,
    /// The blocks at which intervals begin whose coefficients are not what scans that refine them expect.
    pub lost: &'a mut BTreeSet<usize>,
}

/// What replaces the damaged scan's data.
pub(super) struct Mended {
    /// DHT segments that go before the scan.
    pub tables: Vec<u8>,
    pub data: Vec<u8>,
    /// Whether the last interval is empty.
    pub is_end_lost: bool,
}

impl DamagedScan<'_> {
    /// `None` if that cannot be done, or takes more than `max_bytes`.
    ///
    /// # Errors
    /// [`PictureError::TooSlow`] once it is to stop.
    pub(super) fn mend(
        mut self,
        data: &[u8],
        segments: &Segments,
        max_bytes: usize,
        stop: &Stop<'_>,
    ) -> Result<Option<Mended>, PictureError> {
        let Some(tables) = self.add_empty_codes() else {
            return Ok(None);
        };
        let mut mended = Mended {
            tables,
            data: Vec::new(),
            is_end_lost: false,
        };
        let mcus = self.frame.mcu_count(self.scan);
        let found = segments.of_intervals(mcus.div_ceil(self.interval));
        for index in 0..found.len() {
            if index % INTERVALS_BETWEEN_CHECKS == 0 {
                stop.check()?;
            }
            let is_mended = self.mend_interval(index, &found, data, segments, &mut mended);
            if is_mended.is_none() || mended.data.len() > max_bytes {
                return Ok(None);
            }
        }
        Ok(Some(mended))
    }

    /// Gives the tables codes for what is empty, and returns their DHT segments.
    fn add_empty_codes(&mut self) -> Option<Vec<u8>> {
        let is_progressive = self.frame.coding == Coding::Progressive;
        let mut tables = Vec::new();
        for (part, [dc, ac]) in self.scan.parts.iter().zip(&mut self.tables) {
            if let Some(table) = dc.take() {
                let table = table.with(NO_DIFFERENCE)?;
                tables.extend(table.segment(false, part.dc_table));
                *dc = Some(table);
            }
            if let Some(table) = ac.take() {
                let end = if is_progressive {
                    END_OF_BAND_RUN
                } else {
                    END_OF_BLOCK
                };
                let table = table.with(end)?;
                tables.extend(table.segment(true, part.ac_table));
                *ac = Some(table);
            }
        }
        Some(tables)
    }

    /// Appends the interval of this index to what is mended.
    fn mend_interval(
        &mut self,
        index: usize,
        found: &[Option<usize>],
        data: &[u8],
        segments: &Segments,
        mended: &mut Mended,
    ) -> Option<()> {
        let is_progressive = self.frame.coding == Coding::Progressive;
        let is_dc = self.scan.band.0 == 0;
        if let Some(last) = index.checked_sub(1) {
            mended.data.extend([0xFF, 0xD0 + (last % 8) as u8]);
        }
        let start = index * self.interval;
        let mcus = self.frame.mcu_count(self.scan) - start;
        let mcus = self.interval.min(mcus);
        let segment = found[index];
        // Otherwise there is more in it, or it is another's.
        let is_alone = segment.is_some_and(|segment| {
            let next = found.get(index + 1);
            next.is_none_or(|next| *next == Some(segment + 1))
        });
        let is_whole = self.lost.range(start..start + mcus).next().is_none();
        let kept = segment.and_then(|segment| {
            let bytes = unstuffed(&data[segments.ranges[segment].clone()]);
            let bits = if is_progressive && !is_dc && !self.scan.is_first() {
                // Its length depends on the scans before it.
                (is_alone && is_whole).then_some(bytes.len() * 8)?
            } else {
                self.length_of(mcus, &bytes)?
            };
            Some(BitWriter::copy_of(&bytes, bits))
        });
        mended.is_end_lost = kept.is_none();
        if is_progressive && !is_dc && !(is_alone && kept.is_some()) {
            self.lost.insert(start);
        }
        let bits = match kept {
            Some(bits) => bits,
            None => self.empty(mcus)?,
        };
        bits.write_to(&mut mended.data);
        Some(())
    }

    /// How many bits of `bytes` hold so many MCUs. `None` if they are damaged or too few.
    fn length_of(&self, mcus: usize, bytes: &[u8]) -> Option<usize> {
        let mut bits = Bits::new(bytes);
        let blocks = self.frame.blocks_of_mcu(self.scan);
        let (first, last) = self.scan.band;
        let mut band_run = 0;
        for _ in 0..mcus {
            for part in &blocks {
                let [dc, ac] = &self.tables[*part];
                if first == 0 && !self.scan.is_first() {
                    bits.take(1)?;
                }
                if let Some(dc) = dc {
                    let length = dc.next_symbol(&mut bits).filter(|length| *length <= 11)?;
                    bits.take(length)?;
                }
                let Some(ac) = ac else { continue };
                if band_run > 0 {
                    band_run -= 1;
                    continue;
                }
                let mut index = first.max(1);
                while index <= last {
                    let symbol = ac.next_symbol(&mut bits)?;
                    match (symbol >> 4, symbol & 15) {
                        (15, 0) => index += 16,
                        (run, 0) => {
                            band_run = (1 << run) - 1 + bits.take(run)?;
                            break;
                        }
                        (run, length) => {
                            index += run + 1;
                            bits.take(length)?;
                        }
                    }
                }
                if index > last + 1 {
                    return None;
                }
            }
        }
        Some(bits.position)
    }

    /// The bits of MCUs that add nothing. `None` where there is no such code.
    fn empty(&self, mcus: usize) -> Option<BitWriter> {
        let mut bits = BitWriter::default();
        if self.frame.coding == Coding::Progressive && self.scan.band.0 > 0 {
            // One run over all; the bits that refine are read as 0 behind the end of the data.
            let table = self.tables[0][1].as_ref()?;
            bits.push(table.code_of(END_OF_BAND_RUN)?);
            bits.push((MAX_MORE_BANDS, 14));
            return (mcus <= MAX_BAND_RUN).then_some(bits);
        }
        let mut codes = Vec::new();
        for part in self.frame.blocks_of_mcu(self.scan) {
            let [dc, ac] = &self.tables[part];
            if let Some(dc) = dc {
                codes.push(dc.code_of(NO_DIFFERENCE)?);
            }
            if let Some(ac) = ac {
                codes.push(ac.code_of(END_OF_BLOCK)?);
            }
        }
        for _ in 0..mcus {
            codes.iter().for_each(|code| bits.push(*code));
        }
        Some(bits)
    }
}

/// DC symbol: as the block before.
const NO_DIFFERENCE: u8 = 0;
/// AC symbol of a sequential scan: the rest of the block is 0.
const END_OF_BLOCK: u8 = 0;
/// AC symbol of a progressive scan: nothing more in 2¹⁴ blocks and as many more as the next 14 bits say.
const END_OF_BAND_RUN: u8 = 0xE0;
const MAX_MORE_BANDS: u16 = (1 << 14) - 1;
const MAX_BAND_RUN: usize = (1 << 15) - 1;

/// The data without the 0 behind each FF.
fn unstuffed(data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(data.len());
    let mut is_stuffing = false;
    for byte in data {
        if !(is_stuffing && *byte == 0) {
            bytes.push(*byte);
        }
        is_stuffing = *byte == 0xFF;
    }
    bytes
}

/// Collects bits, the highest of each byte first.
#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    /// Bits of the last byte that are not used yet.
    free: u8,
}

impl BitWriter {
    fn copy_of(bytes: &[u8], bits: usize) -> Self {
        Self {
            bytes: bytes[..bits.div_ceil(8)].to_vec(),
            free: (bits.next_multiple_of(8) - bits) as u8,
        }
    }

    fn push(&mut self, (code, length): (u16, u8)) {
        for index in (0..length).rev() {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            self.free -= 1;
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((code >> index & 1) as u8) << self.free;
            }
        }
    }

    /// The bits as data of a scan: filled up with ones, and a 0 behind each FF.
    fn write_to(mut self, data: &mut Vec<u8>) {
        if let Some(last) = self.bytes.last_mut() {
            *last |= ((1_u16 << self.free) - 1) as u8;
        }
        for byte in self.bytes {
            data.push(byte);
            if byte == 0xFF {
                data.push(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(markers: &[u8], intervals: usize) -> Vec<Option<usize>> {
        let segments = Segments {
            ranges: vec![0..0; markers.len() + 1],
            markers: markers.to_vec(),
        };
        segments.of_intervals(intervals)
    }

    #[test]
    fn intervals_find_their_data_as_libjpeg_does() {
        assert_eq!(found(&[0, 1], 3), [Some(0), Some(1), Some(2)]);
        assert_eq!(found(&[1, 2], 4), [Some(0), None, Some(1), Some(2)]);
        assert_eq!(found(&[0, 1], 4), [Some(0), Some(1), Some(2), None]);
        // A marker twice: what lies between is skipped. One from far away is taken for the one expected.
        assert_eq!(found(&[0, 0, 1], 3), [Some(0), Some(1), Some(3)]);
        assert_eq!(found(&[5, 1], 3), [Some(0), Some(1), Some(2)]);
    }

    #[test]
    fn bits_are_filled_up_and_stuffed() {
        let mut bits = BitWriter::default();
        bits.push((0b111, 3));
        bits.push((0b11_1110, 6));
        let mut data = Vec::new();
        bits.write_to(&mut data);
        assert_eq!(data, [0xFF, 0, 0x7F]);
        assert_eq!(unstuffed(&data), [0xFF, 0x7F]);
        let mut copy = Vec::new();
        BitWriter::copy_of(&[0xA5, 0x00], 9).write_to(&mut copy);
        assert_eq!(copy, [0xA5, 0x7F]);
    }
}
