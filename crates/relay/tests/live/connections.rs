//! Connections that are not sessions: nobody holds one for ever, and nobody keeps others out.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use live_keypoints_relay::live::Limits;
use live_keypoints_relay::serve::{ServeConfig, bind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crate::health::status;
use crate::support::{SOON, Server, config, config_with, impatient};

const MAX_CONNECTIONS: usize = 20;

/// Limits of a server with few places, which are held for longer than the test lasts.
fn few_places() -> Limits {
    Limits {
        max_connections: NonZeroUsize::new(MAX_CONNECTIONS).unwrap(),
        ..Limits::default()
    }
}

/// A connection whose system takes little that is not read, and which sends these bytes, or as many as it can.
async fn deaf(address: std::net::SocketAddr, bytes: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let _ = timeout(Duration::from_millis(20), stream.write_all(bytes)).await;
    stream
}

fn requests(count: usize) -> Vec<u8> {
    b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(count)
}

/// Waits until the server has given the connection up.
async fn assert_given_up(stream: &mut TcpStream) {
    let given_up = async {
        while stream.write_all(b"\r\n").await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, given_up).await.unwrap();
}

async fn assert_answered(address: std::net::SocketAddr, path: &str) {
    let answered = timeout(SOON, status(address, path)).await;
    assert_eq!(answered.unwrap(), "200", "{path}");
}

#[tokio::test]
async fn whatever_they_leave_undone_connections_of_one_address_keep_nobody_out_of_it() {
    let metrics_listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let metrics_address = metrics_listener.local_addr().unwrap();
    let config = ServeConfig {
        metrics_listener: Some(metrics_listener),
        ..config_with(few_places())
    };
    let server = Server::start(config).await;
    let unread = requests(200);
    let undone: [&[u8]; 4] = [
        b"",
        b"GET / HTTP/1.1\r\nHost:",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1",
        &unread,
    ];
    let mut held = Vec::new();
    for bytes in undone {
        for _ in 0..2 * MAX_CONNECTIONS {
            held.push(deaf(server.address, bytes).await);
            held.push(deaf(metrics_address, bytes).await);
        }
        assert_answered(metrics_address, "/healthz").await;
        assert_answered(metrics_address, "/readyz").await;
        let mut client = server.welcomed().await;
        client.bye().await;
    }
    let text = crate::support::get(metrics_address, "/metrics").await;
    let evicted = text
        .lines()
        .find_map(|line| line.strip_prefix("live_keypoints_connections_evicted_total "))
        .unwrap();
    assert!(
        evicted.parse::<usize>().unwrap() >= MAX_CONNECTIONS,
        "{evicted}"
    );
}

#[tokio::test]
async fn sessions_make_no_room_for_connections() {
    let server = Server::start(config_with(few_places())).await;
    let mut clients = Vec::new();
    for _ in 0..2 * MAX_CONNECTIONS {
        clients.push(server.welcomed().await);
    }
    for _ in 0..2 * MAX_CONNECTIONS {
        deaf(server.address, b"").await;
    }
    for mut client in clients {
        client.bye().await;
    }
}

#[tokio::test]
async fn who_does_not_read_its_answer_is_given_up() {
    let server = Server::start(config_with(impatient())).await;
    let mut deaf = deaf(server.address, &requests(500)).await;
    assert_given_up(&mut deaf).await;
}

#[tokio::test]
async fn who_reads_its_answer_a_few_bytes_at_a_time_is_given_up() {
    let mut limits = impatient();
    limits.patience.stalled_write = Duration::from_secs(2);
    let server = Server::start(config_with(limits)).await;
    let mut slow = deaf(server.address, &requests(500)).await;
    let given_up = async {
        let mut bytes = [0; 64];
        while matches!(slow.read(&mut bytes).await, Ok(1..)) {
            sleep(Duration::from_millis(500)).await;
        }
    };
    timeout(2 * SOON, given_up).await.unwrap();
}

#[tokio::test]
async fn who_reads_at_a_fair_speed_gets_all_of_it_however_long_it_takes() {
    let mut limits = impatient();
    limits.patience.stalled_write = Duration::from_secs(3);
    let patience = limits.patience.stalled_write;
    let server = Server::start(config_with(limits)).await;
    let mut requests = requests(200);
    requests.extend(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut slow = deaf(server.address, &requests).await;
    let began = Instant::now();
    let (mut bytes, mut answers) = ([0; 16 << 10], Vec::new());
    loop {
        let count = slow.read(&mut bytes).await.unwrap();
        answers.extend(&bytes[..count]);
        if count == 0 {
            break;
        }
        sleep(Duration::from_millis(40)).await;
    }
    assert!(began.elapsed() > patience, "it was not slow");
    assert!(answers.ends_with(b"\r\n\r\nok\n"));
}

#[tokio::test]
async fn who_is_told_that_there_is_no_room_keeps_a_place_until_that_is_over() {
    let mut limits = few_places();
    limits.max_sessions = NonZeroUsize::MIN;
    limits.patience.close = SOON;
    let server = Server::start(config_with(limits)).await;
    let _session = server.welcomed().await;
    let upgrade = format!(
        "GET /live-signs HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address
    );
    let mut refused = Vec::new();
    for _ in 0..MAX_CONNECTIONS + 1 {
        let mut stream = deaf(server.address, upgrade.as_bytes()).await;
        let mut answer = Vec::new();
        timeout(SOON, stream.read_to_end(&mut answer))
            .await
            .unwrap()
            .unwrap();
        let reason = b"no room for another session now";
        let mut close_frame = vec![0x88, 2 + reason.len() as u8, 0x03, 0xF5];
        close_frame.extend(reason);
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{answer:?}");
        assert!(answer.ends_with(&close_frame), "{answer:?}");
        refused.push(stream);
    }
    // One more than there are places: the first had to go, and the last is still listened to.
    assert_given_up(&mut refused[0]).await;
    let last = refused.last_mut().unwrap();
    last.write_all(&vec![0; 1 << 20]).await.unwrap();
    assert_answered(server.address, "/healthz").await;
}

#[tokio::test]
async fn unread_answers_do_not_hold_the_end_up() {
    let mut limits = impatient();
    limits.patience.stalled_write = Duration::from_secs(600);
    limits.drain = Duration::from_secs(600);
    let mut server = Server::start(config_with(limits)).await;
    let _deaf = deaf(server.address, &requests(500)).await;
    assert_answered(server.address, "/healthz").await;
    server.begin_end();
    server.ended().await;
}

#[tokio::test]
async fn what_is_asked_for_at_once_is_answered_in_turn() {
    let server = Server::start(config()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let one = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let last = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let requests = one.repeat(1000) + last;
    stream.write_all(requests.as_bytes()).await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers.matches("\r\n\r\nok\n").count(), 1000);
    assert!(answers.ends_with("ready\n"));
}
