//! What a session may take of memory, counted by the allocator: alone in its program, so that nothing else is counted.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use live_keypoints_pipeline::{Options, Quality};
use live_keypoints_relay::live::Limits;
use live_keypoints_relay::model_loading::{ModelSource, load};
use live_keypoints_relay::serve::{ServeConfig, bind, run};
use peak_alloc::PeakAlloc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const SESSIONS: usize = 3;
const MAX_MESSAGE_BYTES: usize = 2 << 20;
const SIDE: u16 = 1024;
/// A worker's decoder, and its buffers for a model.
const WORKER_BYTES: usize = 16 << 20;

/// A JPEG of the greatest size in pixels and bytes.
fn largest_frame() -> Vec<u8> {
    let mut jpeg = Vec::new();
    let pixels = vec![200; usize::from(SIDE) * usize::from(SIDE) * 3];
    jpeg_encoder::Encoder::new(&mut jpeg, 90)
        .encode(&pixels, SIDE, SIDE, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    assert!(jpeg.len() < MAX_MESSAGE_BYTES);
    // What follows the picture's end is ignored by the decoder.
    jpeg.resize(MAX_MESSAGE_BYTES, 0);
    jpeg
}

/// A WebSocket frame, masked with zeros. `first` is its first byte.
fn websocket_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | 127];
    frame.extend((payload.len() as u64).to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// A session that takes nothing.
async fn deaf_session(address: std::net::SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let request = format!(
        "GET /live-signs HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 12]).await.unwrap();
    stream
}

#[tokio::test]
async fn sessions_that_send_all_they_can_and_read_nothing_stay_below_the_ceiling() {
    let limits = Limits {
        max_message_bytes: MAX_MESSAGE_BYTES,
        max_pixels: u64::from(SIDE) * u64::from(SIDE),
        ..Limits::default()
    };
    let ceiling = usize::try_from(limits.max_session_bytes()).unwrap();
    let options = Options {
        quality: Quality::Lite,
        ..Options::default()
    };
    let models = load(&ModelSource::Embedded, &options).unwrap();
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = ServeConfig {
        limits,
        workers: NonZeroUsize::new(2).unwrap(),
        ..ServeConfig::new(Arc::new(models))
    };
    tokio::spawn(run(listener, config, std::future::pending()));

    let jpeg = largest_frame();
    // Whole messages, and one in 64 fragments, which is put together in a buffer that grows.
    let mut messages = websocket_frame(0x82, &jpeg);
    for (number, part) in jpeg.chunks(MAX_MESSAGE_BYTES / 64).enumerate() {
        let first = match number {
            0 => 0x02,
            63 => 0x80,
            _ => 0x00,
        };
        messages.extend(websocket_frame(first, part));
    }
    let messages: Arc<[u8]> = messages.into();
    let baseline = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let mut floods = Vec::new();
    for _ in 0..SESSIONS {
        let mut stream = deaf_session(address).await;
        let messages = Arc::clone(&messages);
        floods.push(tokio::spawn(async move {
            while stream.write_all(&messages).await.is_ok() {}
        }));
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    let taken = ALLOCATOR.peak_usage() - baseline;
    for flood in &floods {
        assert!(!flood.is_finished(), "a session was closed");
        flood.abort();
    }
    let allowed = SESSIONS * ceiling + 2 * WORKER_BYTES;
    println!("{taken} bytes were taken, {allowed} are allowed");
    assert!(taken < allowed, "{taken} of {allowed}");
    // It was a flood: a session held more than one message and one picture.
    assert!(taken > SESSIONS * 2 * MAX_MESSAGE_BYTES, "{taken}");
}
