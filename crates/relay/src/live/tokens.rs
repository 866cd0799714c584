//! Tokens: what a client shows, how often it may be wrong, and reading them anew.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;
use std::{fs, io};

use axum::http::{HeaderMap, header};
use live_keypoints_protocol::subprotocol;
use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;
use tokio::time::{Instant, sleep};

use crate::places::network_of;

/// Bytes of a token that cannot be guessed: shorter ones are warned about.
const SHORT: usize = 16;
/// Before a wrong token is answered.
const DELAY: Duration = Duration::from_secs(1);
/// Wrong tokens of one network within that time; more are not even compared.
const MAX_WRONG: usize = 16;
/// Networks that are remembered before those are forgotten whose time is over.
const MANY_NETWORKS: usize = 1024;

/// Secret words, one of which a client must know. They are never printed.
pub struct Tokens {
    path: PathBuf,
    words: RwLock<Vec<String>>,
    wrong: Mutex<HashMap<IpAddr, VecDeque<Instant>>>,
}

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

/// Why a request's token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenRefusal {
    /// There is none, or there are several.
    NotOne,
    /// It is not known.
    Wrong,
    /// There were so many wrong ones from there that it was not compared.
    TooManyWrong,
}

impl Tokens {
    /// Reads a file of one token a line; empty lines and those that start with `#` are skipped.
    ///
    /// # Errors
    /// [`TokensError`].
    pub fn read(path: &Path) -> Result<Self, TokensError> {
        Ok(Self {
            path: path.to_owned(),
            words: RwLock::new(read_words(path)?),
            wrong: Mutex::default(),
        })
    }

    /// Reads the file anew. Where that fails the tokens stay as they are.
    pub(crate) fn reload(&self) -> Result<(), TokensError> {
        let words = read_words(&self.path)?;
        *self.words.write().unwrap_or_else(PoisonError::into_inner) = words;
        Ok(())
    }

    /// Those that are short enough to be guessed.
    pub(crate) fn short_ones(&self) -> usize {
        let words = self.words.read().unwrap_or_else(PoisonError::into_inner);
        words.iter().filter(|word| word.len() < SHORT).count()
    }

    /// Whether a request with these headers shows one of the tokens. The answer to a wrong one takes its time.
    pub(crate) async fn check(
        &self,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> Result<(), TokenRefusal> {
        let shown = shown_token(headers).ok_or(TokenRefusal::NotOne)?;
        let network = network_of(peer);
        if self.wrong_ones(network, Instant::now()) >= MAX_WRONG {
            return Err(TokenRefusal::TooManyWrong);
        }
        if self.include(&shown) {
            return Ok(());
        }
        self.note_wrong(network, Instant::now());
        sleep(DELAY).await;
        Err(TokenRefusal::Wrong)
    }

    /// In a time that depends on lengths only.
    fn include(&self, shown: &[u8]) -> bool {
        let words = self.words.read().unwrap_or_else(PoisonError::into_inner);
        let is_known = words.iter().fold(Choice::from(0), |is_known, word| {
            is_known | word.as_bytes().ct_eq(shown)
        });
        is_known.into()
    }

    fn wrong_ones(&self, network: IpAddr, now: Instant) -> usize {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.get_mut(&network).map_or(0, |times| {
            times.retain(|time| now < *time + DELAY);
            times.len()
        })
    }

    fn note_wrong(&self, network: IpAddr, now: Instant) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.len() >= MANY_NETWORKS {
            wrong.retain(|_, times| times.back().is_some_and(|time| now < *time + DELAY));
        }
        wrong.entry(network).or_default().push_back(now);
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = self.words.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Tokens({})", words.len())
    }
}

fn read_words(path: &Path) -> Result<Vec<String>, TokensError> {
    let text = fs::read_to_string(path).map_err(|source| TokensError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let words: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    if words.is_empty() {
        return Err(TokensError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(words)
}

/// The one token of the `Authorization` headers and of the subprotocols offered.
fn shown_token(headers: &HeaderMap) -> Option<Vec<u8>> {
    let of_headers = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .filter_map(|value| {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            let is_bearer = scheme.eq_ignore_ascii_case("bearer");
            is_bearer.then(|| token.trim().as_bytes().to_vec())
        });
    let of_subprotocols = offered_subprotocols(headers).filter_map(subprotocol::token);
    let mut shown = of_headers.chain(of_subprotocols);
    let token = shown.next()?;
    shown.next().is_none().then_some(token)
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

    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn bearer(token: &str) -> HeaderMap {
        headers(&[(header::AUTHORIZATION, &format!("Bearer {token}"))])
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[tokio::test]
    async fn one_of_the_tokens_must_be_shown_in_a_header_or_a_subprotocol() {
        let file = file("# for the app\nsecret ÿ\n\n  other\n");
        let tokens = Tokens::read(file.path()).unwrap();
        let [protocol, secret] = subprotocol::offered(Some("secret ÿ")).try_into().unwrap();
        let offered = format!("{protocol}, {secret}");
        for right in [
            bearer("other"),
            headers(&[(header::AUTHORIZATION, "bearer  other")]),
            headers(&[(header::SEC_WEBSOCKET_PROTOCOL, &offered)]),
            headers(&[
                (header::SEC_WEBSOCKET_PROTOCOL, "x"),
                (header::SEC_WEBSOCKET_PROTOCOL, &offered),
            ]),
            // A proxy's own.
            headers(&[
                (header::AUTHORIZATION, "Basic eDp5"),
                (header::SEC_WEBSOCKET_PROTOCOL, &offered),
            ]),
        ] {
            assert_eq!(tokens.check(&right, PEER).await, Ok(()), "{right:?}");
        }
        let wrong = [
            bearer("othe"),
            bearer("others"),
            bearer("# for the app"),
            headers(&[(header::SEC_WEBSOCKET_PROTOCOL, "bearer.other")]),
            headers(&[(header::SEC_WEBSOCKET_PROTOCOL, "bearer.")]),
            headers(&[(header::SEC_WEBSOCKET_PROTOCOL, "bearer.%%%")]),
        ];
        let tries = wrong.iter().map(|wrong| tokens.check(wrong, PEER));
        for refused in futures_util::future::join_all(tries).await {
            assert_eq!(refused, Err(TokenRefusal::Wrong));
        }
        let twice = format!("{secret}, {secret}");
        for not_one in [
            headers(&[]),
            headers(&[(header::AUTHORIZATION, "Bearer")]),
            headers(&[(header::AUTHORIZATION, "Basic other")]),
            headers(&[
                (header::AUTHORIZATION, "Bearer x"),
                (header::AUTHORIZATION, "Bearer other"),
            ]),
            headers(&[(header::SEC_WEBSOCKET_PROTOCOL, &twice)]),
            headers(&[
                (header::AUTHORIZATION, "Bearer other"),
                (header::SEC_WEBSOCKET_PROTOCOL, &offered),
            ]),
        ] {
            let refused = tokens.check(&not_one, PEER).await;
            assert_eq!(refused, Err(TokenRefusal::NotOne), "{not_one:?}");
        }
    }

    #[tokio::test]
    async fn a_wrong_token_takes_a_second_and_a_network_has_a_few_of_them() {
        let file = file("open sesame");
        let tokens = Tokens::read(file.path()).unwrap();
        let began = Instant::now();
        let wrong = bearer("sesame");
        let tries = (0..MAX_WRONG + 1).map(|_| tokens.check(&wrong, PEER));
        let outcomes = futures_util::future::join_all(tries).await;
        assert!(began.elapsed() >= DELAY);
        let (last, others) = outcomes.split_last().unwrap();
        assert_eq!(*last, Err(TokenRefusal::TooManyWrong));
        assert!(others.iter().all(|one| *one == Err(TokenRefusal::Wrong)));
        // Nobody else is touched, and the network itself no longer than a second.
        tokens
            .check(&wrong, "10.0.0.1".parse().unwrap())
            .await
            .unwrap_err();
        assert_eq!(tokens.check(&bearer("open sesame"), PEER).await, Ok(()));
    }

    #[tokio::test]
    async fn a_file_is_read_anew_and_a_broken_one_changes_nothing() {
        let file = file("first");
        let tokens = Tokens::read(file.path()).unwrap();
        assert_eq!(tokens.short_ones(), 1);
        fs::write(file.path(), "# nothing\n\n").unwrap();
        assert!(matches!(tokens.reload(), Err(TokensError::Empty { .. })));
        assert_eq!(tokens.check(&bearer("first"), PEER).await, Ok(()));
        fs::write(file.path(), "one of sixteen b").unwrap();
        tokens.reload().unwrap();
        assert_eq!(tokens.short_ones(), 0);
        assert_eq!(
            tokens.check(&bearer("one of sixteen b"), PEER).await,
            Ok(())
        );
        assert!(tokens.check(&bearer("first"), PEER).await.is_err());
    }

    #[test]
    fn a_file_without_a_token_is_an_error_and_tokens_are_not_printed() {
        let empty = file("# nothing\n\n");
        assert!(matches!(
            Tokens::read(empty.path()),
            Err(TokensError::Empty { .. })
        ));
        let missing = Tokens::read(Path::new("no/such/file"));
        assert!(matches!(missing, Err(TokensError::Unreadable { .. })));
        let tokens = Tokens::read(file("secret").path()).unwrap();
        assert_eq!(format!("{tokens:?}"), "Tokens(1)");
    }
}
