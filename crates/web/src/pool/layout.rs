//! Which worker has the models of which steps.

use live_keypoints_pipeline::branch::Branch;
use live_keypoints_pipeline::{Parts, Step, Steps};

/// Most workers that one stream is spread over.
pub(crate) const MAX_WORKERS: usize = 4;

const HANDS: [Branch; 2] = [Branch::LeftHand, Branch::RightHand];
/// Of the graph that a page can ask for, which has no palms of its own.
const ALL: [Branch; 4] = [
    Branch::Pose,
    Branch::LeftHand,
    Branch::RightHand,
    Branch::Face,
];

/// What a worker serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    /// From the start.
    pub(crate) first: Steps,
    /// What others serve already: its models come when there is time, so that the start need not wait for them.
    pub(crate) later: Steps,
}

/// The steps that each of `workers` serves. Both hands have one set of models, so who serves one hand serves both; pixels
/// are read by any. A worker that would have nothing to do for the parts asked for is left out.
///
/// Every model that a worker has costs memory: where more of them would bring little, as `tests/simulation.rs` shows, they
/// are left out.
pub(crate) fn layout(workers: usize, parts: Parts) -> Vec<Served> {
    // Where a part is left out, the layout with most workers that are all busy is the best one.
    let branches = 1 + 2 * usize::from(parts.hands) + usize::from(parts.face);
    let workers = if workers >= branches {
        MAX_WORKERS
    } else {
        workers
    };
    let branches: &[[&[Branch]; 2]] = match workers {
        0 | 1 => &[[&ALL, &[]]],
        2 => &[[&[Branch::Pose, Branch::Face], &HANDS], [&HANDS, &[]]],
        3 => &[
            [&[Branch::Pose], &[]],
            [&[Branch::Face], &HANDS],
            [&HANDS, &[]],
        ],
        _ => &[
            [&[Branch::Pose], &[]],
            [&HANDS, &[]],
            [&HANDS, &[]],
            [&[Branch::Face], &[]],
        ],
    };
    let is_wanted = |branch: &Branch| match branch {
        Branch::Pose => true,
        Branch::LeftHand | Branch::RightHand => parts.hands,
        Branch::Face => parts.face,
        Branch::Palm => false,
    };
    let steps = |branches: &[Branch]| -> Steps {
        let wanted = branches.iter().copied().filter(is_wanted);
        wanted.map(Step::Branch).collect()
    };
    let served = branches
        .iter()
        .map(|branches| branches.map(steps))
        .filter(|served| *served != [Steps::NONE; 2]);
    served
        .map(|[first, later]| Served {
            first: first.union(Steps::from_iter([Step::Decode])),
            later,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(workers: usize, parts: Parts) -> Vec<String> {
        let layout = layout(workers, parts);
        let letters = |steps: Steps| -> String {
            let served = Step::ALL.into_iter().zip("dplrf".chars());
            served
                .filter(|(step, _)| steps.contains(*step))
                .map(|(_, letter)| letter)
                .collect()
        };
        let served = layout.iter().map(|served| match served.later {
            Steps::NONE => letters(served.first),
            later => format!("{} later {}", letters(served.first), letters(later)),
        });
        served.collect()
    }

    #[test]
    fn every_step_is_served_and_no_worker_is_without() {
        let all = Parts::ALL;
        assert_eq!(words(1, all), ["dplrf"]);
        assert_eq!(words(2, all), ["dpf later lr", "dlr"]);
        assert_eq!(words(3, all), ["dp", "df later lr", "dlr"]);
        assert_eq!(words(4, all), ["dp", "dlr", "dlr", "df"]);
        let pose = Parts {
            pose: true,
            hands: false,
            face: false,
        };
        assert_eq!(words(4, pose), ["dp"]);
        let face = Parts { face: true, ..pose };
        assert_eq!(words(2, face), ["dp", "df"]);
        assert_eq!(words(1, face), ["dpf"]);
        let hands = Parts {
            hands: true,
            ..pose
        };
        assert_eq!(words(3, hands), ["dp", "dlr", "dlr"]);
        assert_eq!(words(2, hands), ["dp later lr", "dlr"]);
    }
}
