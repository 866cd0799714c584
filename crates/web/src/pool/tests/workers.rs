//! Workers that start, die, and take over from each other, and what they are given.

use live_keypoints_pipeline::branch::{Branch, BranchJob};
use live_keypoints_pipeline::{ErrorCode, FrameError, Options, Parts, Step, Steps};

use super::any_order::Happening;
use super::stand::What;
use super::world::{PATIENCE, VERSION, World};
use crate::pool::{Answer, Event, MAX_WORKERS, Pool};

#[test]
fn workers_start_with_the_module_that_the_first_compiles() {
    let mut world = World::new(4, Parts::ALL);
    assert_eq!(world.stands.len(), 4);
    for place in [3, 2, 1] {
        world
            .pool
            .said_hello(world.stands[&place].worker, VERSION, 0.0);
        world.pump();
    }
    assert_eq!((world.compiling, world.inits.len()), (None, 3));
    world.start(0);
    assert!(!world.is_ready);
    world.start_all();
    assert!(world.is_ready);
}

#[test]
fn a_module_that_does_not_come_is_asked_for_once_more() {
    let mut world = World::new(1, Parts::ALL);
    world.pool.said_hello(world.stands[&0].worker, VERSION, 0.0);
    world.pump();
    assert!(world.compiling.take().is_some());
    world.wait(5_000.0);
    world.pool.heard(world.now_ms);
    world.wait(5_000.0);
    world.wait(5_000.0);
    world.pump();
    assert!(world.compiling.take().is_some());
    world.wait(15_000.0);
    world.wait(15_000.0);
    world.pump();
    assert_eq!(world.fatal.unwrap().code, ErrorCode::AssetUnreachable);
}

#[test]
fn a_script_that_does_not_come_ends_the_start_as_silence() {
    let mut pool: Pool<()> = Pool::new(Options::default(), 2, MAX_WORKERS, PATIENCE, 0.0).unwrap();
    pool.timeout(30_000.0);
    pool.timeout(60_000.0);
    let Some(Event::Fatal {
        error,
        is_silence: true,
    }) = pool.poll_event()
    else {
        panic!("nothing was told");
    };
    assert_eq!(error.code, ErrorCode::WorkerFailed);
    assert!(
        error.message.contains("no answer for 60000 ms"),
        "{}",
        error.message
    );
    assert_eq!(pool.poll_event(), None);
}

#[test]
fn another_version_is_refused() {
    let mut world = World::new(2, Parts::ALL);
    world.pool.said_hello(world.stands[&1].worker, "0.0.9", 0.0);
    world.pump();
    let error = world.fatal.unwrap();
    assert_eq!(error.code, ErrorCode::VersionMismatch);
    assert!(
        error.message.contains("worker script is of version 0.0.9"),
        "{}",
        error.message
    );
    assert!(world.stands.is_empty());
}

#[test]
fn the_steps_of_a_worker_that_cannot_be_replaced_go_to_another() {
    let parts = Parts {
        hands: false,
        ..Parts::ALL
    };
    let mut world = World::new(2, parts);
    world.start_all();
    world.happen(Happening::Death { place: 1 });
    world.pool.said_hello(world.stands[&1].worker, VERSION, 0.0);
    world.pump();
    world.happen(Happening::AssetsFail);
    assert_eq!(world.adoptions.len(), 1);
    world.happen(Happening::Adoption { is_sent: false });
    world.happen(Happening::Frame);
    world.happen(Happening::Work {
        place: 0,
        fails: false,
        seed: 1,
    });
    world.happen(Happening::Work {
        place: 0,
        fails: false,
        seed: 1,
    });
    world.settle();
    assert_eq!(
        world.pool.stats().failed,
        1,
        "nobody has the models of the face"
    );
    world.happen(Happening::Wait { ms: 1_000.0 });
    world.happen(Happening::Adoption { is_sent: true });
    world.happen(Happening::Frame);
    world.settle();
    assert_eq!(world.pool.stats().completed, 1);
    let steps: Vec<Steps> = world.pool.worker_stats().map(|stats| stats.steps).collect();
    let all_but_hands = [Branch::Pose, Branch::Face].map(Step::Branch);
    let all_but_hands = all_but_hands.into_iter().chain([Step::Decode]).collect();
    assert_eq!(steps, [all_but_hands, Steps::NONE]);
}

#[test]
fn models_that_can_wait_come_once_there_is_nothing_to_do() {
    let mut world = World::new(2, Parts::ALL);
    world.start_all();
    assert!(world.is_ready && world.adoptions.is_empty());
    // A frame comes at once: it is not kept waiting.
    world.happen(Happening::Frame);
    world.happen(Happening::Wait { ms: 150.0 });
    assert!(world.adoptions.is_empty());
    let [left, right] = [Branch::LeftHand, Branch::RightHand].map(Step::Branch);
    let served = |world: &World| -> Vec<Steps> {
        let stats = world.pool.worker_stats();
        stats.map(|stats| stats.steps).collect()
    };
    let hands = Steps::from_iter([left, right]);
    assert_eq!(served(&world)[1], hands);
    world.settle();
    let all_but_right = Steps::ALL.without(right);
    assert_eq!(served(&world), [all_but_right, Steps::from_iter([right])]);
}

#[test]
fn models_that_can_wait_come_after_some_results_where_there_is_always_something_to_do() {
    let mut world = World::new(2, Parts::ALL);
    world.start_all();
    world.happen(Happening::Frame);
    for seed in 0..100 {
        if world.pool.stats().buffered == 0 {
            world.happen(Happening::Frame);
        }
        if !world.adoptions.is_empty() {
            break;
        }
        for place in 0..2 {
            let fails = false;
            world.happen(Happening::Work { place, fails, seed });
        }
    }
    assert_eq!(world.adoptions.len(), 1);
    assert!((10..=12).contains(&world.pool.stats().completed));
}

#[test]
fn a_worker_that_never_finishes_a_step_ends_the_stream() {
    let mut world = World::new(1, Parts::ALL);
    world.start_all();
    for _ in 0..4 {
        assert_eq!(world.fatal, None);
        world.happen(Happening::Frame);
        world.happen(Happening::Wait { ms: 5_000.0 });
        world.happen(Happening::Death { place: 0 });
        if world.fatal.is_none() {
            world.start_all();
        }
    }
    assert_eq!(world.fatal.unwrap().code, ErrorCode::WorkerFailed);
}

#[test]
fn two_frames_are_read_by_two_workers_while_the_pose_is_busy() {
    let mut world = World::new(4, Parts::ALL);
    world.start_all();
    world.happen(Happening::Frame);
    assert!(world.stands[&0].asked[0].is_decode());
    world.happen(Happening::Work {
        place: 0,
        fails: false,
        seed: 1,
    });
    assert!(!world.stands[&0].asked[0].is_decode());
    world.happen(Happening::Frame);
    assert!(world.stands[&3].asked[0].is_decode());
}

#[test]
fn hands_and_face_that_were_tracked_begin_before_the_pose_is_known() {
    let mut world = World::new(4, Parts::ALL);
    world.start_all();
    world.happen(Happening::Frame);
    for place in [0, 0, 1, 2, 3, 0] {
        let (fails, seed) = (false, 1);
        world.happen(Happening::Work { place, fails, seed });
        if world.pool.stats().completed == 1 {
            world.happen(Happening::Frame);
        }
    }
    let is_early = |place: usize| world.stands[&place].asked[0].is_early();
    assert_eq!([0, 1, 2, 3].map(is_early), [false, true, true, true]);
}

/// Two workers, once the times of their steps are known: the first at a face, with the pose of the next frame ahead.
fn world_with_a_pose_ahead() -> World {
    let mut world = World::new(2, Parts::ALL);
    world.start_all();
    let work = |world: &mut World, place| {
        let (fails, seed) = (false, 65);
        world.happen(Happening::Work { place, fails, seed });
    };
    world.happen(Happening::Frame);
    world.settle();
    world.happen(Happening::Frame);
    world.happen(Happening::Frame);
    // Both read a frame; the second begins a hand early; the pose brings the face, and the next pose.
    for place in [0, 1, 0] {
        work(&mut world, place);
    }
    let asked = &world.stands[&0].asked;
    assert_eq!(
        asked.iter().map(|asked| asked.index).collect::<Vec<_>>(),
        [1, 2]
    );
    assert!(matches!(&asked[1].what, What::Run { job, .. } if matches!(**job, BranchJob::Pose(_))));
    world
}

#[test]
fn a_worker_that_dies_costs_the_frame_it_is_at_and_gives_the_step_ahead_back() {
    let mut world = world_with_a_pose_ahead();
    world.happen(Happening::Death { place: 0 });
    world.settle();
    let stats = world.pool.stats();
    assert_eq!((stats.completed, stats.failed), (2, 1));
}

#[test]
fn the_clock_of_a_step_ahead_begins_when_the_one_before_is_answered() {
    let mut world = world_with_a_pose_ahead();
    let (fails, seed) = (false, 65);
    // The other worker's time would be up, too.
    world.happen(Happening::Work {
        place: 1,
        fails,
        seed,
    });
    world.wait(5_000.0);
    world.wait(4_999.0);
    world.happen(Happening::Work {
        place: 0,
        fails,
        seed,
    });
    world.wait(1.0);
    world.wait(4_999.0);
    world.wait(4_999.0);
    let replaced = |world: &World| world.pool.worker_stats().next().unwrap().replaced;
    assert_eq!(replaced(&world), 0);
    world.wait(1.0);
    assert_eq!(replaced(&world), 1);
}

#[test]
fn an_answer_that_overtakes_another_leaves_its_clock_alone() {
    let mut world = world_with_a_pose_ahead();
    world.wait(5_000.0);
    let stand = world.stands.get_mut(&0).unwrap();
    let (worker, ahead) = (stand.worker, stand.asked.remove(1).unwrap());
    let error = FrameError::new(ErrorCode::InferenceFailed, "broken");
    world.answer(worker, ahead.ticket, Answer::Failed(error));
    world.wait(5_000.0);
    let replaced = world.pool.worker_stats().next().unwrap().replaced;
    assert_eq!(replaced, 1);
}
