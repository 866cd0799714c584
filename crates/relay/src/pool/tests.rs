use std::sync::mpsc::{self, RecvTimeoutError};

use live_keypoints_pipeline::picture::RgbImage;
use live_keypoints_pipeline::{Decoded, ErrorCode, FrameError, Options, Steps};

use super::*;

/// Long enough for anything that ends at all.
const PATIENCE: Duration = Duration::from_secs(30);

fn task_of(frame: Frame) -> Task {
    let mut session = Session::new(Options::default()).unwrap();
    session.add_frame(frame, 1, 0);
    session.next_task(Steps::ALL, 0).unwrap()
}

fn task() -> Task {
    task_of(Frame::unreadable("never read".to_owned()))
}

/// A picture's start that says how large it is.
fn header(side: u16) -> Frame {
    let [high, low] = side.to_be_bytes();
    let start = [
        0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, high, low, high, low, 1, 1, 0x11, 0,
    ];
    Frame::Jpeg(start.to_vec().into())
}

fn failed(code: ErrorCode) -> FrameOutcome {
    Outcome::Failed(FrameError::new(code, "as told"))
}

fn pool(
    workers: usize,
    picture_bytes: u64,
    run: impl Fn(FrameWork, Means<'_>) -> FrameOutcome + Send + Sync + 'static,
) -> WorkerPool {
    WorkerPool::start_with(NonZeroUsize::new(workers).unwrap(), picture_bytes, run).unwrap()
}

#[test]
fn a_task_that_panics_fails_alone() {
    let pool = pool(1, u64::MAX, |work, _| match work {
        Work::Decode {
            frame: Frame::Jpeg(_),
            ..
        } => panic!("of set purpose"),
        _ => failed(ErrorCode::Aborted),
    });
    let client = pool.client();
    let (replies, finished) = mpsc::channel();
    for task in [task_of(header(8)), task()] {
        let replies = replies.clone();
        client.submit(task, move |finished| replies.send(finished).unwrap());
        let outcome = finished.recv_timeout(PATIENCE).unwrap().outcome;
        println!("{outcome:?}");
        let Outcome::Failed(error) = outcome else {
            panic!("{outcome:?}");
        };
        let is_first = error.message == "the task panicked: of set purpose";
        assert_eq!(error.code == ErrorCode::Internal, is_first);
    }
}

#[test]
fn other_work_of_a_session_is_counted_and_its_panic_is_told() {
    let pool = pool(1, u64::MAX, |_, _| failed(ErrorCode::Aborted));
    let client = pool.client();
    let (replies, done) = mpsc::channel();
    for fails in [true, false] {
        let replies = replies.clone();
        let work = move || {
            thread::sleep(Duration::from_millis(2));
            assert!(!fails, "of set purpose");
            7
        };
        client.run(1, work, move |outcome| replies.send(outcome).unwrap());
    }
    assert_eq!(done.recv_timeout(PATIENCE), Ok(None));
    assert_eq!(done.recv_timeout(PATIENCE), Ok(Some(7)));
    assert!(pool.load().busy_us >= 4000);
}

/// Works until it may go on no longer.
fn work_on(_: FrameWork, means: Means<'_>) -> FrameOutcome {
    while (means.keep_going)() {
        std::hint::spin_loop();
    }
    failed(ErrorCode::TooSlow)
}

#[test]
fn decoding_has_a_limit_of_processor_time() {
    let pool = pool(1, u64::MAX, work_on);
    let client = pool.client();
    let (replies, finished) = mpsc::channel();
    client.submit(task_of(header(8)), move |finished| {
        replies.send(finished).unwrap();
    });
    finished.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn who_is_gone_is_not_worked_for() {
    let pool = pool(1, u64::MAX, work_on);
    let (replies, finished) = mpsc::channel();
    let client = pool.client();
    for side in [0xFFFF, 8] {
        let replies = replies.clone();
        client.submit(task_of(header(side)), move |finished| {
            replies.send(finished.id).unwrap();
        });
    }
    drop((client, replies));
    // The first is given up, far below its limit of a quarter of an hour; the second is never begun.
    let first = finished.recv_timeout(PATIENCE);
    assert!(
        matches!(first, Ok(_) | Err(RecvTimeoutError::Disconnected)),
        "{first:?}"
    );
    assert_eq!(
        finished.recv_timeout(PATIENCE),
        Err(RecvTimeoutError::Disconnected)
    );
    assert_eq!(pool.load().queued_tasks, 0);
}

#[test]
fn an_end_waits_for_no_task() {
    let pool = pool(1, u64::MAX, work_on);
    let client = pool.client();
    let (replies, finished) = mpsc::channel();
    client.submit(task_of(header(0xFFFF)), move |finished| {
        replies.send(finished.id).unwrap();
    });
    while pool.load().busy_workers == 0 {
        thread::yield_now();
    }
    drop(pool);
    finished.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn decoding_waits_for_memory_that_pictures_give_back() {
    let pool = pool(2, 1 << 20, |_, means| {
        let image = RgbImage::from_rgb(500, 500, vec![0; 750_000]).unwrap();
        Outcome::Decoded(Decoded {
            size: image.size(),
            grey: None,
            pixels: Arc::new(Pixels::new(image, means.held)),
        })
    });
    let client = pool.client();
    let (replies, finished) = mpsc::channel();
    // Each takes more than half of the memory, and so does the picture that comes of it.
    for _ in 0..2 {
        let replies = replies.clone();
        client.submit(task_of(header(500)), move |finished| {
            replies.send(finished).unwrap();
        });
    }
    let first = finished.recv_timeout(PATIENCE).unwrap();
    let second = finished.recv_timeout(Duration::from_millis(100));
    assert!(matches!(second, Err(RecvTimeoutError::Timeout)));
    drop(first);
    finished.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn the_last_thread_is_patient_and_where_no_core_is_left_for_it_a_spare_one() {
    let counted = |workers, cores| {
        let mut kinds = kinds_of_workers(workers, cores);
        let last = kinds.pop();
        assert!(kinds.iter().all(|kind| *kind == Worker::Brisk));
        (kinds.len(), last)
    };
    let (patient, spare) = (Some(Worker::Patient), Some(Worker::Spare));
    assert_eq!(counted(1, 1), (1, spare));
    assert_eq!(counted(1, 16), (1, spare));
    assert_eq!(counted(2, 1), (1, spare));
    assert_eq!(counted(2, 2), (1, patient));
    assert_eq!(counted(4, 1), (1, spare));
    assert_eq!(counted(4, 2), (2, spare));
    assert_eq!(counted(4, 3), (3, spare));
    assert_eq!(counted(4, 16), (3, patient));
}

#[test]
fn no_more_threads_than_allowed_are_started() {
    let pool = pool(9, u64::MAX, |_, _| unreachable!());
    assert!((1..=MAX_WORKERS).contains(&pool.workers()));
    assert!(kinds_of_workers(MAX_WORKERS, 64).len() <= MAX_WORKERS);
    assert!(kinds_of_workers(MAX_WORKERS, 3).len() <= MAX_WORKERS);
}

#[test]
fn with_one_worker_long_tasks_wait_for_no_session_for_ever() {
    let (end, ended) = mpsc::channel::<()>();
    let ended = Mutex::new(ended);
    let pool = pool(1, u64::MAX, move |work, _| {
        if matches!(
            work,
            Work::Decode {
                frame: Frame::Jpeg(_),
                ..
            }
        ) {
            ended.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
        failed(ErrorCode::Aborted)
    });
    let [camera, photographer] = [(); 2].map(|()| pool.client());
    let (replies, finished) = mpsc::channel();
    let submit = |client: &Client, frame| {
        let replies = replies.clone();
        client.submit(task_of(frame), move |finished| {
            replies.send(finished.id).unwrap();
        });
    };
    let wait_for_busy = |workers| {
        let began = Instant::now();
        while pool.load().busy_workers < workers {
            assert!(began.elapsed() < PATIENCE, "{:?}", pool.load());
            thread::yield_now();
        }
    };
    let short = || Frame::unreadable("never read".to_owned());
    submit(&camera, short());
    finished.recv_timeout(PATIENCE).unwrap();
    // The spare worker takes it beside an active camera, which is answered meanwhile.
    submit(&photographer, header(4096));
    wait_for_busy(1);
    submit(&camera, short());
    finished.recv_timeout(PATIENCE).unwrap();
    // Once the camera has fallen silent, the other one wakes up by itself.
    submit(&photographer, header(4096));
    wait_for_busy(2);
    for _ in 0..2 {
        end.send(()).unwrap();
        finished.recv_timeout(PATIENCE).unwrap();
    }
}
