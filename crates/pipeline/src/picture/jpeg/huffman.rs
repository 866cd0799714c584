//! Huffman tables as a picture defines them (T.81 B.2.4.2, C.2), and the standard ones where it defines none.

use super::malformed;
use crate::error::PictureError;

/// A Huffman table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// How many codes there are of each length, from 1 bit.
    counts: [u8; 16],
    symbols: Vec<u8>,
}

/// A table of a DHT segment with its place: DC or AC, and its number.
pub(super) struct Definition {
    pub is_ac: bool,
    pub number: usize,
    pub table: Table,
}

/// The tables of a DHT segment.
pub(super) fn read_tables(mut body: &[u8]) -> Result<Vec<Definition>, PictureError> {
    let mut definitions = Vec::new();
    while let Some(([place, counts @ ..], rest)) = body.split_first_chunk::<17>() {
        let length: usize = counts.iter().map(|count| usize::from(*count)).sum();
        if *place & 0xEC != 0 || length > 256 || length > rest.len() {
            return Err(malformed("a Huffman table that cannot be"));
        }
        let (symbols, rest) = rest.split_at(length);
        definitions.push(Definition {
            is_ac: *place & 0x10 != 0,
            number: usize::from(place & 3),
            table: Table {
                counts: *counts,
                symbols: symbols.to_vec(),
            },
        });
        body = rest;
    }
    if body.is_empty() {
        Ok(definitions)
    } else {
        Err(malformed("the Huffman tables have a wrong length"))
    }
}

impl Table {
    /// Whether it has codes, and no more of each length than there can be. Others are an error only where they are used.
    ///
    /// One of its codes has 8 bits or fewer: 256 symbols need no more, and `jpeg-decoder` takes ten times as long for a
    /// longer one, which zeros would be behind the end of the data, to the last coefficient of the picture.
    pub(super) fn is_usable(&self) -> bool {
        let mut code = 0_u32;
        let fits = self.counts.iter().enumerate().all(|(index, count)| {
            code = (code << 1) + u32::from(*count);
            code <= 2 << index
        });
        fits && self.counts[..8].iter().any(|count| *count > 0)
    }

    /// The DHT segment that defines it.
    pub(super) fn segment(&self, is_ac: bool, number: usize) -> Vec<u8> {
        let length = 2 + 17 + self.symbols.len();
        let mut segment = vec![0xFF, 0xC4];
        segment.extend((length as u16).to_be_bytes());
        segment.push(u8::from(is_ac) << 4 | number as u8);
        segment.extend(self.counts);
        segment.extend(&self.symbols);
        segment
    }

    /// The same codes and one for `symbol`. `None` if no code is free.
    pub(super) fn with(mut self, symbol: u8) -> Option<Self> {
        if self.symbols.contains(&symbol) {
            return Some(self);
        }
        self.symbols.push(symbol);
        let longest = self.counts.iter().rposition(|count| *count > 0)?;
        (longest..16).find_map(|index| {
            let mut table = self.clone();
            table.counts[index] = table.counts[index].checked_add(1)?;
            table.is_usable().then_some(table)
        })
    }

    /// Code and length in bits of a symbol.
    pub(super) fn code_of(&self, symbol: u8) -> Option<(u16, u8)> {
        let index = self.symbols.iter().position(|other| *other == symbol)? as u32;
        let (mut code, mut before) = (0, 0);
        for (length, count) in (1..).zip(self.counts) {
            let count = u32::from(count);
            if index < before + count {
                return Some(((code + index - before) as u16, length));
            }
            code = (code + count) << 1;
            before += count;
        }
        None
    }

    /// The next symbol of `bits`. `None` at a code that the table lacks, and at the end.
    pub(super) fn next_symbol(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let (mut code, mut first, mut index) = (0_u32, 0_u32, 0_u32);
        for count in self.counts {
            let count = u32::from(count);
            code = code << 1 | bits.take(1)?;
            if code < first + count {
                return self.symbols.get((index + code - first) as usize).copied();
            }
            index += count;
            first = (first + count) << 1;
        }
        None
    }
}

/// Reads bits, the highest of each byte first.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// How many were read.
    pub position: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// The next `count` bits as a number; `None` if there are fewer.
    pub(super) fn take(&mut self, count: u8) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = u32::from(*self.bytes.get(self.position / 8)?);
            value = value << 1 | byte >> (7 - self.position % 8) & 1;
            self.position += 1;
        }
        Some(value)
    }
}

/// The tables of T.81 K.3 as the body of a DHT segment: luminance as number 0 and chrominance as 1, DC and AC. Motion JPEG leaves
/// them out.
#[rustfmt::skip]
pub(super) static STANDARD_TABLES: [u8; 416] = [
    0x00, 0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    0x10, 0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D,
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
    0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0,
    0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0A, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x25, 0x26, 0x27, 0x28,
    0x29, 0x2A, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
    0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
    0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
    0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7,
    0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5,
    0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE1, 0xE2,
    0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8,
    0xF9, 0xFA,
    0x01, 0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    0x11, 0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77,
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
    0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33, 0x52, 0xF0,
    0x15, 0x62, 0x72, 0xD1, 0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1, 0x17, 0x18, 0x19, 0x1A, 0x26,
    0x27, 0x28, 0x29, 0x2A, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
    0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
    0x69, 0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
    0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5,
    0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3,
    0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA,
    0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8,
    0xF9, 0xFA,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_tables_read_back_and_every_symbol_has_its_code() {
        let definitions = read_tables(&STANDARD_TABLES).unwrap();
        assert_eq!(definitions.len(), 4);
        for Definition { table, .. } in definitions {
            assert!(table.is_usable());
            for symbol in table.symbols.clone() {
                let (code, length) = table.code_of(symbol).unwrap();
                let bytes = (code << (16 - length)).to_be_bytes();
                let mut bits = Bits::new(&bytes);
                assert_eq!(table.next_symbol(&mut bits), Some(symbol));
                assert_eq!(bits.position, usize::from(length));
            }
            assert!(table.next_symbol(&mut Bits::new(&[0xFF; 4])).is_none());
        }
    }

    #[test]
    fn a_symbol_is_added_behind_all_others() {
        let mut counts = [0; 16];
        counts[1] = 3;
        let table = Table {
            counts,
            symbols: vec![5, 6, 7],
        };
        let wider = table.clone().with(0).unwrap();
        for symbol in [5, 6, 7] {
            assert_eq!(wider.code_of(symbol), table.code_of(symbol));
        }
        assert_eq!(wider.code_of(0), Some((3, 2)));
        assert!(wider.clone().with(1).is_none(), "no code is left");
        assert_eq!(wider.clone().with(6).unwrap().code_of(6), wider.code_of(6));
    }
}
