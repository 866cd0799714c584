//! TLS for honest clients, who know nothing of it: a door that takes each plain connection on to the relay in one of TLS.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The relay's arguments; `{files}` stands for a folder that [`certify`] was given.
pub(super) const TLS: &[&str] = &[
    "--tls-cert",
    "{files}/cert.pem",
    "--tls-key",
    "{files}/key.pem",
];
const NAME: &str = "relay.example";

/// Makes a certificate and its key in a folder, and a client that trusts it.
pub(super) fn certify(folder: &Path) -> Result<TlsConnector> {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
    fs::write(folder.join("cert.pem"), made.cert.pem())?;
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem())?;
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone())?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Opens a door to the relay on the runtime of who calls; gives its address.
pub(super) async fn open_door(tls: TlsConnector, relay: SocketAddr) -> Result<SocketAddr> {
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = door.local_addr()?;
    tokio::spawn(async move {
        // A connection that fails is closed, which is all that its client would see of the relay.
        while let Ok((plain, _)) = door.accept().await {
            tokio::spawn(pass_on(plain, tls.clone(), relay));
        }
    });
    Ok(address)
}

async fn pass_on(mut plain: TcpStream, tls: TlsConnector, relay: SocketAddr) -> Result<()> {
    let stream = TcpStream::connect(relay).await?;
    for end in [&plain, &stream] {
        end.set_nodelay(true)?;
    }
    let mut stream = tls.connect(ServerName::try_from(NAME)?, stream).await?;
    copy_bidirectional(&mut plain, &mut stream).await?;
    Ok(())
}
