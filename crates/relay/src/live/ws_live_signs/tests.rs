//! A session's own task: that it sends all that is there, and what comes of it where it panics. No input is known to
//! make it; the connection does, on which it runs.

use std::io;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use live_keypoints_pipeline::Quality;
use live_keypoints_pipeline::inference::Models;
use tokio::io::{DuplexStream, ReadBuf, duplex};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::super::endpoint::websocket;
use super::super::outbox::tests::keypoints;
use super::*;

/// Panics at one read once it is told to.
struct Fragile {
    inner: DuplexStream,
    breaks: Arc<AtomicBool>,
}

impl AsyncRead for Fragile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        assert!(
            !self.breaks.swap(false, Ordering::Relaxed),
            "of set purpose"
        );
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Fragile {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

pub(in crate::live) fn common() -> Common {
    let models = Arc::new(ModelSets::new(Quality::Full, Models::new()));
    let limits = Limits::default();
    let one = NonZeroUsize::new(1).unwrap();
    let pool =
        WorkerPool::start(Arc::clone(&models), limits.decode_limits(), one, u64::MAX).unwrap();
    Common {
        pool: Arc::new(pool),
        models,
        signs: None,
        memory: MessageMemory::new(limits.max_messages_bytes()),
        limits: Arc::new(limits),
        metrics: Arc::new(Metrics::new()),
        shutdown: CancellationToken::new(),
    }
}

struct Client {
    socket: WebSocketStream<DuplexStream>,
    breaks: Arc<AtomicBool>,
    session: JoinHandle<()>,
}

impl Client {
    /// Has read its `welcome`.
    async fn connect(common: &Common) -> Self {
        let (here, there) = duplex(1 << 16);
        let breaks = Arc::<AtomicBool>::default();
        let connection = Fragile {
            inner: there,
            breaks: Arc::clone(&breaks),
        };
        let common = common.clone();
        let session = tokio::spawn(async move {
            let socket = websocket(connection, &common).await;
            ws_live_signs(socket, common, Some(Welcome::default())).await;
        });
        let socket = WebSocketStream::from_raw_socket(here, Role::Client, None).await;
        let mut client = Self {
            socket,
            breaks,
            session,
        };
        assert!(client.text().await.contains("welcome"));
        client
    }

    async fn send(&mut self, frame: &'static [u8]) {
        self.socket.send(Message::binary(frame)).await.unwrap();
    }

    async fn text(&mut self) -> String {
        let message = self.socket.next().await.unwrap().unwrap();
        message.into_text().unwrap().to_string()
    }
}

#[tokio::test]
async fn a_panic_in_a_sessions_task_closes_its_connection_with_1011_and_no_other() {
    let common = common();
    let mut broken = Client::connect(&common).await;
    let mut other = Client::connect(&common).await;
    broken.send(b"no JPEG").await;
    assert!(broken.text().await.contains("not-a-jpeg"));
    broken.breaks.store(true, Ordering::Relaxed);
    broken.send(b"never read").await;
    let stats = broken.text().await;
    assert!(stats.contains(r#""type":"stats","received":1"#), "{stats}");
    let Message::Close(Some(frame)) = broken.socket.next().await.unwrap().unwrap() else {
        panic!("no close frame");
    };
    assert_eq!(u16::from(frame.code), 1011);
    drop(broken.socket);
    broken.session.await.unwrap();

    other.send(b"no JPEG").await;
    assert!(other.text().await.contains("not-a-jpeg"));
    assert_eq!(common.metrics.sessions.get(), 1);
    let our_fault = EndLabel { end: "our-fault" };
    let closed = common.metrics.sessions_closed.get_or_create(&our_fault);
    assert_eq!(closed.get(), 1);
}

#[tokio::test]
async fn results_that_come_at_once_are_all_sent_to_who_reads() {
    let common = common();
    let conversation = Conversation::new(&common, Some(Welcome::default()));
    let session = LiveSession::new(conversation.unwrap(), &common.memory);
    for _ in 0..3 {
        session.receive_frame(&Bytes::from_static(&[0xFF, 0xD8, 0, 0]));
    }
    let results = futures_util::stream::iter((0..3).map(|index| keypoints(index, 0)));
    let (here, there) = duplex(1 << 16);
    let mut client = WebSocketStream::from_raw_socket(here, Role::Client, None).await;
    let mut sink = WebSocketStream::from_raw_socket(there, Role::Server, None).await;
    let answers = async {
        tokio::join!(
            consumer(results, &session),
            send_answers(&mut sink, &session)
        )
    };
    let read = async {
        for expected in ["welcome", r#""index":0,"#, r#""index":1,"#, r#""index":2,"#] {
            let message = client.next().await.unwrap().unwrap();
            let text = message.into_text().unwrap();
            assert!(text.contains(expected), "{text} instead of {expected}");
        }
    };
    tokio::select! {
        _ = answers => panic!("who sends never stops by itself"),
        () = read => {}
    }
    assert_eq!(session.stats().dropped, 0);
}
