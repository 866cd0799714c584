//! Where results go: JSON Lines or a `.pose` file.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};

use live_keypoints_pipeline::format::jsonl::{self, HandWorld};
use live_keypoints_pipeline::format::pose_file::{PoseFileFrame, PoseFileSize, write_header};
use live_keypoints_pipeline::rect::ImageSize;
use live_keypoints_pipeline::{FacePoints, FrameKeypoints, FrameResult};

use super::FrameRate;

/// Takes results in the order of their frames.
pub trait ResultSink {
    /// Takes one, and the file that its picture comes from.
    ///
    /// # Errors
    /// What the target says.
    fn write(&mut self, result: &FrameResult, file: Option<&str>) -> io::Result<()>;

    /// Lets what was taken be read, where the format can be read in parts.
    ///
    /// # Errors
    /// What the target says.
    fn flush(&mut self) -> io::Result<()>;

    /// Ends the output. Called once, after the last result.
    ///
    /// # Errors
    /// What the target says.
    fn finish(&mut self) -> io::Result<()>;
}

/// JSON Lines, each readable as soon as it is there; the file is the last field.
#[derive(Debug)]
pub struct JsonLines<W>(pub W);

impl<W: Write> ResultSink for JsonLines<W> {
    fn write(&mut self, result: &FrameResult, file: Option<&str>) -> io::Result<()> {
        let mut line = Vec::new();
        jsonl::write_line(&mut line, result, HandWorld::Omitted)?;
        if let Some(file) = file {
            line.truncate(line.len() - b"}\n".len());
            line.extend(b",\"file\":");
            line.extend(json_string(file)?.as_bytes());
            line.extend(b"}\n");
        }
        self.0.write_all(&line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The text in quotes, with an escape for every control character: those from U+007F on may stand in JSON as they are, but
/// a terminal obeys them, too.
fn json_string(text: &str) -> serde_json::Result<String> {
    let quoted = serde_json::to_string(text)?;
    let mut escaped = String::with_capacity(quoted.len());
    for letter in quoted.chars() {
        match u32::from(letter) {
            code if letter.is_control() => escaped += &format!("\\u{code:04x}"),
            _ => escaped.push(letter),
        }
    }
    Ok(escaped)
}

/// A `.pose` file. Its header holds the number of frames, and all points stand before all confidences, so both wait in
/// unnamed temporary files until the end. The size is that of the first picture that could be decoded.
#[derive(Debug)]
pub struct PoseFile<W> {
    out: W,
    frame_rate: FrameRate,
    face: FacePoints,
    size: Option<PoseFileSize>,
    frames: u32,
    points: BufWriter<File>,
    confidences: BufWriter<File>,
}

impl<W: Write> PoseFile<W> {
    /// An empty file, whose faces have so many points.
    ///
    /// # Errors
    /// What the system says if it gives no temporary file.
    pub fn new(out: W, frame_rate: FrameRate, face: FacePoints) -> io::Result<Self> {
        Ok(Self {
            out,
            frame_rate,
            face,
            size: None,
            frames: 0,
            points: BufWriter::new(tempfile::tempfile()?),
            confidences: BufWriter::new(tempfile::tempfile()?),
        })
    }

    fn size_with(&mut self, keypoints: Option<&FrameKeypoints>) -> io::Result<PoseFileSize> {
        if let (None, Some(keypoints)) = (self.size, keypoints) {
            let size = ImageSize {
                width: keypoints.width,
                height: keypoints.height,
            };
            self.size = Some(size.try_into().map_err(io::Error::other)?);
        }
        Ok(self.size.unwrap_or_default())
    }
}

impl<W: Write> ResultSink for PoseFile<W> {
    fn write(&mut self, result: &FrameResult, _: Option<&str>) -> io::Result<()> {
        let keypoints = match result {
            FrameResult::Keypoints(keypoints) => Some(keypoints.as_ref()),
            FrameResult::Failed(_) => None,
        };
        let size = self.size_with(keypoints)?;
        let frame = PoseFileFrame::new(keypoints, size, self.face);
        self.frames = self
            .frames
            .checked_add(1)
            .ok_or_else(|| io::Error::other("the .pose format holds 4,294,967,295 frames"))?;
        frame.write_points(&mut self.points)?;
        frame.write_confidences(&mut self.confidences)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let size = self.size.unwrap_or_default();
        let fps = self.frame_rate.fps() as f32;
        write_header(&mut self.out, size, fps, self.frames, self.face)?;
        for part in [&mut self.points, &mut self.confidences] {
            part.flush()?;
            let file = part.get_mut();
            file.seek(SeekFrom::Start(0))?;
            io::copy(&mut BufReader::new(file), &mut self.out)?;
        }
        self.out.flush()
    }
}
