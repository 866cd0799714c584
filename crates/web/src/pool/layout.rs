//! Which worker has the models of which steps.

use live_keypoints_pipeline::branch::Branch;
use live_keypoints_pipeline::{Options, Step, Steps};

/// Most workers that one stream is spread over.
pub(crate) const MAX_WORKERS: usize = 4;

const HANDS: [Branch; 2] = [Branch::LeftHand, Branch::RightHand];
/// Who finds palms serves hands as well, but for a fourth worker, which has more time.
const HANDS_AND_PALMS: [Branch; 3] = [Branch::LeftHand, Branch::RightHand, Branch::Palm];

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
pub(crate) fn layout(workers: usize, options: &Options) -> Vec<Served> {
    let Options { parts, .. } = *options;
    // Where a part is left out, the layout with most workers that are all busy is the best one.
    let branches = usize::from(parts.pose) + 2 * usize::from(parts.hands) + usize::from(parts.face);
    let workers = if workers >= branches {
        MAX_WORKERS
    } else {
        workers
    };
    let branches: &[[&[Branch]; 2]] = match workers {
        0 | 1 => &[[&Branch::ALL, &[]]],
        2 => &[
            [&[Branch::Pose, Branch::Face], &HANDS],
            [&HANDS_AND_PALMS, &[]],
        ],
        3 => &[
            [&[Branch::Pose], &[]],
            [&[Branch::Face], &HANDS],
            [&HANDS_AND_PALMS, &[]],
        ],
        _ => &[
            [&[Branch::Pose], &[]],
            [&HANDS, &[]],
            [&HANDS, &[]],
            [&[Branch::Face, Branch::Palm], &[]],
        ],
    };
    let is_wanted = |branch: &Branch| match branch {
        Branch::Pose => parts.pose,
        Branch::LeftHand | Branch::RightHand => parts.hands,
        Branch::Face => parts.face,
        Branch::Palm => options.wants_palms(),
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
    use live_keypoints_pipeline::{Graph, Hands, Parts};

    use super::*;

    fn words(workers: usize, graph: Graph, parts: [bool; 3]) -> Vec<String> {
        let [pose, hands, face] = parts;
        let options = Options {
            graph,
            parts: Parts { pose, hands, face },
            ..Options::default()
        };
        let layout = layout(workers, &options);
        let letters = |steps: Steps| -> String {
            let served = Step::ALL.into_iter().zip(LETTERS.chars());
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

    /// Of the steps in the order of their bits; `m` finds palms.
    const LETTERS: &str = "dplrfm";
    const ALL_PARTS: [bool; 3] = [true; 3];

    #[test]
    fn every_step_is_served_and_no_worker_is_without() {
        let words = |workers, parts| words(workers, Graph::Holistic, parts);
        assert_eq!(words(1, ALL_PARTS), ["dplrf"]);
        assert_eq!(words(2, ALL_PARTS), ["dpf later lr", "dlr"]);
        assert_eq!(words(3, ALL_PARTS), ["dp", "df later lr", "dlr"]);
        assert_eq!(words(4, ALL_PARTS), ["dp", "dlr", "dlr", "df"]);
        assert_eq!(words(4, [true, false, false]), ["dp"]);
        assert_eq!(words(2, [true, false, true]), ["dp", "df"]);
        assert_eq!(words(1, [true, false, true]), ["dpf"]);
        assert_eq!(words(3, [true, true, false]), ["dp", "dlr", "dlr"]);
        assert_eq!(words(2, [true, true, false]), ["dp later lr", "dlr"]);
    }

    #[test]
    fn hands_that_are_recovered_need_palms() {
        let options = Options {
            hands: Hands::Recover,
            ..Options::default()
        };
        for workers in 1..=MAX_WORKERS {
            let finds_palms = |served: &&Served| served.first.contains(Step::Branch(Branch::Palm));
            let layout = layout(workers, &options);
            assert_eq!(layout.iter().filter(finds_palms).count(), 1);
        }
    }

    #[test]
    fn the_landmarkers_have_palms_and_need_no_pose() {
        let words = |workers, parts: [bool; 3]| {
            let landmarkers = words(workers, Graph::Landmarkers, parts);
            // Without the pose, they are what runs in any case.
            if !parts[0] {
                assert_eq!(words(workers, Graph::Holistic, parts), landmarkers);
            }
            landmarkers
        };
        assert_eq!(words(1, ALL_PARTS), ["dplrfm"]);
        assert_eq!(words(2, ALL_PARTS), ["dpf later lr", "dlrm"]);
        assert_eq!(words(3, ALL_PARTS), ["dp", "df later lr", "dlrm"]);
        assert_eq!(words(4, ALL_PARTS), ["dp", "dlr", "dlr", "dfm"]);
        assert_eq!(words(4, [false, true, false]), ["dlr", "dlr", "dm"]);
        assert_eq!(words(1, [false, true, false]), ["dlrm"]);
        assert_eq!(words(4, [false, false, true]), ["df"]);
        assert_eq!(words(2, [false, true, true]), ["df later lr", "dlrm"]);
        assert_eq!(words(4, [true, false, false]), ["dp"]);
    }
}
