//! What a client asked for of that which signs decide, too: graph, parts and face are those of the manifest, once it asks for
//! signs, and what it asked for otherwise must not contradict them.

use live_keypoints_pipeline::motion::STILL_THRESHOLD;
use live_keypoints_pipeline::signs::Manifest;
use live_keypoints_pipeline::{ErrorCode, FacePoints, FrameError, Graph, Options, Parts};
use live_keypoints_protocol::Configure;
use serde::Serialize;

/// What was asked for; `None` was not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    signs: bool,
    graph: Option<Graph>,
    parts: Option<Parts>,
    face: Option<FacePoints>,
    skip_still: Option<bool>,
}

impl Asked {
    /// With what this message asks for.
    pub(super) fn and(self, configure: &Configure) -> Self {
        Self {
            signs: configure.signs.unwrap_or(self.signs),
            graph: configure.graph.or(self.graph),
            parts: configure.parts.or(self.parts),
            face: configure.face.or(self.face),
            skip_still: configure.skip_still.or(self.skip_still),
        }
    }

    /// The manifest of the signs that were asked for, if they were.
    ///
    /// # Errors
    /// They were, and there is none.
    pub(super) fn manifest<'a>(
        &self,
        manifest: Option<&'a Manifest>,
    ) -> Result<Option<&'a Manifest>, FrameError> {
        match (self.signs, manifest) {
            (true, None) => Err(invalid(
                "signs must be false, not true: this relay recognises none (serve --signs)".into(),
            )),
            (true, manifest) => Ok(manifest),
            (false, _) => Ok(None),
        }
    }

    /// Decides what was not asked for: as the signs need it, or as it is at first. The face is not decided here.
    ///
    /// # Errors
    /// What was asked for is not what the signs need; both are named.
    pub(super) fn decide(
        &self,
        manifest: Option<&Manifest>,
        options: &mut Options,
    ) -> Result<(), FrameError> {
        let first = Options::default();
        let skips = self.skip_still.unwrap_or(manifest.is_some());
        let threshold = manifest.map_or(STILL_THRESHOLD, |manifest| manifest.idle().threshold);
        options.skip_still = skips.then_some(threshold);
        let Some(manifest) = manifest else {
            options.graph = self.graph.unwrap_or(first.graph);
            options.parts = self.parts.unwrap_or(first.parts);
            return Ok(());
        };
        let needs = manifest.needs();
        options.graph = self.graph.unwrap_or(needs.graph);
        options.parts = self.parts.unwrap_or(needs.parts);
        if options.graph != needs.graph {
            return Err(contradiction("graph", needs.graph, options.graph));
        }
        let (has, must) = (options.parts, needs.parts);
        for (is_there, is_needed, name) in [
            (has.pose, must.pose, "pose"),
            (has.hands, must.hands, "hands"),
            (has.face, must.face, "face"),
        ] {
            if is_needed && !is_there {
                let message = format!("signs: true needs {name:?} among parts");
                return Err(invalid(message));
            }
        }
        if let Some(face) = self.face
            && must.face
            && face != needs.face_points
        {
            let [needed, given] = [needs.face_points, face].map(FacePoints::count);
            return Err(contradiction("face", needed, given));
        }
        if options.mirrored {
            return Err(contradiction("mirrored", false, true));
        }
        Ok(())
    }
}

fn contradiction<T: Serialize>(option: &str, needed: T, given: T) -> FrameError {
    let [needed, given] =
        [needed, given].map(|value| serde_json::to_string(&value).unwrap_or_default());
    invalid(format!(
        "signs: true needs {option} to be {needed}, not {given}"
    ))
}

fn invalid(message: String) -> FrameError {
    FrameError::new(ErrorCode::InvalidOption, message)
}
