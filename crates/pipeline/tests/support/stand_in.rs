//! A stand-in for decoder and models: its answers depend on the bits of the jobs, so that any state that a branch saw too
//! early, too late or not at all changes the results of all frames after it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use live_keypoints_pipeline::branch::{
    BranchJob, BranchOutcome, EarlyJob, EarlyOutcome, FaceJob, FaceMesh, FaceOutcome, HandJob,
    HandOutcome, HandReading, PalmJob, PalmOutcome, PoseOutcome,
};
use live_keypoints_pipeline::motion::SmallGrey;
use live_keypoints_pipeline::rect::{ImageSize, NormalizedRect};
use live_keypoints_pipeline::smoothing::RawPose;
use live_keypoints_pipeline::{
    Blendshapes, Decoded, ErrorCode, FaceLandmarks, FacePoints, FrameError, Landmarks, Outcome,
    Quality, Session, Task, Work, roi,
};
use serde::Serialize;

/// What the frames of a stream are like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Person,
    Nobody,
    Broken,
    OtherSize,
    FailsInThePose,
    FailsInTheFace,
    FailsInTheBlendshapes,
    FailsInThePalms,
    /// The model fails for about every other region, and the body's step as often.
    FailsInSomeHands,
    /// Its hands lie so far out that no region can be made of them.
    HandsFarOut,
    /// A person who looks as if another frame were shown again, a little brighter with every number.
    Motionless(u8),
}

impl Kind {
    /// What it looks like in small: each kind of a level of its own.
    fn grey(self) -> Option<SmallGrey> {
        let level = match self {
            Self::Motionless(number) => 100 + number,
            Self::Person => 10,
            Self::Nobody => 20,
            _ => 30,
        };
        SmallGrey::try_from(vec![level; 3072]).ok()
    }
}

/// Decoded pixels.
#[derive(Debug)]
pub(crate) struct Picture {
    frame: u64,
    kind: Kind,
}

pub(crate) type Stream = Session<Kind, Rc<Picture>>;
pub(crate) type StreamTask = Task<Kind, Rc<Picture>>;
pub(crate) type StreamOutcome = Outcome<Rc<Picture>>;

pub(crate) fn outcome_of(task: &StreamTask) -> StreamOutcome {
    match &task.work {
        Work::Decode {
            frame: Kind::Broken,
            ..
        } => Outcome::Failed(FrameError::new(ErrorCode::MalformedPicture, "broken")),
        Work::Decode {
            frame: kind,
            wants_grey,
        } => {
            let picture = Picture {
                frame: task.id.frame,
                kind: *kind,
            };
            let size = picture.size();
            let pixels = Rc::new(picture);
            let grey = wants_grey.then(|| kind.grey()).flatten();
            Outcome::Decoded(Decoded { pixels, size, grey })
        }
        Work::Branch(picture, job) => picture.run(job),
    }
}

impl Picture {
    fn size(&self) -> ImageSize {
        let is_other = self.kind == Kind::OtherSize;
        ImageSize {
            width: if is_other { 320 } else { 640 },
            height: 480,
        }
    }

    fn run(&self, job: &BranchJob) -> StreamOutcome {
        let fails = match job {
            BranchJob::Pose(_) => self.kind == Kind::FailsInThePose,
            BranchJob::Face(_) | BranchJob::Early(EarlyJob::Face { .. }) => {
                self.kind == Kind::FailsInTheFace
            }
            BranchJob::Blendshapes(_) => self.kind == Kind::FailsInTheBlendshapes,
            BranchJob::Palm(_) => self.kind == Kind::FailsInThePalms,
            BranchJob::HandInRegion { roi, .. } => {
                self.kind == Kind::FailsInSomeHands && self.noise(roi).at(8) < 0.5
            }
            BranchJob::LeftHand(job) | BranchJob::RightHand(job) => {
                self.kind == Kind::FailsInSomeHands && self.noise(&job.wrist).at(8) < 0.5
            }
            _ => false,
        };
        if fails {
            let error = FrameError::new(ErrorCode::InferenceFailed, "as the test wants");
            return Outcome::Failed(error);
        }
        Outcome::Branch(match job {
            BranchJob::Pose(job) => BranchOutcome::Pose(self.pose(&self.noise(job))),
            BranchJob::LeftHand(job) => BranchOutcome::LeftHand(self.hand(job)),
            BranchJob::RightHand(job) => BranchOutcome::RightHand(self.hand(job)),
            BranchJob::Face(job) => BranchOutcome::Face(self.face(job)),
            BranchJob::Palm(job) => BranchOutcome::Palm(self.palms(job)),
            BranchJob::HandInRegion { roi, quality } => {
                BranchOutcome::HandInRegion(self.hand_in_region(*roi, *quality))
            }
            BranchJob::Early(EarlyJob::Hand { roi, quality }) => {
                assert!(roi.is_croppable());
                BranchOutcome::Early(EarlyOutcome::Hand(self.hand_reading(*roi, *quality)))
            }
            BranchJob::Blendshapes(job) => {
                let noise = self.noise(job);
                let scores = std::array::from_fn(|n| noise.at(n));
                BranchOutcome::Blendshapes(Some(Blendshapes::new(scores)))
            }
            BranchJob::Early(EarlyJob::Face { roi, points }) => {
                assert!(roi.is_croppable());
                let mesh = self.mesh(*roi, *points);
                BranchOutcome::Early(EarlyOutcome::Face(Some(mesh)))
            }
        })
    }

    fn pose(&self, noise: &Noise) -> PoseOutcome {
        let n = |salt| noise.at(salt);
        let pose = (self.kind != Kind::Nobody).then(|| RawPose {
            landmarks: Landmarks::from_fn(|p| [n(p), n(p + 100), 0.0, n(p + 200)]),
            world: Landmarks::from_fn(|p| [n(p), 0.0, 0.0, n(p + 200)]),
            auxiliary: Landmarks::new([[n(300), n(301), 0.0], [n(302), n(303), 0.0]]),
        });
        PoseOutcome {
            detection: None,
            roi: pose.is_some().then(|| noise.rect()),
            presence: pose.is_some().then(|| 0.4 + n(5)),
            pose,
        }
    }

    fn hand(&self, job: &HandJob) -> HandOutcome {
        let previous = job.previous.as_ref();
        let previous = previous.map(|points| roi::hand_from_landmarks(points, self.size()));
        let early = job.early.as_ref();
        let noise = self.noise(&HandJob {
            early: None,
            ..job.clone()
        });
        let roi = picked(previous, early.map(|early| early.roi), &noise);
        let early = early.filter(|early| early.roi.has_bits_of(&roi));
        HandOutcome {
            roi_from_previous: previous,
            reading: early
                .cloned()
                .or_else(|| Some(self.hand_reading(roi, job.quality))),
            ..HandOutcome::default()
        }
    }

    fn hand_reading(&self, roi: NormalizedRect, quality: Quality) -> HandReading {
        let noise = self.noise(&(roi, quality));
        let n = |salt| noise.at(salt);
        let scale = if self.kind == Kind::HandsFarOut {
            1e38
        } else {
            1.0
        };
        HandReading {
            roi,
            presence: n(4) + 0.2,
            landmarks: Some(Landmarks::from_fn(|p| {
                [n(p) * scale, n(p + 50) * scale, 0.0]
            })),
            world: Some(Landmarks::from_fn(|p| [n(p), 0.0, 0.0])),
            right: n(9),
        }
    }

    fn palms(&self, job: &PalmJob) -> PalmOutcome {
        let is_anybody_there = self.kind != Kind::Nobody;
        let rois = (0..job.most).filter(|_| is_anybody_there).map(|number| {
            let noise = self.noise(&(number, job));
            (noise.at(8) < 0.7).then(|| noise.rect())
        });
        PalmOutcome {
            rois: rois.flatten().collect(),
        }
    }

    /// Now and then two regions show the same hand.
    fn hand_in_region(&self, roi: NormalizedRect, quality: Quality) -> HandReading {
        assert!(roi.is_croppable());
        let mut reading = self.hand_reading(roi, quality);
        if self.noise(&roi).at(8) < 0.3 {
            reading.landmarks = self.hand_reading(Noise(1).rect(), quality).landmarks;
        }
        reading
    }

    fn face(&self, job: &FaceJob) -> FaceOutcome {
        let roi_from = |mesh: &FaceLandmarks| match job.head {
            Some(_) => roi::face_from_mesh_near_head(mesh, job.points, self.size()),
            None => roi::face_from_mesh(mesh, self.size()),
        };
        let previous = job.previous.as_ref().map(roi_from);
        let early = job.early.as_ref();
        let noise = self.noise(&FaceJob {
            early: None,
            ..job.clone()
        });
        let roi = picked(previous, early.map(|early| early.roi), &noise);
        let early = early.filter(|early| early.roi.has_bits_of(&roi));
        FaceOutcome {
            roi_from_previous: previous,
            mesh: early.cloned().or_else(|| Some(self.mesh(roi, job.points))),
            ..FaceOutcome::default()
        }
    }

    fn mesh(&self, roi: NormalizedRect, points: FacePoints) -> FaceMesh {
        let noise = self.noise(&roi);
        FaceMesh {
            roi,
            presence: 0.3 + noise.at(6),
            landmarks: FaceLandmarks::from_fn(points, |p| [noise.at(p % 7), p as f32, 0.0]),
        }
    }

    /// Numbers from all bits of `input` and the number of the frame.
    fn noise(&self, input: &impl Serialize) -> Noise {
        let mut hasher = DefaultHasher::new();
        let bytes = postcard::to_allocvec(input).ok();
        assert!(bytes.is_some(), "what the tests make can be written");
        bytes.hash(&mut hasher);
        self.frame.hash(&mut hasher);
        Noise(hasher.finish())
    }
}

/// The region that tracking picks: in most frames that of the frame before. Only for this may anything be done early.
fn picked(
    previous: Option<NormalizedRect>,
    early: Option<NormalizedRect>,
    noise: &Noise,
) -> NormalizedRect {
    let previous = previous.filter(NormalizedRect::is_croppable);
    if let Some(early) = early {
        assert!(previous.is_some_and(|previous| previous.has_bits_of(&early)));
    }
    let kept = previous.filter(|_| noise.at(7) < 0.8);
    kept.unwrap_or_else(|| noise.rect())
}

struct Noise(u64);

impl Noise {
    /// A number in 0..1.
    fn at(&self, salt: usize) -> f32 {
        let mixed = (self.0 ^ salt as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed >> 40) as f32 / (1u64 << 24) as f32
    }

    fn rect(&self) -> NormalizedRect {
        NormalizedRect {
            x_center: self.at(1),
            y_center: self.at(2),
            width: 0.5,
            height: 0.5,
            rotation: self.at(3),
        }
    }
}
