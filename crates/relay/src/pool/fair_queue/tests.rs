//! The queue in a world of its own: sessions send frames, workers take time, nothing else happens.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const MILLISECOND: u64 = 1_000;
const SECOND: u64 = 1_000 * MILLISECOND;
/// One worker, two and four of them.
const CREWS: [&[Worker]; 3] = [
    &[Worker::Brisk, Worker::Spare],
    &[Worker::Brisk, Worker::Patient],
    &[Worker::Brisk, Worker::Brisk, Worker::Brisk, Worker::Patient],
];
/// Tasks of a frame after its decoding: pose, then hands and face.
const ROUNDS: [usize; 2] = [1, 3];
const BRANCH_US: u64 = 8 * MILLISECOND;
/// Frames of a session in work at once.
const IN_WORK: usize = 3;
/// Frames that wait at most; a newer one drops the oldest.
const BUFFER: usize = 50;

#[derive(Clone, Copy)]
struct Kind {
    fps: u64,
    decode_us: u64,
}

impl Kind {
    /// A large picture takes longer to look through, too.
    fn branch_us(self) -> u64 {
        BRANCH_US + self.decode_us / 8
    }
}

/// An ordinary camera.
const CAMERA: Kind = Kind {
    fps: 15,
    decode_us: 2 * MILLISECOND,
};

#[derive(Clone, Copy)]
struct Job {
    session: usize,
    frame: u64,
    round: usize,
}

struct Sender {
    kind: Kind,
    starts_us: u64,
    id: ClientId,
    waiting: VecDeque<u64>,
    /// Tasks of the round that each frame in work is at.
    in_work: BTreeMap<u64, usize>,
    latencies_us: Vec<u64>,
    used_us: u64,
}

struct World {
    queue: FairQueue<Job>,
    sessions: Vec<Sender>,
    crew: Vec<Worker>,
    /// What each of them is at, and until when.
    work: Vec<Option<(u64, Turn<Job>, u64)>>,
    now_us: u64,
}

impl World {
    fn new(crew: &[Worker], kinds: &[Kind]) -> Self {
        let mut queue = FairQueue::new();
        let senders = kinds.iter().map(|kind| Sender {
            kind: *kind,
            starts_us: 0,
            id: queue.register(0),
            waiting: VecDeque::new(),
            in_work: BTreeMap::new(),
            latencies_us: Vec::new(),
            used_us: 0,
        });
        Self {
            sessions: senders.collect(),
            queue,
            crew: crew.to_vec(),
            work: crew.iter().map(|_| None).collect(),
            now_us: 0,
        }
    }

    fn run(mut self, seconds: u64) -> Self {
        let mut sent = vec![0; self.sessions.len()];
        while self.now_us < seconds * SECOND {
            for (session, sent) in sent.iter_mut().enumerate() {
                let Sender {
                    kind, starts_us, ..
                } = &self.sessions[session];
                if starts_us + *sent * SECOND / kind.fps <= self.now_us {
                    *sent += 1;
                    self.send(session);
                }
            }
            for worker in 0..self.crew.len() {
                let work = &mut self.work[worker];
                if let Some((_, turn, used_us)) = work.take_if(|(until, ..)| *until <= self.now_us)
                {
                    self.finish(turn, used_us);
                }
            }
            self.start_idle_workers();
            self.now_us += MILLISECOND;
        }
        self
    }

    fn send(&mut self, session: usize) {
        let sender = &mut self.sessions[session];
        self.queue.offer(sender.id, 1, self.now_us);
        if sender.waiting.len() == BUFFER {
            sender.waiting.pop_front();
        }
        sender.waiting.push_back(self.now_us);
        self.take_up(session);
    }

    fn take_up(&mut self, session: usize) {
        let sender = &mut self.sessions[session];
        while sender.in_work.len() < IN_WORK
            && let Some(frame) = sender.waiting.pop_front()
        {
            // Frames are told apart by when they were sent.
            if sender.in_work.insert(frame, 1).is_none() {
                let estimate = Estimate {
                    is_decoding: true,
                    processor_us: sender.kind.decode_us,
                };
                let job = Job {
                    session,
                    frame,
                    round: 0,
                };
                self.queue.push(sender.id, estimate, job, self.now_us);
            }
        }
    }

    fn start_idle_workers(&mut self) {
        for (worker, work) in self.crew.iter().zip(&mut self.work) {
            if work.is_some() {
                continue;
            }
            let Some(turn) = self.queue.next(*worker, self.now_us, |_| true) else {
                continue;
            };
            let kind = self.sessions[turn.job.session].kind;
            let used_us = match turn.job.round {
                0 => kind.decode_us,
                _ => kind.branch_us(),
            };
            *work = Some((self.now_us + used_us, turn, used_us));
        }
    }

    fn finish(&mut self, turn: Turn<Job>, used_us: u64) {
        self.queue.done(&turn.receipt, used_us, self.now_us);
        let Job {
            session,
            frame,
            round,
        } = turn.job;
        let sender = &mut self.sessions[session];
        sender.used_us += used_us;
        let Some(left) = sender.in_work.get_mut(&frame) else {
            return;
        };
        *left -= 1;
        if *left > 0 {
            return;
        }
        if let Some(tasks) = ROUNDS.get(round) {
            *left = *tasks;
            for _ in 0..*tasks {
                let estimate = Estimate {
                    is_decoding: false,
                    processor_us: sender.kind.branch_us(),
                };
                let job = Job {
                    session,
                    frame,
                    round: round + 1,
                };
                self.queue.push(sender.id, estimate, job, self.now_us);
            }
        } else {
            sender.in_work.remove(&frame);
            sender.latencies_us.push(self.now_us - frame);
            self.take_up(session);
        }
    }

    /// Answers a second, and the latency that 99 of 100 keep below, of one session.
    fn outcome(&self, session: usize, seconds: u64) -> (u64, u64) {
        let mut latencies = self.sessions[session].latencies_us.clone();
        latencies.sort_unstable();
        let count = latencies.len();
        let p99 = latencies[(count * 99 / 100).min(count - 1)];
        (count as u64 / seconds, p99 / MILLISECOND)
    }
}

/// A camera beside which so many floods begin after two seconds.
fn camera_beside(floods: usize, flood: Kind, crew: &[Worker]) -> (u64, u64) {
    let mut kinds = vec![flood; floods];
    kinds.push(CAMERA);
    let mut world = World::new(crew, &kinds);
    for flood in &mut world.sessions[..floods] {
        flood.starts_us = 2 * SECOND;
    }
    world.run(20).outcome(floods, 20)
}

/// Pictures a second, and milliseconds that each takes to decode.
const LARGE: [(u64, u64); 2] = [(10, 400), (10, 150)];
const SMALL: [(u64, u64); 4] = [(100, 2), (500, 1), (30, 30), (100, 14)];

fn assert_a_camera_is_answered_beside(floods: &[(u64, u64)], crew: &[Worker]) {
    let (_, alone_ms) = camera_beside(0, CAMERA, crew);
    for count in [1, 2, 4, 8] {
        for (fps, decode_ms) in floods {
            let flood = Kind {
                fps: *fps,
                decode_us: decode_ms * MILLISECOND,
            };
            let (answers, p99_ms) = camera_beside(count, flood, crew);
            let what = format!(
                "{crew:?}, {count} floods of {fps} pictures a second of {decode_ms} ms: {answers} a second, {p99_ms} ms \
                 of {alone_ms}"
            );
            println!("{what}");
            assert!(answers >= 14, "{what}");
            assert!(p99_ms <= 3 * alone_ms, "{what}");
        }
    }
}

#[test]
fn a_camera_beside_floods_of_large_pictures_gets_every_answer_and_soon() {
    for crew in CREWS {
        assert_a_camera_is_answered_beside(&LARGE, crew);
    }
}

/// Of one worker it takes half, which is more than its share among many floods.
#[test]
fn with_two_workers_and_more_so_does_a_camera_beside_floods_of_small_ones() {
    for crew in &CREWS[1..] {
        assert_a_camera_is_answered_beside(&SMALL, crew);
    }
}

#[test]
fn sessions_that_ask_for_the_same_get_the_same_time() {
    let busy = Kind {
        fps: 60,
        decode_us: 5 * MILLISECOND,
    };
    let world = World::new(CREWS[1], &[busy; 6]).run(10);
    let used = world.sessions.iter().map(|sender| sender.used_us);
    let (least, most) = (used.clone().min().unwrap(), used.max().unwrap());
    assert!(least * 10 > most * 9, "{least} of {most} µs");
}

#[test]
fn long_tasks_take_every_worker_where_nobody_else_is_active() {
    let photos = Kind {
        fps: 20,
        decode_us: 200 * MILLISECOND,
    };
    // A spare worker is not one of them.
    for (crew, workers) in CREWS.into_iter().zip([1, 2, 4]) {
        let world = World::new(crew, &[photos; 2]).run(10);
        let used: u64 = world.sessions.iter().map(|sender| sender.used_us).sum();
        let most = workers * 10 * SECOND;
        let share = 95 * most / 100..=most + SECOND;
        assert!(share.contains(&used), "{used} µs of {most} µs");
    }
}

#[test]
fn a_photographer_beside_a_camera_gets_answers_with_any_number_of_workers() {
    let photos = Kind {
        fps: 1,
        decode_us: 400 * MILLISECOND,
    };
    for crew in CREWS {
        let world = World::new(crew, &[photos, CAMERA]).run(20);
        let (answers, p99_ms) = world.outcome(0, 20);
        assert!(answers >= 1 && p99_ms < 1_000, "{crew:?}: {p99_ms} ms");
    }
}

#[test]
fn what_does_not_fit_for_long_is_not_passed_by_those_behind_it() {
    let mut queue = FairQueue::new();
    let [ahead, large, behind] = [(); 3].map(|()| queue.register(0));
    let decoding = |processor_us| Estimate {
        is_decoding: true,
        processor_us,
    };
    let run = |queue: &mut FairQueue<u64>, now_us| {
        let turn = queue.next(Worker::Patient, now_us, |job| *job != large)?;
        queue.done(&turn.receipt, turn.job * 10, now_us);
        Some(turn.job)
    };
    for now_us in [0, 2 * SECOND] {
        for client in [ahead, large, behind] {
            queue.push(client, decoding(10 * client), client, now_us);
        }
        assert_eq!(run(&mut queue, now_us), Some(ahead));
        let next = if now_us == 0 { Some(behind) } else { None };
        assert_eq!(run(&mut queue, now_us), next);
    }
    assert_eq!(
        queue
            .next(Worker::Patient, 3 * SECOND, |_| true)
            .map(|turn| turn.job),
        Some(large)
    );
}

proptest! {
    /// Whatever comes and goes, in whatever order, each task is given out once, and none is left.
    #[test]
    fn no_task_is_lost_or_given_out_twice(steps in prop::collection::vec((0..6_u8, 0..4_usize, 0..50_000_u64), 1..200)) {
        let mut queue = FairQueue::new();
        let mut clients: Vec<ClientId> = (0..4).map(|_| queue.register(0)).collect();
        let (mut pushed, mut seen, mut running) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for (number, (step, client, us)) in steps.into_iter().enumerate() {
            let now_us = number as u64 * 700;
            match step {
                0..=2 => {
                    let estimate = Estimate { is_decoding: step > 0, processor_us: us };
                    queue.push(clients[client], estimate, number, now_us);
                    pushed.insert(number);
                }
                3 => if let Some(turn) = queue.next(Worker::Patient, now_us, |job| *job % 7 != 0) {
                    prop_assert!(seen.insert(turn.job));
                    running.push(turn.receipt);
                },
                4 => if let Some(receipt) = running.pop() {
                    queue.done(&receipt, us, now_us);
                },
                _ => {
                    for job in queue.remove(clients[client]) {
                        prop_assert!(seen.insert(job));
                    }
                    clients[client] = queue.register(now_us);
                }
            }
        }
        for receipt in running {
            queue.done(&receipt, 1, SECOND);
        }
        while let Some(turn) = queue.next(Worker::Patient, SECOND, |_| true) {
            prop_assert!(seen.insert(turn.job));
            queue.done(&turn.receipt, 1, SECOND);
        }
        prop_assert_eq!(seen, pushed);
        prop_assert_eq!(queue.waiting(), 0);
    }
}
