//! A server on a free port, and a client.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use live_keypoints_pipeline::Quality;
use live_keypoints_relay::live::{Limits, Patience};
use live_keypoints_relay::model_loading::{ModelSource, load_all};
use live_keypoints_relay::model_sets::ModelSets;
use live_keypoints_relay::serve::{ServeConfig, ServeError, bind, run};
use live_keypoints_relay::signs::{Signs, SignsFolder};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// What should take a moment fails after this.
pub(crate) const SOON: Duration = Duration::from_secs(30);

static MODELS: LazyLock<Arc<ModelSets>> =
    LazyLock::new(|| Arc::new(load_all(&ModelSource::Embedded, Quality::Full).unwrap()));

/// The defaults, with models that all tests share.
pub(crate) fn config() -> ServeConfig {
    ServeConfig::new(Arc::clone(&MODELS))
}

/// The defaults, with signs.
pub(crate) fn config_with_signs() -> ServeConfig {
    ServeConfig {
        signs: Some(signs(&presence())),
        ..config()
    }
}

/// Whether there is a left hand, told with the first frame that shows one; idle after three frames without motion.
pub(crate) fn presence() -> Value {
    json!({
        "version": 1, "model": "presence.onnx", "labels": [{ "gloss": "hand" }, "nobody"], "softmax": true,
        "features": { "parts": [
            { "part": "left_hand", "points": ["wrist"], "values": ["x", "y"], "missing": -1 }
        ] },
        "parts": ["pose", "hands"],
        "window": { "least": 1, "most": 3, "padding": "none" },
        "acceptance": { "history": 1, "agreement": 1 },
        "idle": { "frames": 3 }
    })
}

/// What a folder with this manifest gives.
pub(crate) fn signs(manifest: &Value) -> Arc<Signs> {
    let folder = tempfile::tempdir().unwrap();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/signs");
    let model = "presence.onnx";
    std::fs::copy(models.join(model), folder.path().join(model)).unwrap();
    std::fs::write(folder.path().join("signs.json"), manifest.to_string()).unwrap();
    Arc::new(SignsFolder::open(folder.path()).unwrap().load().unwrap())
}

/// The defaults with these limits.
pub(crate) fn config_with(limits: Limits) -> ServeConfig {
    ServeConfig { limits, ..config() }
}

/// Limits of a server that gives up on a peer within a second.
pub(crate) fn impatient() -> Limits {
    let brief = Duration::from_millis(300);
    Limits {
        patience: Patience {
            request: brief,
            ping_after: brief,
            pong_within: brief,
            stalled_write: brief,
            close: brief,
        },
        ..Limits::default()
    }
}

/// A server in this process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    served: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub(crate) async fn start(config: ServeConfig) -> Self {
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel();
        let served = tokio::spawn(run(listener, config, async move {
            let _ = ended.await;
        }));
        Self {
            address,
            end: Some(end),
            served,
        }
    }

    pub(crate) fn request(&self) -> Request {
        format!("ws://{}/live-signs", self.address)
            .into_client_request()
            .unwrap()
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.request()).await.0
    }

    /// A client that has read its `welcome`.
    pub(crate) async fn welcomed(&self) -> Client {
        let mut client = self.connect().await;
        assert_eq!(client.json().await["type"], "welcome");
        client
    }

    /// Lets it shut down.
    pub(crate) fn begin_end(&mut self) {
        let _ = self.end.take().unwrap().send(());
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(self) {
        timeout(SOON, self.served).await.unwrap().unwrap().unwrap();
    }

    /// `GET path`, as text with its head.
    pub(crate) async fn get(&self, path: &str) -> String {
        get(self.address, path).await
    }

    /// Waits until a metric has a value.
    pub(crate) async fn wait_for_metric(&self, name: &str, value: f64) {
        let reached = async {
            while self.metric(name).await < value {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if timeout(SOON, reached).await.is_err() {
            panic!("{name} is {}", self.metric(name).await);
        }
    }

    /// The value of a metric's line.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").await;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }
}

/// `GET path`, as text with its head.
pub(crate) async fn get(address: SocketAddr, path: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    ask(address, &head).await
}

/// Sends a request as it is, and gives what comes until the end.
pub(crate) async fn ask(address: SocketAddr, request: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A client.
pub(crate) struct Client(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(crate) async fn connect(request: Request) -> (Self, Response) {
        let (socket, response) = timeout(SOON, connect_async(request))
            .await
            .unwrap()
            .unwrap();
        (Self(socket), response)
    }

    pub(crate) async fn send_frame(&mut self, frame: Vec<u8>) {
        self.0.send(Message::binary(frame)).await.unwrap();
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next message but pings.
    pub(crate) async fn message(&mut self) -> Message {
        loop {
            let message = timeout(SOON, self.0.next())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            if !message.is_ping() {
                return message;
            }
        }
    }

    /// The next message, which is text.
    pub(crate) async fn json(&mut self) -> Value {
        match self.message().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// What comes up to the close frame, and its code.
    pub(crate) async fn rest(&mut self) -> (Vec<Value>, u16) {
        let mut values = Vec::new();
        loop {
            match self.message().await {
                Message::Text(text) => values.push(serde_json::from_str(&text).unwrap()),
                Message::Close(frame) => return (values, frame.unwrap().code.into()),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Says `bye` and gives the answers up to `stats`, and `stats`.
    pub(crate) async fn bye(&mut self) -> (Vec<Value>, Value) {
        self.send_text(r#"{"type":"bye"}"#).await;
        let (mut values, code) = self.rest().await;
        assert_eq!(code, 1000);
        let stats = values.pop().unwrap();
        assert_eq!(stats["type"], "stats");
        (values, stats)
    }
}

/// Checks that every frame is accounted for: `received` of them, the answers, and `stats`.
pub(crate) fn assert_accounted(received: u64, answers: &[Value], stats: &Value) {
    let of_type = |name| answers.iter().filter(move |answer| answer["type"] == name);
    let frame_errors = of_type("error").filter(|error| error.get("index").is_some());
    let with_dropped = answers
        .iter()
        .filter_map(|answer| answer.get("dropped")?.as_u64());
    let counts = [
        ("received", received),
        ("keypoints", of_type("keypoints").count() as u64),
        ("errors", frame_errors.count() as u64),
        ("dropped", with_dropped.sum()),
    ];
    for (name, count) in counts {
        assert_eq!(stats[name], count, "{name}: {stats}");
    }
    let accounted: u64 = ["keypoints", "errors", "dropped", "left_over"]
        .iter()
        .map(|name| stats[name].as_u64().unwrap())
        .sum();
    assert_eq!(accounted, received, "{stats}");
}

/// A JPEG of one pixel.
pub(crate) fn one_pixel_jpeg() -> Vec<u8> {
    jpeg(1, 1)
}

/// A grey JPEG.
pub(crate) fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = vec![128; usize::from(width) * usize::from(height)];
    jpeg_encoder::Encoder::new(&mut bytes, 50)
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Luma)
        .unwrap();
    bytes
}

/// The bytes of one frame of the clip, of 43.
pub(crate) fn clip_frame(number: usize) -> Vec<u8> {
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/clips/fingers");
    std::fs::read(clip.join(format!("{number:03}.jpg"))).unwrap()
}

/// A frame behind its header.
pub(crate) fn framed(frame_id: u32, timestamp_us: i64, flags: u8, jpeg: &[u8]) -> Vec<u8> {
    let mut message = b"LK\x01".to_vec();
    message.push(flags);
    message.extend(frame_id.to_le_bytes());
    message.extend(timestamp_us.to_le_bytes());
    message.extend(jpeg);
    message
}
