//! Frames a second of a recording, by its capture times.

/// Of a file whose frames do not say how far apart they are.
const DEFAULT_FPS: f64 = 30.0;

/// The capture times of a recording. A step back in time, as of a video that loops, begins another stretch.
#[derive(Default)]
pub(super) struct Pace {
    /// Of the stretches before the present one.
    earlier: Length,
    /// The first frame of this stretch that has a time, and the last.
    stretch: Option<(Moment, Moment)>,
}

#[derive(Clone, Copy, Default)]
struct Length {
    frames: u32,
    ms: f64,
}

#[derive(Clone, Copy)]
struct Moment {
    frame: u32,
    ms: f64,
}

impl Pace {
    /// The frame of this number has this capture time, in milliseconds. Frames between two of a stretch count as well.
    pub(super) fn add(&mut self, frame: u32, ms: f64) {
        let moment = Moment { frame, ms };
        self.stretch = match self.stretch {
            Some((first, last)) if ms >= last.ms => Some((first, moment)),
            _ => {
                self.earlier = self.length();
                Some((moment, moment))
            }
        };
    }

    /// Frames a second.
    pub(super) fn fps(&self) -> f64 {
        let Length { frames, ms } = self.length();
        let fps = f64::from(frames) / (ms / 1000.0);
        if fps > 0.0 && fps.is_finite() {
            fps
        } else {
            DEFAULT_FPS
        }
    }

    /// Frames from the first to the last of each stretch, and how long they took.
    fn length(&self) -> Length {
        let Length { frames, ms } = self.earlier;
        match self.stretch {
            Some((first, last)) => Length {
                frames: frames + last.frame - first.frame,
                ms: ms + last.ms - first.ms,
            },
            None => self.earlier,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fps(times: &[(u32, f64)]) -> f64 {
        let mut pace = Pace::default();
        for &(frame, ms) in times {
            pace.add(frame, ms);
        }
        pace.fps()
    }

    #[test]
    fn frames_between_two_times_count_and_steps_back_do_not() {
        assert_eq!(fps(&[]), 30.0);
        assert_eq!(fps(&[(0, 1000.0)]), 30.0);
        assert_eq!(fps(&[(0, 5.0), (1, 5.0)]), 30.0);
        assert_eq!(fps(&[(0, 1000.0), (2, 1100.0)]), 20.0);
        let looped = [0.0, 40.0, 80.0, 0.0, 40.0, -120.0, -80.0];
        let looped: Vec<(u32, f64)> = (0..).zip(looped).collect();
        assert_eq!(fps(&looped), 25.0);
    }
}
