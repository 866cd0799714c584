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
