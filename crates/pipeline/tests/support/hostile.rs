//! JPEGs of few bytes that ask for much work or memory.

/// A frame header; components are numbered from 1.
pub(crate) fn frame(sof: u8, (width, height): (u16, u16), sampling: &[u8]) -> Vec<u8> {
    let mut body = vec![8];
    body.extend(height.to_be_bytes());
    body.extend(width.to_be_bytes());
    body.push(sampling.len() as u8);
    for (id, factors) in (1..).zip(sampling) {
        body.extend([id, *factors, 0]);
    }
    segment(sof, &body)
}

pub(crate) fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16 + 2).to_be_bytes();
    [&[0xFF, marker][..], &length, body].concat()
}

/// A Huffman table whose only code, a 0 of `length` bits, stands for `symbol`.
pub(crate) fn table(place: u8, length: usize, symbol: u8) -> Vec<u8> {
    let mut body = vec![place];
    body.extend((1..=16).map(|bits| u8::from(bits == length)));
    body.push(symbol);
    segment(0xC4, &body)
}

pub(crate) fn quantization() -> Vec<u8> {
    let mut body = vec![0];
    body.extend([1; 64]);
    segment(0xDB, &body)
}

/// The header of a scan of these components with table 0 for all.
pub(crate) fn scan(components: &[u8], band: [u8; 2], approximation: u8) -> Vec<u8> {
    let mut body = vec![components.len() as u8];
    body.extend(components.iter().flat_map(|id| [*id, 0]));
    body.extend(band);
    body.push(approximation);
    segment(0xDA, &body)
}

pub(crate) fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    [&[0xFF, 0xD8][..], &segments.concat(), &[0xFF, 0xD9]].concat()
}

/// Grey and progressive: `scans` that refine nothing, 29 bits for each 32,767 blocks.
pub(crate) fn refinements(side: u16, scans: usize) -> Vec<u8> {
    let runs = usize::from(side / 8).pow(2) / 32_767;
    let mut bits = ("0".to_owned() + &"1".repeat(14)).repeat(runs) + &"0".repeat(15);
    bits += &"1".repeat(bits.len().next_multiple_of(8) - bits.len());
    let byte = |at: usize| u8::from_str_radix(&bits[at..at + 8], 2);
    let bytes = (0..bits.len()).step_by(8).flat_map(byte);
    let data: Vec<u8> = bytes
        .flat_map(|byte| [byte, 0].into_iter().take(1 + usize::from(byte == 0xFF)))
        .collect();
    let one = [scan(&[1], [1, 63], 0x21), data].concat();
    let mut segments = vec![quantization(), frame(0xC2, (side, side), &[0x11])];
    let mut runs_only = vec![0x10, 1, 1];
    runs_only.extend([0; 14]);
    runs_only.extend([0xE0, 0]);
    segments.push(segment(0xC4, &runs_only));
    segments.extend(vec![one; scans]);
    jpeg(&segments)
}
