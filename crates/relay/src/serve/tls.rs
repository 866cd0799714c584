//! TLS with a certificate and a key from PEM files, which can be read anew.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{self, ServerConfig};

/// The files that TLS needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM: the server's certificate, then those that vouch for it.
    pub certificates: PathBuf,
    /// PEM: the private key.
    pub key: PathBuf,
}

/// Why there is no TLS.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read, or has nothing of the kind in it.
    #[error("{} holds no {what} that can be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `certificate` or `private key`.
        what: &'static str,
        /// What is wrong.
        source: pem::Error,
    },
    /// The key is not the certificate's, or of a kind that is not known.
    #[error("the certificate {} and the key {} cannot be used", certificates.display(), key.display())]
    Unusable {
        /// The file of the certificates.
        certificates: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
}

/// TLS as it is now.
pub(super) struct Tls {
    files: TlsFiles,
    current: RwLock<Current>,
}

struct Current {
    acceptor: TlsAcceptor,
    /// The server's own.
    certificate: CertificateDer<'static>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`] names the file.
    pub(super) fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let current = RwLock::new(files.read()?);
        Ok(Self { files, current })
    }

    /// Reads them anew, for the connections to come. Where that fails nothing changes.
    ///
    /// # Errors
    /// [`TlsError`] names the file.
    pub(super) fn reload(&self) -> Result<(), TlsError> {
        let current = self.files.read()?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
        Ok(())
    }

    /// What makes a connection a TLS one.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.acceptor.clone()
    }

    /// Whether the certificate is for a host of this name.
    pub(super) fn certifies(&self, name: &str) -> bool {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let certificate = ParsedCertificate::try_from(&current.certificate);
        certificate.is_ok_and(|certificate| {
            ServerName::try_from(name)
                .is_ok_and(|name| verify_server_name(&certificate, &name).is_ok())
        })
    }
}

impl TlsFiles {
    fn read(&self) -> Result<Current, TlsError> {
        let certificates = read_certificates(&self.certificates)?;
        let Some(certificate) = certificates.first().cloned() else {
            let none = pem::Error::NoItemsFound;
            return Err(file_error(&self.certificates, "certificate", none));
        };
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|source| file_error(&self.key, "private key", source))?;
        let unusable = |source| TlsError::Unusable {
            certificates: self.certificates.clone(),
            key: self.key.clone(),
            source,
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Current {
            acceptor,
            certificate,
        })
    }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|source| file_error(path, "certificate", source))
}

fn file_error(path: &Path, what: &'static str, source: pem::Error) -> TlsError {
    TlsError::File {
        path: path.to_owned(),
        what,
        source,
    }
}
