//! Who may connect.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use live_keypoints_relay::live::{Access, Tokens};
use live_keypoints_relay::serve::{ServeConfig, bind};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::support::{Client, SOON, Server, ask, config, get};

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
        ..Access::default()
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
        tokens: Some(tokens()),
        ..Access::default()
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
    for path in ["/healthz", "/readyz"] {
        assert!(server.get(path).await.starts_with("HTTP/1.1 200"), "{path}");
    }
    let metrics = server.get("/metrics").await;
    assert!(metrics.starts_with("HTTP/1.1 401"), "{metrics}");
    let token = "Authorization: Bearer open sesame";
    let metrics = ask(server.address, &get_with("/metrics", token)).await;
    assert!(metrics.starts_with("HTTP/1.1 200"), "{metrics}");
    let refused = "live_keypoints_sessions_refused_total{reason=\"token\"} 2\n";
    assert!(metrics.contains(refused), "{metrics}");
}

fn get_with(path: &str, header: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn metrics_at_an_address_of_their_own_need_no_token() {
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let access = Access {
        tokens: Some(tokens()),
        ..Access::default()
    };
    let _server = Server::start(ServeConfig {
        access,
        metrics_listener: Some(listener),
        ..config()
    })
    .await;
    let metrics = get(address, "/metrics").await;
    assert!(metrics.starts_with("HTTP/1.1 200"), "{metrics}");
}

#[tokio::test]
async fn a_request_shows_one_token_and_after_many_wrong_ones_none_is_looked_at() {
    let access = Access {
        tokens: Some(tokens()),
        ..Access::default()
    };
    let server = Server::start(ServeConfig { access, ..config() }).await;
    let mut several = with_header(&server, "authorization", "Bearer x");
    let right = HeaderValue::from_static("Bearer open sesame");
    several.headers_mut().append("authorization", right.clone());
    assert_eq!(refusal(several).await, 401);
    let began = Instant::now();
    let wrong = with_header(&server, "authorization", "Bearer x");
    let tries = (0..200).map(|_| refusal(wrong.clone()));
    let statuses = futures_util::future::join_all(tries).await;
    assert!(began.elapsed() >= Duration::from_secs(1));
    let compared = statuses.iter().filter(|status| **status == 401).count();
    assert!((1..200).contains(&compared), "{compared}");
    assert_eq!(
        statuses.iter().filter(|s| **s == 429).count(),
        200 - compared
    );
    let (mut client, _) = Client::connect(with_header(
        &server,
        "authorization",
        right.to_str().unwrap(),
    ))
    .await;
    assert_eq!(client.json().await["type"], "welcome");
}

#[tokio::test]
async fn tokens_are_read_anew_when_that_is_asked_for() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "the first").unwrap();
    let config = ServeConfig {
        access: Access {
            tokens: Some(Tokens::read(file.path()).unwrap()),
            ..Access::default()
        },
        ..config()
    };
    let reload = Arc::clone(&config.reload);
    let server = Server::start(config).await;
    std::fs::write(file.path(), "the second").unwrap();
    reload.notify_one();
    let second = get_with("/metrics", "Authorization: Bearer the second");
    let taken = async {
        while !ask(server.address, &second)
            .await
            .starts_with("HTTP/1.1 200")
        {}
    };
    timeout(SOON, taken).await.unwrap();
    let first = with_header(&server, "authorization", "Bearer the first");
    assert_eq!(refusal(first).await, 401);
}

#[tokio::test]
async fn a_request_for_another_host_is_refused_whatever_it_asks_for() {
    let site = tempfile::tempdir().unwrap();
    std::fs::write(site.path().join("index.html"), "<!doctype html>").unwrap();
    let access = Access {
        allowed_hosts: vec!["relay.example".parse().unwrap()],
        ..Access::default()
    };
    let server = Server::start(ServeConfig {
        access,
        www: Some(site.path().to_owned()),
        ..config()
    })
    .await;
    // A page whose name was made to lead here (DNS rebinding): its origin and the host are one.
    let mut rebound = with_header(&server, "origin", "http://evil.example:8787");
    let host = HeaderValue::from_static("evil.example:8787");
    rebound.headers_mut().insert("host", host);
    assert_eq!(refusal(rebound).await, 403);
    let get = async |path: &str, hosts: &str| {
        let request = format!("GET {path} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        ask(server.address, &request).await
    };
    for path in ["/", "/metrics", "/healthz", "/no-such-file", "/live-signs"] {
        let answer = get(path, "Host: evil.example\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{path}: {answer}");
        assert!(answer.contains("--allow-host"), "{answer}");
    }
    for own in ["127.0.0.1", "[::1]:9", "localhost:1", "RELAY.example:443"] {
        let answer = get("/", &format!("Host: {own}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{own}: {answer}");
    }
    for none in ["", "Host:\r\n", "Host: localhost\r\nHost: localhost\r\n"] {
        let answer = get("/live-signs", none).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{none}: {answer}");
    }
}

#[tokio::test]
async fn the_default_port_may_be_named_in_host_and_left_out_in_origin() {
    let access = Access {
        allowed_hosts: vec!["example.org".parse().unwrap()],
        ..Access::default()
    };
    let server = Server::start(ServeConfig { access, ..config() }).await;
    for (host, origin) in [
        ("example.org:443", "https://example.org"),
        ("example.org:80", "http://example.org"),
        ("example.org", "https://example.org"),
    ] {
        let mut request = with_header(&server, "origin", origin);
        let value = HeaderValue::from_str(host).unwrap();
        request.headers_mut().insert("host", value);
        let (mut client, _) = Client::connect(request).await;
        assert_eq!(client.json().await["type"], "welcome", "{host} {origin}");
    }
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
