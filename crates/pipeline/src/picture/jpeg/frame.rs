//! The frame header (T.81 B.2.2) and the scan header (B.2.3), refused where no picture can come of them.

use super::malformed;
use crate::error::PictureError;

/// How the coefficients are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Each scan holds whole blocks.
    Sequential,
    /// Each scan holds some coefficients, or one more bit of them.
    Progressive,
}

/// A component of the frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Component {
    /// The id in the file. Not always unique.
    pub id: u8,
    horizontal: u8,
    vertical: u8,
    quantization: u8,
}

/// What the frame header says.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub coding: Coding,
    pub width: u16,
    pub height: u16,
    pub components: Vec<Component>,
}

impl Frame {
    /// Reads the frame header behind the marker `sof`.
    pub(super) fn read(sof: u8, body: &[u8]) -> Result<Self, PictureError> {
        let coding = match sof {
            0xC0 | 0xC1 => Coding::Sequential,
            0xC2 => Coding::Progressive,
            0xC3 => return Err(unsupported("lossless coding")),
            0xC5..=0xC7 => return Err(unsupported("hierarchical coding")),
            _ => return Err(unsupported("arithmetic coding")),
        };
        let [precision, h0, h1, w0, w1, count, components @ ..] = body else {
            return Err(malformed("the frame header is too short"));
        };
        let (width, height) = (
            u16::from_be_bytes([*w0, *w1]),
            u16::from_be_bytes([*h0, *h1]),
        );
        let (components, rest) = components.as_chunks::<3>();
        if components.len() != usize::from(*count) || !rest.is_empty() {
            return Err(malformed("the frame header has a wrong length"));
        }
        if width == 0 || *precision == 0 || *precision > 16 {
            return Err(malformed(format!(
                "the frame header says {width}×{height} pixels of {precision} bits"
            )));
        }
        let components: Vec<_> = components
            .iter()
            .map(|[id, sampling, quantization]| Component {
                id: *id,
                horizontal: sampling >> 4,
                vertical: sampling & 15,
                quantization: *quantization,
            })
            .collect();
        for component in &components {
            let factors = [component.horizontal, component.vertical];
            if factors.iter().any(|factor| !(1..=4).contains(factor)) {
                let [h, v] = factors;
                return Err(malformed(format!("sampling factors {h}×{v}")));
            }
        }
        if *precision != 8 {
            return Err(unsupported(format!("{precision} bits a sample")));
        }
        if height == 0 {
            return Err(unsupported("a height that comes after the first scan"));
        }
        if !matches!(components.len(), 1 | 3 | 4) {
            return Err(unsupported(format!("{count} components")));
        }
        Ok(Self {
            coding,
            width,
            height,
            components,
        })
    }

    /// The segment for `jpeg-decoder`: with ids of its own, and not as baseline, which it holds to two Huffman tables.
    pub(super) fn segment(&self) -> Vec<u8> {
        let sof = match self.coding {
            Coding::Sequential => 0xC1,
            Coding::Progressive => 0xC2,
        };
        let count = self.components.len() as u8;
        let mut segment = vec![0xFF, sof, 0, 8 + 3 * count, 8];
        segment.extend(self.height.to_be_bytes());
        segment.extend(self.width.to_be_bytes());
        segment.push(count);
        for (index, component) in self.components.iter().enumerate() {
            let sampling = component.horizontal << 4 | component.vertical;
            segment.extend([index as u8, sampling, component.quantization]);
        }
        segment
    }

    fn max_sampling(&self) -> (u32, u32) {
        let horizontal = self.components.iter().map(|c| u32::from(c.horizontal));
        let vertical = self.components.iter().map(|c| u32::from(c.vertical));
        (horizontal.max().unwrap_or(1), vertical.max().unwrap_or(1))
    }

    /// Columns and rows of a scan's MCUs.
    fn mcus(&self, scan: &Scan) -> (u32, u32) {
        let (max_h, max_v) = self.max_sampling();
        let (width, height) = (u32::from(self.width), u32::from(self.height));
        match scan.parts[..] {
            [part] => {
                let component = &self.components[part.component];
                let (h, v) = (component.horizontal, component.vertical);
                let width = (width * u32::from(h)).div_ceil(max_h);
                let height = (height * u32::from(v)).div_ceil(max_v);
                (width.div_ceil(8), height.div_ceil(8))
            }
            _ => (width.div_ceil(8 * max_h), height.div_ceil(8 * max_v)),
        }
    }

    /// Blocks of all components, in whole MCUs: 64 coefficients and 64 samples each.
    pub(super) fn block_count(&self) -> u64 {
        let (max_h, max_v) = self.max_sampling();
        let columns = u32::from(self.width).div_ceil(8 * max_h);
        let rows = u32::from(self.height).div_ceil(8 * max_v);
        let sampling = self.components.iter();
        let blocks: u32 = sampling
            .map(|each| u32::from(each.horizontal * each.vertical))
            .sum();
        u64::from(columns) * u64::from(rows) * u64::from(blocks)
    }

    /// Blocks that a scan goes through.
    pub(super) fn visits_of(&self, scan: &Scan) -> u64 {
        self.mcu_count(scan) as u64 * self.blocks_of_mcu(scan).len() as u64
    }

    /// MCUs of a scan.
    pub(super) fn mcu_count(&self, scan: &Scan) -> usize {
        let (columns, rows) = self.mcus(scan);
        columns as usize * rows as usize
    }

    /// Of each block of an MCU, the part of the scan it belongs to.
    pub(super) fn blocks_of_mcu(&self, scan: &Scan) -> Vec<usize> {
        if scan.parts.len() == 1 {
            return vec![0];
        }
        let parts = scan.parts.iter().enumerate();
        parts
            .flat_map(|(index, part)| {
                let component = &self.components[part.component];
                let blocks = usize::from(component.horizontal * component.vertical);
                std::iter::repeat_n(index, blocks)
            })
            .collect()
    }

    /// `jpeg-decoder` counts the blocks of a scan of one component in whole MCUs of the frame, and no further than the
    /// picture's own size: too many where a component has two samples of four, or of three.
    fn is_miscounted(&self, scan: &Scan) -> bool {
        let [part] = scan.parts[..] else { return false };
        let component = &self.components[part.component];
        let (max_h, max_v) = self.max_sampling();
        let counted = |length: u16, factor: u8, max: u32| {
            let whole = u32::from(length).div_ceil(8 * max) * u32::from(factor);
            whole.min(u32::from(length).div_ceil(8))
        };
        let columns = counted(self.width, component.horizontal, max_h);
        let rows = counted(self.height, component.vertical, max_v);
        (columns, rows) != self.mcus(scan)
    }
}

/// One component of a scan, with the numbers of its tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub component: usize,
    pub dc_table: usize,
    pub ac_table: usize,
}

/// What a scan header says.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    pub parts: Vec<Part>,
    /// First and last coefficient, in zigzag order.
    pub band: (u8, u8),
    /// Bits before and after this scan that the coefficients lack.
    pub approximation: (u8, u8),
}

impl Scan {
    pub(super) fn read(frame: &Frame, body: &[u8]) -> Result<Self, PictureError> {
        let wrong_length = || malformed("a scan header has a wrong length");
        let [count, parts @ .., first, last, approximation] = body else {
            return Err(wrong_length());
        };
        let (selectors, rest) = parts.as_chunks::<2>();
        if selectors.len() != usize::from(*count) || !rest.is_empty() {
            return Err(wrong_length());
        }
        if !(1..=4).contains(count) {
            return Err(malformed(format!("a scan of {count} components")));
        }
        let mut parts: Vec<Part> = Vec::with_capacity(selectors.len());
        for [id, tables] in selectors {
            // Of components with the same id, each scan names the next.
            let is_free = |index: &usize| parts.iter().all(|part| part.component != *index);
            let component = (0..frame.components.len())
                .filter(is_free)
                .find(|index| frame.components[*index].id == *id)
                .ok_or_else(|| malformed(format!("a scan of an unknown component {id}")))?;
            let (dc_table, ac_table) = (usize::from(tables >> 4), usize::from(tables & 15));
            parts.push(Part {
                component,
                dc_table,
                ac_table,
            });
        }
        let scan = match frame.coding {
            // As libjpeg, which reads a sequential scan whatever these numbers are.
            Coding::Sequential => Self {
                parts,
                band: (0, 63),
                approximation: (0, 0),
            },
            Coding::Progressive if *last > 63 || first > last => {
                return Err(malformed(format!(
                    "a scan of coefficients {first} to {last}"
                )));
            }
            Coding::Progressive => Self {
                parts,
                band: (*first, *last),
                approximation: (approximation >> 4, approximation & 15),
            },
        };
        if frame.is_miscounted(&scan) {
            return Err(unsupported("sampling by halves in a scan of one component"));
        }
        Ok(scan)
    }

    /// Whether it holds the first bits of its coefficients.
    pub(super) fn is_first(&self) -> bool {
        self.approximation.0 == 0
    }

    pub(super) fn uses_dc_tables(&self) -> bool {
        self.band.0 == 0 && self.is_first()
    }

    pub(super) fn uses_ac_tables(&self) -> bool {
        self.band.1 > 0
    }

    /// Class (0 is DC, 1 is AC) and number of the Huffman tables that it uses for a part.
    pub(super) fn tables_of(&self, part: &Part) -> impl Iterator<Item = (usize, usize)> + use<> {
        let dc = self.uses_dc_tables().then_some((0, part.dc_table));
        let ac = self.uses_ac_tables().then_some((1, part.ac_table));
        dc.into_iter().chain(ac)
    }

    /// The segment for `jpeg-decoder`, which wants a DC table even where none is used: `any_dc_table`.
    pub(super) fn segment(&self, any_dc_table: usize) -> Vec<u8> {
        let count = self.parts.len() as u8;
        let mut segment = vec![0xFF, 0xDA, 0, 6 + 2 * count, count];
        for part in &self.parts {
            let dc = if self.uses_dc_tables() {
                part.dc_table
            } else {
                any_dc_table
            };
            let ac = if self.uses_ac_tables() {
                part.ac_table
            } else {
                0
            };
            segment.extend([part.component as u8, (dc << 4 | ac) as u8]);
        }
        let (before, after) = self.approximation;
        segment.extend([self.band.0, self.band.1, before << 4 | after]);
        segment
    }
}

pub(super) fn unsupported(feature: impl Into<String>) -> PictureError {
    PictureError::Unsupported {
        feature: feature.into(),
    }
}
