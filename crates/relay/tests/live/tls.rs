//! TLS with a certificate that was made for the test.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use live_keypoints_relay::serve::{ServeConfig, ServeError, TlsError, TlsFiles, bind, run};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::client_async;

use crate::support::{Server, config, impatient};

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
