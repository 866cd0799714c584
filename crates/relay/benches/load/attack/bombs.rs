//! JPEGs of 16 megapixels in a few bytes, whose work grows with every scan. Tests use them, too.

/// Width and height.
pub(crate) const SIDE: u16 = 4096;

/// A marker with its length and content of at most 65,533 bytes.
pub(crate) fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len() as u16 + 2;
    let mut segment = vec![0xFF, marker];
    segment.extend(length.to_be_bytes());
    segment.extend(content);
    segment
}

/// A frame header of so many components without subsampling.
fn frame_header(marker: u8, components: u8) -> Vec<u8> {
    let [high, low] = SIDE.to_be_bytes();
    let mut content = vec![8, high, low, high, low, components];
    for id in 1..=components {
        content.extend([id, 0x11, 0]);
    }
    segment(marker, &content)
}

/// Lossless (SOF3), four components, so many scans of 16 bytes that hold nothing.
pub(crate) fn lossless(scans: usize) -> Vec<u8> {
    let mut jpeg = vec![0xFF, 0xD8];
    jpeg.extend(frame_header(0xC3, 4));
    let mut table = vec![0, 1];
    table.extend([0; 16]);
    jpeg.extend(segment(0xC4, &table));
    let scan = segment(0xDA, &[4, 1, 0, 2, 0, 3, 0, 4, 0, 1, 0, 0]);
    jpeg.extend(scan.repeat(scans));
    jpeg.extend([0xFF, 0xD9]);
    jpeg
}

/// Progressive and grey, so many scans of 34 bytes that are one end-of-band run: with one an ordinary picture of 165 bytes.
pub(crate) fn refined(scans: usize) -> Vec<u8> {
    /// Blocks that one run covers at most.
    const RUN: usize = 32_767;
    let blocks = usize::from(SIDE) * usize::from(SIDE) / 64;
    // Codes: "0" begins a run whose length follows in 14 bits, all ones for the longest.
    let mut bits = Vec::new();
    for run in 0..=blocks / RUN {
        bits.push(false);
        bits.resize(bits.len() + 14, run < blocks / RUN);
    }
    bits.resize(bits.len().next_multiple_of(8), true);
    let mut data = Vec::new();
    for bits in bits.chunks(8) {
        let byte = bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        data.push(byte);
        if byte == 0xFF {
            data.push(0);
        }
    }
    let mut jpeg = vec![0xFF, 0xD8];
    let mut quantization = vec![0];
    quantization.extend([1; 64]);
    jpeg.extend(segment(0xDB, &quantization));
    jpeg.extend(frame_header(0xC2, 1));
    let mut table = vec![0x10, 1, 1];
    table.extend([0; 14]);
    table.extend([0xE0, 0]);
    jpeg.extend(segment(0xC4, &table));
    let mut scan = segment(0xDA, &[1, 1, 0, 1, 63, 0x21]);
    scan.extend(data);
    jpeg.extend(scan.repeat(scans));
    jpeg.extend([0xFF, 0xD9]);
    jpeg
}
