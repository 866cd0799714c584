//! The walk over a JPEG's marker segments (T.81 B.1) that goes before decoding: it says what the picture is, and lays
//! the stream out for `jpeg-decoder`, which is stricter than libjpeg and with it every browser.
//!
//! - Segments that decoding needs nothing of are left out: applications' own, comments, arithmetic conditioning.
//! - Component ids, tables and scan headers are written as `jpeg-decoder` takes them.
//! - Huffman tables go before the scan that uses them; the standard ones, where a sequential scan's never came.
//! - Scans with missing or wrong restart markers are put right: `restarts`.
//!
//! Nothing of an ordinary picture's data is copied, and work and memory are bounded by the picture's length and area.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jpeg_decoder::ColorTransform;

use super::frame::{Coding, Frame, Scan, unsupported};
use super::huffman::{STANDARD_TABLES, Table, read_tables};
use super::marker_reader::{END_OF_IMAGE, MarkerReader};
use super::restarts::{DamagedScan, Segments};
use super::stop::Stop;
use super::{check_area, malformed};
use crate::error::PictureError;

/// Scans cost time without costing bytes: one that says nothing of any block takes 34 bytes. Those that programs write
/// are some ten, and go through each block six times; the greatest sensible number, a scan for each coefficient, is 64.
pub(super) const MAX_SCANS: usize = 500;
/// How often the scans of a picture may go through its blocks, on average.
const MAX_VISITS_OF_BLOCK: u64 = 32;
/// So many visits are fine however small the picture is: a scan for each coefficient up to 1280 × 720.
const SMALL_VISITS: u64 = 1 << 21;
/// Bytes that may replace damaged scans, beside twice the length of the picture.
const SMALL_MENDING: usize = 64 << 10;

/// What the walk found.
pub(super) struct Walk<'a> {
    /// Width and height, as they are stored.
    pub size: (u16, u16),
    pub color: ColorTransform,
    /// The first Exif block, from its TIFF header.
    pub exif: Option<&'a [u8]>,
    /// The stream for `jpeg-decoder`.
    pub pieces: Vec<Cow<'a, [u8]>>,
    /// Whether any scan has restart markers.
    pub has_restarts: bool,
    /// Whether the file ends without an end of the picture.
    pub is_cut_off: bool,
}

/// Walks over a picture whose first two bytes are those of a JPEG. With `distrusts_data`, the data between restart
/// markers is looked through and left out where it is damaged.
pub(super) fn walk<'a>(
    bytes: &'a [u8],
    max_pixels: u64,
    distrusts_data: bool,
    stop: &Stop<'_>,
) -> Result<Walk<'a>, PictureError> {
    let walker = Walker {
        reader: MarkerReader::new(bytes),
        stop,
        max_pixels,
        distrusts_data,
        frame: None,
        restart_interval: 0,
        tables: Default::default(),
        has_jfif: false,
        adobe_transform: None,
        exif: None,
        scans: 0,
        visits: 0,
        mending_left: 2 * bytes.len() + SMALL_MENDING,
        has_restarts: false,
        lost: Default::default(),
        pieces: vec![Cow::Borrowed(&[0xFF, 0xD8])],
    };
    walker.walk()
}

/// A Huffman table as it was defined, and whether the stream for `jpeg-decoder` has it already.
struct Slot {
    table: Table,
    is_written: bool,
}

struct Walker<'a, 's> {
    reader: MarkerReader<'a>,
    stop: &'s Stop<'s>,
    max_pixels: u64,
    distrusts_data: bool,
    frame: Option<Frame>,
    restart_interval: u16,
    /// DC and AC tables by number.
    tables: [[Option<Slot>; 4]; 2],
    has_jfif: bool,
    adobe_transform: Option<u8>,
    exif: Option<&'a [u8]>,
    scans: usize,
    /// Blocks that they go through, all together.
    visits: u64,
    /// Bytes that may still be made of damaged scans.
    mending_left: usize,
    has_restarts: bool,
    /// Of each component, as in `DamagedScan`.
    lost: [BTreeSet<usize>; 4],
    pieces: Vec<Cow<'a, [u8]>>,
}

impl<'a> Walker<'a, '_> {
    fn walk(mut self) -> Result<Walk<'a>, PictureError> {
        while let Some((marker, segment)) = self.reader.next_segment() {
            let body = segment.get(4..).unwrap_or(&[]);
            match marker {
                END_OF_IMAGE => return self.finish(false),
                0xD8 => return Err(malformed("a second start of an image")),
                0xC4 => self.define_huffman_tables(body)?,
                0xDB => self.define_quantization_tables(body)?,
                0xDD => self.restart_interval = restart_interval(body)?,
                0xDA => self.scan(body)?,
                0xC8 | 0xF7 => return Err(unsupported(format!("marker FF{marker:02X}"))),
                0xDE | 0xDF => return Err(unsupported("hierarchical coding")),
                // Conditioning of arithmetic coding, a number of lines after the first scan, a comment.
                0xCC | 0xDC | 0xFE => {}
                0xC0..=0xCF => self.frame(marker, body)?,
                0xE0..=0xEF => self.application(marker, body),
                _ => return Err(malformed(format!("marker FF{marker:02X}"))),
            }
        }
        self.finish(true)
    }

    fn frame(&mut self, marker: u8, body: &[u8]) -> Result<(), PictureError> {
        if self.frame.is_some() {
            return Err(malformed("a second frame header"));
        }
        let frame = Frame::read(marker, body)?;
        check_area(frame.width, frame.height, self.max_pixels)?;
        self.pieces.push(Cow::Owned(frame.segment()));
        self.frame = Some(frame);
        Ok(())
    }

    fn application(&mut self, marker: u8, body: &'a [u8]) {
        if self.scans > 0 {
            return;
        }
        match marker {
            0xE0 => self.has_jfif |= body.len() >= 14 && body.starts_with(b"JFIF\0"),
            // The byte behind the name is padding. Without a whole TIFF header it is no block, as in browsers.
            0xE1 if body.starts_with(b"Exif\0") && body.len() >= 14 => {
                self.exif = self.exif.or(body.get(6..));
            }
            0xEE if body.starts_with(b"Adobe") => {
                self.adobe_transform = body.get(11).copied().or(self.adobe_transform);
            }
            _ => {}
        }
    }

    /// A table goes into the stream where a scan uses it: building one costs more than reading it.
    fn define_huffman_tables(&mut self, body: &[u8]) -> Result<(), PictureError> {
        for definition in read_tables(body)? {
            self.tables[usize::from(definition.is_ac)][definition.number] = Some(Slot {
                table: definition.table,
                is_written: false,
            });
        }
        Ok(())
    }

    /// `jpeg-decoder` takes no factor of 0. One of 1 instead differs by no more than the coefficient itself.
    fn define_quantization_tables(&mut self, mut body: &[u8]) -> Result<(), PictureError> {
        let mut segments = Vec::new();
        while let [place, rest @ ..] = body {
            let bytes = if place >> 4 == 0 { 1 } else { 2 };
            let (factors, rest) = rest
                .split_at_checked(64 * bytes)
                .filter(|_| place & 15 < 4)
                .ok_or_else(|| malformed("a quantization table that cannot be"))?;
            segments.extend([0xFF, 0xDB, 0, 3 + 64 * bytes as u8]);
            segments.push((bytes as u8 - 1) << 4 | place & 15);
            for factor in factors.chunks(bytes) {
                segments.extend(factor);
                if let Some(last) = segments
                    .last_mut()
                    .filter(|_| factor.iter().all(|b| *b == 0))
                {
                    *last = 1;
                }
            }
            body = rest;
        }
        if !segments.is_empty() {
            self.pieces.push(Cow::Owned(segments));
        }
        Ok(())
    }

    fn scan(&mut self, body: &[u8]) -> Result<(), PictureError> {
        let frame = self.frame.as_ref();
        let frame = frame
            .ok_or_else(|| malformed("a scan before the frame header"))?
            .clone();
        let scan = Scan::read(&frame, body)?;
        self.count(&frame, &scan)?;
        self.stop.check()?;
        let tables = self.tables_of(&frame, &scan)?;
        let any_dc_table = self.any_dc_table();
        let mut header = self.tables_to_write(&scan, any_dc_table);
        let data = self.reader.scan_data(self.restart_interval > 0);
        let is_cut_off = self.reader.is_at_end();
        let mut data = without_fill_bytes(data);
        let interval = usize::from(self.restart_interval);
        if interval > 0 {
            self.has_restarts = true;
            let intervals = frame.mcu_count(&scan).div_ceil(interval);
            let segments = segments_of(&data, intervals)?;
            let lost = &mut self.lost[scan.parts[0].component];
            if self.distrusts_data || !segments.are_regular(intervals) || !lost.is_empty() {
                let damaged = DamagedScan {
                    frame: &frame,
                    scan: &scan,
                    interval,
                    tables,
                    lost,
                };
                let mended = damaged
                    .mend(&data, &segments, self.mending_left, self.stop)?
                    .filter(|mended| !(is_cut_off && mended.is_end_lost))
                    .ok_or_else(|| malformed("restart markers or their data are missing"))?;
                header.extend(mended.tables);
                self.mending_left = self.mending_left.saturating_sub(mended.data.len());
                data = Cow::Owned(mended.data);
            }
        }
        let [high, low] = self.restart_interval.to_be_bytes();
        header.extend([0xFF, 0xDD, 0, 4, high, low]);
        header.extend(scan.segment(any_dc_table));
        self.pieces.extend([Cow::Owned(header), data]);
        if self.reader.is_at_restart() {
            // A restart marker where no interval is defined: one behind the last block does no harm.
            self.pieces.push(Cow::Borrowed(&ONES));
        }
        Ok(())
    }

    /// Counts a scan and what it goes through, before anything is decoded.
    fn count(&mut self, frame: &Frame, scan: &Scan) -> Result<(), PictureError> {
        self.scans += 1;
        if self.scans > MAX_SCANS {
            return Err(unsupported(format!("more than {MAX_SCANS} scans")));
        }
        self.visits += frame.visits_of(scan);
        let max_visits = (MAX_VISITS_OF_BLOCK * frame.block_count()).max(SMALL_VISITS);
        if self.visits > max_visits {
            return Err(unsupported(format!(
                "scans that go through more than {max_visits} blocks"
            )));
        }
        Ok(())
    }

    /// The tables that a scan uses, of each of its parts.
    fn tables_of(
        &mut self,
        frame: &Frame,
        scan: &Scan,
    ) -> Result<Vec<[Option<Table>; 2]>, PictureError> {
        let mut found = Vec::new();
        for part in &scan.parts {
            let mut pair = [None, None];
            for (class, number) in scan.tables_of(part) {
                let is_missing = self.tables[class].get(number).is_none_or(Option::is_none);
                if is_missing && number < 2 && frame.coding == Coding::Sequential {
                    self.add_standard_tables()?;
                }
                let slot = self.tables[class].get(number).and_then(Option::as_ref);
                let usable = slot.filter(|slot| slot.table.is_usable());
                let missing = || malformed("a scan uses a Huffman table that is not there");
                pair[class] = Some(usable.ok_or_else(missing)?.table.clone());
            }
            found.push(pair);
        }
        Ok(found)
    }

    /// The standard tables hold where the picture has none of its own.
    fn add_standard_tables(&mut self) -> Result<(), PictureError> {
        for definition in read_tables(&STANDARD_TABLES)? {
            let slot = &mut self.tables[usize::from(definition.is_ac)][definition.number];
            slot.get_or_insert(Slot {
                table: definition.table,
                is_written: false,
            });
        }
        Ok(())
    }

    /// A DC table for scans that need none, the one that the stream has already if there is one.
    fn any_dc_table(&self) -> usize {
        let mut usable = (0..4).filter(|number| {
            let slot = self.tables[0][*number].as_ref();
            slot.is_some_and(|slot| slot.table.is_usable())
        });
        usable.next().unwrap_or(0)
    }

    /// DHT segments with the tables of a scan that the stream lacks.
    fn tables_to_write(&mut self, scan: &Scan, any_dc_table: usize) -> Vec<u8> {
        let used = scan.parts.iter().flat_map(|part| scan.tables_of(part));
        let mut segments = Vec::new();
        for (class, number) in used.chain([(0, any_dc_table)]) {
            let slot = self.tables[class].get_mut(number).and_then(Option::as_mut);
            if let Some(slot) = slot.filter(|slot| !slot.is_written && slot.table.is_usable()) {
                segments.extend(slot.table.segment(class == 1, number));
                slot.is_written = true;
            }
        }
        segments
    }

    fn finish(mut self, is_cut_off: bool) -> Result<Walk<'a>, PictureError> {
        let frame = self.frame.ok_or_else(|| malformed("no frame header"))?;
        if self.scans == 0 {
            return Err(malformed("no scan"));
        }
        if is_cut_off {
            if frame.coding == Coding::Progressive {
                return Err(malformed("truncated"));
            }
            // Whole if only the end of the image is missing.
            self.pieces.push(Cow::Borrowed(&ONES));
        }
        self.pieces.push(Cow::Borrowed(&[0xFF, END_OF_IMAGE]));
        let color = color_transform(&frame, self.has_jfif, self.adobe_transform);
        Ok(Walk {
            size: (frame.width, frame.height),
            color,
            exif: self.exif,
            pieces: self.pieces,
            has_restarts: self.has_restarts,
            is_cut_off,
        })
    }
}

/// As a scan's data. What reads on behind the last block, up to 8 bytes, does not mind; what lacks a block finds no code.
static ONES: [u8; 16] = [
    0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0,
];

/// The colours of the components, in the order of libjpeg (`default_decompress_parms`): JFIF, Adobe's marker, ids.
fn color_transform(frame: &Frame, has_jfif: bool, adobe_transform: Option<u8>) -> ColorTransform {
    let ids: Vec<u8> = frame.components.iter().map(|each| each.id).collect();
    match (ids.len(), adobe_transform) {
        (1, _) => ColorTransform::Grayscale,
        (4, None | Some(0)) => ColorTransform::CMYK,
        (4, _) => ColorTransform::YCCK,
        _ if has_jfif => ColorTransform::YCbCr,
        (_, Some(0)) => ColorTransform::RGB,
        (_, None) if ids == *b"RGB" => ColorTransform::RGB,
        _ => ColorTransform::YCbCr,
    }
}

fn restart_interval(body: &[u8]) -> Result<u16, PictureError> {
    let interval = body.try_into().map(u16::from_be_bytes);
    interval.map_err(|_| malformed("the restart interval has a wrong length"))
}

/// Data in which each FF is followed by what it is for: fill bytes may go before a marker, libjpeg takes them before
/// data as well.
fn without_fill_bytes(data: &[u8]) -> Cow<'_, [u8]> {
    if !data.windows(2).any(|pair| pair == [0xFF, 0xFF]) {
        return Cow::Borrowed(data);
    }
    let next = data[1..].iter().map(Some).chain([None]);
    let kept = data.iter().zip(next);
    let kept = kept.filter(|(byte, next)| !(**byte == 0xFF && *next == Some(&0xFF)));
    Cow::Owned(kept.map(|(byte, _)| *byte).collect())
}

/// Cuts a scan's data at its restart markers.
fn segments_of(data: &[u8], intervals: usize) -> Result<Segments, PictureError> {
    let mut segments = Segments {
        ranges: Vec::new(),
        markers: Vec::new(),
    };
    let mut start = 0;
    for (index, pair) in data.windows(2).enumerate() {
        let [0xFF, marker @ 0xD0..=0xD7] = pair else {
            continue;
        };
        if segments.markers.len() > 2 * intervals + 8 {
            return Err(malformed("too many restart markers"));
        }
        segments.ranges.push(start..index);
        segments.markers.push(marker - 0xD0);
        start = index + 2;
    }
    segments.ranges.push(start..data.len());
    Ok(segments)
}
