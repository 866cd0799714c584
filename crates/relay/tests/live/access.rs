//! Who may connect.

use std::io::Write;

use live_keypoints_relay::live::{Access, Tokens};
use live_keypoints_relay::serve::ServeConfig;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::support::{Client, Server, config};

fn with_header(server: &Server, name: &'static str, value: &str) -> Request {
    let mut request = server.request();
    let value = HeaderValue::from_str(value).unwrap();
    request.headers_mut().append(name, value);
    request
}

/// The status of an upgrade that is refused.
async fn refusal(request: Request) -> u16 {
    match connect_async(request).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn another_origin_is_refused_before_the_upgrade() {
    let access = Access {
        allowed_origins: vec!["https://app.example".parse().unwrap()],
        tokens: None,
    };
    let server = Server::start(ServeConfig { access, ..config() }).await;
    let same = format!("http://{}", server.address);
    for origin in ["https://app.example", &same] {
        let request = with_header(&server, "origin", origin);
        let (mut client, _) = Client::connect(request).await;
        assert_eq!(client.json().await["type"], "welcome", "{origin}");
    }
    for origin in ["https://evil.example", "null", "http://127.0.0.1"] {
        let request = with_header(&server, "origin", origin);
        assert_eq!(refusal(request).await, 403, "{origin}");
    }
}

fn tokens() -> Tokens {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"open sesame\n").unwrap();
    Tokens::read(file.path()).unwrap()
}

#[tokio::test]
async fn a_token_must_be_shown_and_only_the_protocol_is_echoed() {
    let access = Access {
        allowed_origins: Vec::new(),
        tokens: Some(tokens()),
    };
    let server = Server::start(ServeConfig { access, ..config() }).await;
    assert_eq!(refusal(server.request()).await, 401);
    let wrong = with_header(&server, "authorization", "Bearer sesame");
    assert_eq!(refusal(wrong).await, 401);
    let right = with_header(&server, "authorization", "Bearer open sesame");
    let (mut client, response) = Client::connect(right).await;
    assert_eq!(client.json().await["type"], "welcome");
    assert!(response.headers().get("sec-websocket-protocol").is_none());
    // base64url of "open sesame"
    let offered = "live-keypoints.v1, bearer.b3BlbiBzZXNhbWU";
    let browser = with_header(&server, "sec-websocket-protocol", offered);
    let (mut client, response) = Client::connect(browser).await;
    assert_eq!(client.json().await["type"], "welcome");
    assert_eq!(
        response.headers()["sec-websocket-protocol"],
        "live-keypoints.v1"
    );
    // Those who run the relay need none.
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert!(server.get(path).await.starts_with("HTTP/1.1 200"), "{path}");
    }
    let refused = "live_keypoints_sessions_refused_total{reason=\"token\"}";
    assert_eq!(server.metric(refused).await, 2.0);
}

#[tokio::test]
async fn a_request_without_an_upgrade_is_told_what_is_here() {
    let server = Server::start(config()).await;
    let answer = server.get("/live-signs").await;
    assert!(answer.starts_with("HTTP/1.1 426"), "{answer}");
    assert!(answer.contains("live-keypoints.v1"), "{answer}");
    let mut old = server.request();
    let version = HeaderValue::from_static("8");
    old.headers_mut().insert("sec-websocket-version", version);
    assert_eq!(refusal(old).await, 426);
}
