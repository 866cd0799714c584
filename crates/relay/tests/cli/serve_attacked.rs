//! `serve` where things are taken from it: the reader of its log, file descriptors, memory, its time to end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::program::{Relay, relay};

/// What should take a moment fails after this.
const SOON: Duration = Duration::from_secs(30);

impl Relay {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.set_write_timeout(Some(SOON)).unwrap();
        stream
    }

    fn get(&self, path: &str) -> String {
        let mut stream = self.connect();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks for a session, as a page of this origin or as a program.
    fn upgrade(&self, origin: &str) -> TcpStream {
        let mut stream = self.connect();
        write!(
            stream,
            "GET /live-signs HTTP/1.1\r\nHost: localhost\r\n{origin}Connection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .unwrap();
        stream
    }

    /// A session that has begun.
    fn session(&self) -> TcpStream {
        let mut stream = self.upgrade("");
        let mut answer = Vec::new();
        while !answer.windows(9).any(|bytes| bytes == b"\"welcome\"") {
            let mut bytes = [0; 1024];
            let count = stream.read(&mut bytes).unwrap();
            assert!(count > 0, "{}", String::from_utf8_lossy(&answer));
            answer.extend(&bytes[..count]);
        }
        stream
    }

    fn status(mut self) -> Option<i32> {
        let deadline = Instant::now() + SOON;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "still running");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Sessions begin and end, refusals are many, and it ends in order, whatever becomes of its log.
fn assert_unimpressed(relay: Relay) {
    let open = relay.session();
    for _ in 0..600 {
        let mut refused = relay.upgrade("Origin: http://evil.example\r\n");
        let mut status = [0; 12];
        refused.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 403");
    }
    drop(relay.session());
    assert!(relay.get("/readyz").ends_with("ready\n"));
    drop(open);
    relay.signal("-TERM");
    assert_eq!(relay.status(), Some(0));
}

#[test]
fn a_log_whose_reader_is_gone_changes_nothing() {
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let pipe = reader.stdin.take().unwrap();
    reader.wait().unwrap();
    assert_unimpressed(Relay::start(relay().stderr(pipe), &["--drain-secs", "1"]));
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_on_a_full_disk_changes_nothing_and_its_lines_are_counted() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    let relay = Relay::start(relay().stderr(full.unwrap()), &["--drain-secs", "1"]);
    drop(relay.session());
    let lost = "live_keypoints_log_lines_dropped_total ";
    let deadline = Instant::now() + SOON;
    loop {
        let metrics = relay.get("/metrics");
        let count = metrics.lines().find_map(|line| line.strip_prefix(lost));
        if count.unwrap() != "0" {
            break;
        }
        assert!(Instant::now() < deadline, "{metrics}");
    }
    assert_unimpressed(relay);
}

#[test]
fn a_log_that_nobody_reads_changes_nothing() {
    let mut relay = Relay::start(
        relay().stderr(Stdio::piped()).env("RUST_LOG", "trace"),
        &["--drain-secs", "1"],
    );
    // Kept open and never read: it is full after 64 KiB.
    let _pipe = relay.child.stderr.take();
    assert_unimpressed(relay);
}

#[test]
fn refusals_are_logged_once_a_second_with_both_sides_of_the_comparison() {
    let mut relay = Relay::start(relay().stderr(Stdio::piped()), &["--drain-secs", "0"]);
    let began = Instant::now();
    for _ in 0..100 {
        let mut refused = relay.upgrade("Origin: http://evil.example/\u{9b}2J\r\n");
        refused.read_exact(&mut [0; 12]).unwrap();
    }
    let seconds = began.elapsed().as_secs() as usize;
    let mut stderr = relay.child.stderr.take().unwrap();
    relay.signal("-TERM");
    assert_eq!(relay.status(), Some(0));
    let mut log = String::new();
    stderr.read_to_string(&mut log).unwrap();
    let lines: Vec<&str> = log.lines().filter(|l| l.contains("refused")).collect();
    assert!((1..=seconds + 1).contains(&lines.len()), "{log}");
    assert!(lines[0].contains("http://evil.example/"), "{log}");
    assert!(lines[0].contains("localhost"), "{log}");
    // A control character for some terminals.
    assert!(!log.contains('\u{9b}'), "{log}");
}

#[test]
fn where_the_system_has_no_more_descriptors_connections_make_room() {
    let mut shell = Command::new("sh");
    let program = relay().get_program().to_owned();
    shell
        .args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""])
        .arg(program);
    let relay = Relay::start(&mut shell, &[]);
    let held: Vec<TcpStream> = (0..200).map(|_| relay.connect()).collect();
    for _ in 0..3 {
        assert!(relay.get("/healthz").ends_with("ok\n"));
    }
    drop(held);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for signal in ["-TERM", "-INT"] {
        let relay = Relay::start(&mut relay(), &[]);
        // It never answers the close frame, for which there are five seconds.
        let _deaf = relay.session();
        relay.signal(signal);
        while TcpStream::connect(&relay.address).is_ok() {
            thread::sleep(Duration::from_millis(10));
        }
        relay.signal(signal);
        assert_eq!(relay.status(), Some(130), "{signal}");
    }
}

#[test]
fn a_drain_without_end_is_no_overflow() {
    let relay = Relay::start(&mut relay(), &["--drain-secs", &u64::MAX.to_string()]);
    drop(relay.session());
    relay.signal("-TERM");
    assert_eq!(relay.status(), Some(0));
}

#[test]
fn a_hang_up_reads_the_tokens_anew_and_a_short_one_is_warned_about() {
    let tokens = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(tokens.path(), "short\n").unwrap();
    let path = tokens.path().to_str().unwrap();
    let mut relay = Relay::start(relay().stderr(Stdio::piped()), &["--token-file", path]);
    let mut log = BufReader::new(relay.child.stderr.take().unwrap()).lines();
    let mut wait_for = |text: &str| log.find(|line| line.as_ref().unwrap().contains(text));
    assert!(wait_for("fewer than 16 characters").is_some());
    std::fs::write(tokens.path(), "").unwrap();
    relay.signal("-HUP");
    assert!(wait_for("stay as they were").is_some());
    std::fs::write(tokens.path(), "a token that nobody guesses\n").unwrap();
    relay.signal("-HUP");
    assert!(wait_for("read anew").is_some());
    relay.signal("-TERM");
    assert_eq!(relay.status(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn who_is_refused_takes_no_memory_for_messages() {
    let relay = Relay::start(&mut relay(), &["--max-sessions", "1"]);
    let resident_kb = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", relay.child.id()));
        let status = status.unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.unwrap().trim().split(' ').next().unwrap();
        number.parse::<usize>().unwrap()
    };
    let _session = relay.session();
    let before = resident_kb();
    let mut message = vec![0x82, 0xFF];
    message.extend((8_u64 << 20).to_be_bytes());
    message.extend(vec![0; (8 << 20) - 1000]);
    let held: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = relay.upgrade("");
            // Until it is given up, or all of it has been thrown away.
            let _ = stream.write_all(&message);
            stream
        })
        .collect();
    let grown = resident_kb().saturating_sub(before);
    assert!(grown < 100 << 10, "{grown} kB");
    drop(held);
}
