//! Any order of answers, deaths, refusals, resets and passing time: no frame is lost without a count, none is answered
//! twice, no pixels are held for ever, and whatever is waited for has an end.

use std::collections::BTreeSet;

use live_keypoints_pipeline::{ErrorCode, FrameError, Parts};
use proptest::prelude::*;

use super::stand::{Asked, Counted};
use super::world::World;
use crate::pool::{Answer, MAX_WORKERS};
use crate::worker_id::WorkerId;

/// What happens next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Happening {
    Frame,
    Still,
    Work { place: usize, fails: bool, seed: u8 },
    Death { place: usize },
    LateAnswer { place: usize },
    Refusal { place: usize },
    AssetsFail,
    Adoption { is_sent: bool },
    Wait { ms: f64 },
    Reset,
}

fn happening() -> impl Strategy<Value = Happening> {
    let place = 0..MAX_WORKERS;
    prop_oneof![
        6 => Just(Happening::Frame),
        1 => Just(Happening::Still),
        24 => (place.clone(), prop::bool::weighted(0.1), any::<u8>())
            .prop_map(|(place, fails, seed)| Happening::Work { place, fails, seed }),
        2 => place.clone().prop_map(|place| Happening::Death { place }),
        1 => place.clone().prop_map(|place| Happening::LateAnswer { place }),
        1 => place.prop_map(|place| Happening::Refusal { place }),
        1 => Just(Happening::AssetsFail),
        2 => any::<bool>().prop_map(|is_sent| Happening::Adoption { is_sent }),
        2 => prop_oneof![Just(3.0), Just(900.0), Just(5_001.0), Just(40_000.0)]
            .prop_map(|ms| Happening::Wait { ms }),
        1 => Just(Happening::Reset),
    ]
}

impl World {
    pub(super) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Frame => self.add(),
            Happening::Still => {
                let frame = Counted::new(&self.held);
                let is_taken = self.pool.add_still(frame, self.now_ms).is_ok();
                self.stills += usize::from(is_taken);
            }
            Happening::Work { place, fails, seed } => self.work(place, fails, seed),
            Happening::Death { place } => {
                if let Some(stand) = self.stands.get(&place) {
                    self.pool.broke(stand.worker, "", self.now_ms);
                }
            }
            Happening::LateAnswer { place } => {
                if let Some(stand) = self.stands.get(&place) {
                    let generation = stand.worker.generation.wrapping_sub(1);
                    let worker = WorkerId { place, generation };
                    let error = FrameError::new(ErrorCode::Internal, "late");
                    let ticket = stand.asked.front().map_or(0, |asked| asked.ticket);
                    self.answer(worker, ticket, Answer::Failed(error));
                }
            }
            Happening::Refusal { place } => {
                let Some(stand) = self.stands.get_mut(&place) else {
                    return;
                };
                if let Some(position) = stand.asked.iter().position(Asked::is_decode)
                    && let Some(Asked { ticket, .. }) = stand.asked.remove(position)
                {
                    let worker = stand.worker;
                    let error = FrameError::new(ErrorCode::UnsupportedFrame, "closed");
                    self.pool.refused(worker, ticket, error, self.now_ms);
                }
            }
            Happening::AssetsFail => {
                if let Some(worker) = self.inits.pop() {
                    let error = FrameError::new(ErrorCode::AssetUnreachable, "no network");
                    self.pool.assets_failed(worker, error, self.now_ms);
                }
            }
            Happening::Adoption { is_sent } => self.adopt(is_sent),
            Happening::Wait { ms } => self.wait(ms),
            Happening::Reset => self.pool.reset(),
        }
        self.pump();
    }

    /// Everybody works on, and whoever owes something gives it, until nothing is left to do.
    pub(super) fn settle(&mut self) {
        for round in 0..10_000 {
            let stats = self.pool.stats();
            if self.fatal.is_some() || stats.buffered + stats.in_work == 0 {
                return;
            }
            for place in 0..MAX_WORKERS {
                self.happen(Happening::Work {
                    place,
                    fails: false,
                    seed: round as u8,
                });
            }
            self.happen(Happening::Adoption { is_sent: true });
            self.happen(Happening::Wait { ms: 10.0 });
        }
        panic!("{:?} {:?}", self.pool.stats(), self.stands);
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_whatever_happens(
        workers in 1..=MAX_WORKERS,
        (pose, hands, face) in any::<(bool, bool, bool)>(),
        happenings in prop::collection::vec(happening(), 0..400),
    ) {
        let parts = if pose || hands || face { Parts { pose, hands, face } } else { Parts::ALL };
        let mut world = World::new(workers, parts);
        world.start_all();
        prop_assert!(world.is_ready);
        for happening in happenings {
            world.happen(happening);
        }
        world.settle();
        // Frames that the page took too long to prepare are thrown away once they are there.
        let pool = &world.pool;
        for stand in world.stands.values_mut() {
            let worker = stand.worker;
            stand.asked.retain(|asked| pool.is_wanted(worker, asked.ticket));
        }
        if world.fatal.is_none() {
            let stats = world.pool.stats();
            prop_assert_eq!(stats.received, world.answered.len() as u64 + stats.dropped);
            prop_assert_eq!(world.held.get(), 0);
            // What workers still hold they are told to forget with their next step.
            for (place, stand) in &world.stands {
                prop_assert!(world.pool.holdings.is_empty(*place));
                let with_next = world.pool.holdings.take_released(*place);
                let with_asked = stand.asked.iter().flat_map(|asked| &asked.released);
                let released: BTreeSet<u64> = with_asked.copied().chain(with_next).collect();
                prop_assert!(stand.pixels.is_subset(&released), "{stand:?} {released:?}");
            }
            prop_assert!(world.pool.timestamps_ms.is_empty());
        }
        world.pool.close();
        world.pump();
        prop_assert!(world.stands.is_empty());
        drop(world.pool);
        prop_assert_eq!(world.held.get(), 0);
    }
}
