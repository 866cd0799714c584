//! Reads `.pose` files, as far as letters need them: versions 0.1 and 0.2, one person.

use anyhow::{Context, Result, bail, ensure};
use live_keypoints_pipeline::{FrameKeypoints, HandLandmarks, PoseLandmarks};

/// How wide the lexicon's pictures were is not said any more: of this width, the bones of a hand keep their lengths best however
/// it is turned (least spread of their logarithms, over the one-handed alphabets).
const PICTURE_WIDTH: f32 = 700.0;

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk().context("the file is cut off")?;
        self.0 = rest;
        Ok(*bytes)
    }

    fn u16(&mut self) -> Result<usize> {
        Ok(u16::from_le_bytes(self.bytes()?).into())
    }

    fn f32(&mut self) -> Result<f32> {
        Ok(f32::from_le_bytes(self.bytes()?))
    }

    fn text(&mut self) -> Result<String> {
        let length = self.u16()?;
        let (text, rest) = self
            .0
            .split_at_checked(length)
            .context("the file is cut off")?;
        self.0 = rest;
        Ok(String::from_utf8(text.to_vec())?)
    }

    fn f32s(&mut self, count: usize) -> Result<Vec<f32>> {
        (0..count).map(|_| self.f32()).collect()
    }
}

/// The frames of a file: body and hands.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<FrameKeypoints>> {
    let mut reader = Reader(bytes);
    let version = reader.f32()?;
    let (width, height, depth) = (reader.u16()?, reader.u16()?, reader.u16()?);
    let mut parts = Vec::new();
    for _ in 0..reader.u16()? {
        let (name, format) = (reader.text()?, reader.text()?);
        ensure!(format == "XYZC", "points of {name} are {format}");
        let [points, limbs, colors] = [reader.u16()?, reader.u16()?, reader.u16()?];
        for _ in 0..points {
            reader.text()?;
        }
        for _ in 0..2 * limbs + 3 * colors {
            reader.u16()?;
        }
        parts.push((name, points));
    }
    let (fps, frames) = match version {
        0.0..0.15 => (reader.u16()? as f32, reader.u16()?),
        0.15..0.25 => (reader.f32()?, u32::from_le_bytes(reader.bytes()?) as usize),
        _ => bail!("version {version}"),
    };
    let people = reader.u16()?;
    ensure!(people == 1, "{people} people");
    let all: usize = parts.iter().map(|(_, points)| points).sum();
    let values = reader.f32s(frames * all * 3)?;
    let confidences = reader.f32s(frames * all)?;
    let of = |frame: usize, name: &str| {
        let at = parts.iter().position(|(other, _)| other == name)?;
        let start: usize =
            frame * all + parts[..at].iter().map(|(_, points)| points).sum::<usize>();
        let range = start..start + parts[at].1;
        let is_there = confidences[range.clone()]
            .iter()
            .any(|confidence| *confidence > 0.0);
        is_there.then_some(range)
    };
    let point = |at: usize| {
        let [x, y, z] = [values[3 * at], values[3 * at + 1], values[3 * at + 2]];
        // The lexicon's files were scaled and moved to the middle of a cube, z as it was, in widths of the picture.
        let z = (z - depth as f32 / 2.0) * PICTURE_WIDTH;
        [x / width as f32, y / height as f32, z / width as f32]
    };
    Ok((0..frames)
        .map(|frame| {
            let hand = |name| {
                of(frame, name).map(|range| HandLandmarks::from_fn(|n| point(range.start + n)))
            };
            let pose = of(frame, "POSE_LANDMARKS").map(|range| {
                PoseLandmarks::from_fn(|n| {
                    let [x, y, z] = point(range.start + n);
                    [x, y, z, confidences[range.start + n]]
                })
            });
            let timestamp_us = (frame as f32 * 1e6 / fps) as i64;
            FrameKeypoints {
                pose,
                left_hand: hand("LEFT_HAND_LANDMARKS"),
                right_hand: hand("RIGHT_HAND_LANDMARKS"),
                ..FrameKeypoints::empty(frame as u64, timestamp_us, [width as u32, height as u32])
            }
        })
        .collect())
}
