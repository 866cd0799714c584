//! Who may connect: by the origin of the page, and by a token.

use std::path::{Path, PathBuf};
use std::{fs, io};

use axum::http::{HeaderMap, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;

/// What a browser, which can set no header, offers as a subprotocol in front of its token.
const BEARER_SUBPROTOCOL: &str = "bearer.";

/// Who may connect.
#[derive(Debug, Default)]
pub struct Access {
    /// Pages of these origins may connect, besides those of the same origin.
    pub allowed_origins: Vec<Origin>,
    /// Who connects must show one of these; anyone may where there are none.
    pub tokens: Option<Tokens>,
}

/// An origin, `scheme://host[:port]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// What is no origin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("an origin is scheme://host or scheme://host:port, without a path")]
pub struct InvalidOrigin;

/// Secret words, one of which a client must know. They are never printed.
pub struct Tokens(Vec<String>);

/// Why there are no tokens.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TokensError {
    /// The file cannot be read.
    #[error("the token file {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Every line of the file is empty or a comment.
    #[error("the token file {} has no token in it", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Why somebody may not connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The page is of another origin.
    Origin,
    /// There is no token, or a wrong one.
    Token,
}

impl Access {
    /// Whether a request with these headers may connect.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        if !self.is_origin_allowed(headers) {
            return Err(Refusal::Origin);
        }
        match &self.tokens {
            Some(tokens) if !tokens.include_any(&shown_tokens(headers)) => Err(Refusal::Token),
            _ => Ok(()),
        }
    }

    fn is_origin_allowed(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            // Not a browser: nobody's page can make it come.
            return true;
        };
        let Some(origin) = origin.to_str().ok().and_then(|text| text.parse().ok()) else {
            return false;
        };
        self.allowed_origins.contains(&origin) || is_same_origin(&origin, headers)
    }
}

/// A browser's page cannot choose the `Host` header. The scheme is not compared: before a proxy that ends TLS it differs.
fn is_same_origin(origin: &Origin, headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    host.is_some_and(|host| origin.authority().eq_ignore_ascii_case(host))
}

impl Origin {
    fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, rest)| rest)
    }
}

impl std::str::FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri: Uri = text.parse().map_err(|_| InvalidOrigin)?;
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(InvalidOrigin);
        };
        if !is_bare || text.ends_with('/') || authority.as_str().contains('@') {
            return Err(InvalidOrigin);
        }
        Ok(Self(format!("{scheme}://{authority}").to_ascii_lowercase()))
    }
}

impl Tokens {
    /// Reads a file of one token a line; empty lines and those that start with `#` are skipped.
    ///
    /// # Errors
    /// [`TokensError`].
    pub fn read(path: &Path) -> Result<Self, TokensError> {
        let text = fs::read_to_string(path).map_err(|source| TokensError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let lines = text.lines().map(str::trim);
        let tokens: Vec<String> = lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect();
        if tokens.is_empty() {
            return Err(TokensError::Empty {
                path: path.to_owned(),
            });
        }
        Ok(Self(tokens))
    }

    /// In a time that depends on lengths only.
    fn include_any(&self, shown: &[Vec<u8>]) -> bool {
        let mut is_known = Choice::from(0);
        for token in &self.0 {
            for shown in shown {
                is_known |= token.as_bytes().ct_eq(shown);
            }
        }
        is_known.into()
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({})", self.0.len())
    }
}

/// The tokens of the `Authorization` header and of the subprotocols offered.
fn shown_tokens(headers: &HeaderMap) -> Vec<Vec<u8>> {
    let of_header = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .filter_map(|value| {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            let is_bearer = scheme.eq_ignore_ascii_case("bearer");
            is_bearer.then(|| token.trim().as_bytes().to_vec())
        });
    let of_subprotocols = offered_subprotocols(headers).filter_map(|name| {
        let encoded = name.strip_prefix(BEARER_SUBPROTOCOL)?;
        URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('=')).ok()
    });
    of_header.chain(of_subprotocols).collect()
}

/// What the client offers in `Sec-WebSocket-Protocol`.
pub(crate) fn offered_subprotocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(str::trim))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn with_origin(origin: &str) -> HeaderMap {
        headers(&[
            (header::HOST, "relay.example:8787"),
            (header::ORIGIN, origin),
        ])
    }

    #[test]
    fn without_an_origin_or_from_the_same_one_anyone_may_connect() {
        let access = Access::default();
        let no_browser = headers(&[(header::HOST, "relay.example:8787")]);
        assert_eq!(access.check(&no_browser), Ok(()));
        for origin in ["http://relay.example:8787", "https://RELAY.example:8787"] {
            assert_eq!(access.check(&with_origin(origin)), Ok(()), "{origin}");
        }
    }

    #[test]
    fn another_origin_is_refused_unless_it_is_allowed() {
        let access = Access {
            allowed_origins: vec!["https://App.example".parse().unwrap()],
            tokens: None,
        };
        assert_eq!(access.check(&with_origin("https://app.example")), Ok(()));
        for origin in [
            "https://evil.example",
            "http://app.example",
            "https://app.example:444",
            "https://app.example.evil.example",
            "http://relay.example",
            "http://relay.example:8787.evil.example",
            "null",
            "",
            "file://",
            "http://user@relay.example:8787",
        ] {
            let refused = access.check(&with_origin(origin));
            assert_eq!(refused, Err(Refusal::Origin), "{origin}");
        }
    }

    #[test]
    fn what_is_no_origin_is_an_error() {
        for text in [
            "",
            "*",
            "example",
            "https://",
            "https://a.example/",
            "https://a.example/x",
            "https://a.example?x",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin), "{text}");
        }
        assert!("http://[::1]:8080".parse::<Origin>().is_ok());
    }

    fn tokens(text: &str) -> Result<Tokens, TokensError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Tokens::read(file.path())
    }

    #[test]
    fn one_of_the_tokens_must_be_shown_in_a_header_or_a_subprotocol() {
        let access = Access {
            allowed_origins: Vec::new(),
            tokens: Some(tokens("# for the app\nsecret ÿ\n\n  other\n").unwrap()),
        };
        let secret = URL_SAFE_NO_PAD.encode("secret ÿ");
        let offered = format!("live-keypoints.v1, bearer.{secret}");
        for right in [
            headers(&[(header::AUTHORIZATION, "Bearer other")]),
            headers(&[(header::AUTHORIZATION, "bearer  other")]),
            headers(&[(header::SEC_WEBSOCKET_PROTOCOL, &offered)]),
            headers(&[
                (header::SEC_WEBSOCKET_PROTOCOL, "x"),
                (header::SEC_WEBSOCKET_PROTOCOL, &offered),
            ]),
        ] {
            assert_eq!(access.check(&right), Ok(()), "{right:?}");
        }
        for wrong in [
            headers(&[]),
            headers(&[(header::AUTHORIZATION, "Bearer othe")]),
            headers(&[(header::AUTHORIZATION, "Bearer others")]),
            headers(&[(header::AUTHORIZATION, "Bearer")]),
            headers(&[(header::AUTHORIZATION, "Basic other")]),
            headers(&[(header::AUTHORIZATION, "Bearer # for the app")]),
            headers(&[(header::SEC_WEBSOCKET_PROTOCOL, "bearer.other")]),
            headers(&[(header::SEC_WEBSOCKET_PROTOCOL, "bearer.")]),
            headers(&[(header::SEC_WEBSOCKET_PROTOCOL, "bearer.%%%")]),
        ] {
            assert_eq!(access.check(&wrong), Err(Refusal::Token), "{wrong:?}");
        }
    }

    #[test]
    fn a_file_without_a_token_is_an_error_and_tokens_are_not_printed() {
        assert!(matches!(
            tokens("# nothing\n\n"),
            Err(TokensError::Empty { .. })
        ));
        let missing = Tokens::read(Path::new("no/such/file"));
        assert!(matches!(missing, Err(TokensError::Unreadable { .. })));
        assert_eq!(format!("{:?}", tokens("secret").unwrap()), "Tokens(1)");
    }
}
