//! TLS with a certificate that was made for the test.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use live_keypoints_relay::live::{Limits, Patience};
use live_keypoints_relay::serve::{ServeConfig, ServeError, TlsError, TlsFiles, bind, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{SOON, Server, clip_frame, config, impatient};

struct Files {
    folder: tempfile::TempDir,
    certificate: CertificateDer<'static>,
}

impl Files {
    fn make() -> Self {
        let names = vec!["relay.example".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(
            folder.path().join("key.pem"),
            made.signing_key.serialize_pem(),
        )
        .unwrap();
        Self {
            certificate: made.cert.der().clone(),
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn tls(&self) -> TlsFiles {
        TlsFiles {
            certificates: self.path("cert.pem"),
            key: self.path("key.pem"),
        }
    }

    fn connector(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }
}

#[tokio::test]
async fn a_session_runs_over_tls() {
    let files = Files::make();
    let server = Server::start(ServeConfig {
        tls: Some(files.tls()),
        limits: impatient(),
        ..config()
    })
    .await;
    // Somebody who does not speak TLS, and somebody who says nothing, keep nobody out.
    let plain = tokio_tungstenite::connect_async(server.request()).await;
    assert!(plain.is_err());
    let _silent = TcpStream::connect(server.address).await.unwrap();

    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from("relay.example").unwrap();
    let stream = files.connector().connect(name, stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), None);
    let (mut socket, _) = client_async("wss://relay.example/live-signs", stream)
        .await
        .unwrap();
    let welcome = socket.next().await.unwrap().unwrap();
    assert!(welcome.to_text().unwrap().contains("welcome"));
}

impl Files {
    /// The status of `GET /readyz` for a host, from a server with this certificate or another one.
    async fn status(&self, server: &Server, host: &str) -> std::io::Result<String> {
        let stream = TcpStream::connect(server.address).await?;
        let name = ServerName::try_from("relay.example").unwrap();
        let mut stream = self.connector().connect(name, stream).await?;
        let request = format!("GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer.split(' ').nth(1).unwrap().to_owned())
    }
}

#[tokio::test]
async fn handshakes_that_are_never_done_keep_nobody_out() {
    let files = Files::make();
    let limits = Limits {
        max_connections: NonZeroUsize::new(10).unwrap(),
        ..Limits::default()
    };
    let server = Server::start(ServeConfig {
        tls: Some(files.tls()),
        limits,
        ..config()
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..30 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"\x16\x03\x01").await.unwrap();
        held.push(stream);
    }
    let answered = timeout(SOON, files.status(&server, "relay.example")).await;
    assert_eq!(answered.unwrap().unwrap(), "200");
}

/// Half a hello, or none, from one address and from several, more than there are places.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn beside_handshakes_that_are_never_done_a_session_keeps_its_frames_and_each_ends() {
    let files = Files::make();
    let limits = Limits {
        max_connections: NonZeroUsize::new(10).unwrap(),
        patience: Patience {
            request: Duration::from_secs(2),
            ..Patience::DEFAULT
        },
        ..Limits::default()
    };
    let server = Server::start(ServeConfig {
        tls: Some(files.tls()),
        limits,
        ..config()
    })
    .await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from("relay.example").unwrap();
    let stream = files.connector().connect(name, stream).await.unwrap();
    let (mut session, _) = client_async("wss://relay.example/live-signs", stream)
        .await
        .unwrap();
    let _welcome = session.next().await.unwrap().unwrap();
    let mut held = Vec::new();
    for number in 0..40 {
        let socket = TcpSocket::new_v4().unwrap();
        let host = if number < 20 { 1 } else { number };
        socket.bind(([127, 0, 1, host], 0).into()).unwrap();
        let mut stream = socket.connect(server.address).await.unwrap();
        let hello: &[u8] = if number % 2 == 0 {
            b"\x16\x03\x01\x02\0\x01\0\x01\xFC"
        } else {
            b""
        };
        // Its place may have gone to another already.
        let _ = stream.write_all(hello).await;
        held.push(stream);
        if number % 10 == 0 {
            let frame = Message::binary(clip_frame(usize::from(number)));
            session.send(frame).await.unwrap();
            let answer = timeout(SOON, session.next()).await.unwrap().unwrap();
            let answer = answer.unwrap().into_text().unwrap();
            assert!(answer.contains("keypoints"), "{answer}");
        }
    }
    let status = timeout(SOON, files.status(&server, "relay.example")).await;
    assert_eq!(status.unwrap().unwrap(), "200");
    for mut stream in held {
        let closed = timeout(SOON, stream.read(&mut [0])).await.unwrap();
        assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
    }
}

#[tokio::test]
async fn the_names_of_the_certificate_are_the_relays_own_and_it_is_read_anew() {
    let (mut files, other) = (Files::make(), Files::make());
    let config = ServeConfig {
        tls: Some(files.tls()),
        ..config()
    };
    let reload = Arc::clone(&config.reload);
    let server = Server::start(config).await;
    let status = files.status(&server, "relay.example").await;
    assert_eq!(status.unwrap(), "200");
    let status = files.status(&server, "evil.example").await;
    assert_eq!(status.unwrap(), "403");
    // A file that is of no use changes nothing.
    std::fs::write(files.path("cert.pem"), "").unwrap();
    reload.notify_one();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let status = files.status(&server, "relay.example").await;
    assert_eq!(status.unwrap(), "200");
    for name in ["cert.pem", "key.pem"] {
        std::fs::copy(other.path(name), files.path(name)).unwrap();
    }
    files.certificate = other.certificate;
    reload.notify_one();
    let taken = async { while files.status(&server, "relay.example").await.is_err() {} };
    timeout(SOON, taken).await.unwrap();
}

#[tokio::test]
async fn files_that_are_of_no_use_are_named_at_the_start() {
    let files = Files::make();
    std::fs::write(files.path("empty.pem"), "").unwrap();
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    std::fs::write(files.path("other.pem"), other).unwrap();
    let start = async |certificates: &str, key: &str| {
        let tls = Some(TlsFiles {
            certificates: files.path(certificates),
            key: files.path(key),
        });
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let config = ServeConfig { tls, ..config() };
        match run(listener, config, std::future::pending()).await {
            Err(ServeError::Tls(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    for (certificates, key, named) in [
        ("no.pem", "key.pem", "no.pem"),
        ("empty.pem", "key.pem", "empty.pem"),
        ("cert.pem", "empty.pem", "empty.pem"),
    ] {
        let error = start(certificates, key).await;
        assert!(matches!(error, TlsError::File { .. }), "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
    let error = start("cert.pem", "other.pem").await;
    assert!(matches!(error, TlsError::Unusable { .. }), "{error}");
}
