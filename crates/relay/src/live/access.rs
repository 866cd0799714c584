//! Who may connect: by the host that is asked for, by the origin of the page, and by a token.

use std::net::IpAddr;

use axum::http::{HeaderMap, StatusCode, Uri, Version, header};
use axum::response::{IntoResponse, Response};

use super::origin::{Host, HostName, Origin};
use super::tokens::{TokenRefusal, Tokens};
use crate::seldom::Seldom;

/// Who may connect.
#[derive(Debug, Default)]
pub struct Access {
    /// Names under which the relay is reached, besides `localhost`, addresses, and the names of its certificate.
    pub allowed_hosts: Vec<HostName>,
    /// Pages of these origins may connect, besides those of the same origin.
    pub allowed_origins: Vec<Origin>,
    /// Who connects must show one of these; anyone may where there are none.
    pub tokens: Option<Tokens>,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It does not say whom it is for, or says so twice.
    NoHost,
    /// It is for somebody else, as far as the relay knows.
    Host,
    /// The page is of another origin.
    Origin,
    /// There is no token, or a wrong one.
    Token,
    /// There were too many wrong tokens from there.
    TooManyTokens,
}

impl Access {
    /// Whether a request is for this relay: a page whose name is made to lead here sends that name (DNS rebinding).
    pub(crate) fn check_host(
        &self,
        version: Version,
        uri: &Uri,
        headers: &HeaderMap,
        is_certified: impl Fn(&str) -> bool,
    ) -> Result<(), Refusal> {
        let mut values = headers.get_all(header::HOST).iter();
        let host = match (values.next(), values.next()) {
            (Some(host), None) => {
                let host = host.to_str().ok().and_then(Host::parse);
                Some(host.ok_or(Refusal::NoHost)?)
            }
            // RFC 9112 §3.2 asks for it from 1.1 on; no browser is that old.
            (None, _) if version < Version::HTTP_11 => None,
            _ => return Err(Refusal::NoHost),
        };
        let in_target = match uri.authority() {
            Some(authority) => Some(Host::of(authority).ok_or(Refusal::NoHost)?),
            None => None,
        };
        let is_own = |host: &Host| {
            host.is_fixed()
                || self.allowed_hosts.iter().any(|name| name.is(host))
                || is_certified(host.name())
        };
        let mut hosts = host.iter().chain(&in_target);
        if hosts.all(is_own) {
            Ok(())
        } else {
            Err(Refusal::Host)
        }
    }

    /// Whether the page that a request comes from may connect.
    pub(crate) fn check_origin(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(origin) = headers.get(header::ORIGIN) else {
            // Not a browser: nobody's page can make it come.
            return Ok(());
        };
        let origin: Option<Origin> = origin.to_str().ok().and_then(|text| text.parse().ok());
        let is_allowed = origin.is_some_and(|origin| {
            self.allowed_origins.contains(&origin) || is_same_origin(&origin, headers)
        });
        if is_allowed {
            Ok(())
        } else {
            Err(Refusal::Origin)
        }
    }

    /// Whether a request shows a token, where one is needed.
    pub(crate) async fn check_token(
        &self,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> Result<(), Refusal> {
        let Some(tokens) = &self.tokens else {
            return Ok(());
        };
        let checked = tokens.check(headers, peer).await;
        checked.map_err(|refusal| match refusal {
            TokenRefusal::NotOne | TokenRefusal::Wrong => Refusal::Token,
            TokenRefusal::TooManyWrong => Refusal::TooManyTokens,
        })
    }
}

/// The host was looked at before.
fn is_same_origin(origin: &Origin, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST);
    let host = host.and_then(|host| Host::parse(host.to_str().ok()?));
    host.is_some_and(|host| origin.is_of(&host))
}

impl Refusal {
    /// For metrics and logs.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::NoHost | Self::Host => "host",
            Self::Origin => "origin",
            Self::Token | Self::TooManyTokens => "token",
        }
    }

    /// Log lines of this kind.
    pub(crate) fn log(self) -> &'static Seldom {
        static HOST: Seldom = Seldom::new();
        static ORIGIN: Seldom = Seldom::new();
        static TOKEN: Seldom = Seldom::new();
        match self {
            Self::NoHost | Self::Host => &HOST,
            Self::Origin => &ORIGIN,
            Self::Token | Self::TooManyTokens => &TOKEN,
        }
    }

    /// The answer.
    pub(crate) fn response(self) -> Response {
        match self {
            Self::NoHost => {
                (StatusCode::BAD_REQUEST, "a request has one Host header\n").into_response()
            }
            Self::Host => {
                let body = "this host is not known here: start the relay with --allow-host NAME \
                            if it is one of its names\n";
                (StatusCode::FORBIDDEN, body).into_response()
            }
            Self::Origin => (StatusCode::FORBIDDEN, "this origin is not allowed\n").into_response(),
            Self::Token => {
                let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
                (
                    StatusCode::UNAUTHORIZED,
                    challenge,
                    "a token is needed, one\n",
                )
                    .into_response()
            }
            Self::TooManyTokens => {
                let later = [(header::RETRY_AFTER, "1")];
                let body = "too many wrong tokens came from your address\n";
                (StatusCode::TOO_MANY_REQUESTS, later, body).into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
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
        assert_eq!(access.check_origin(&no_browser), Ok(()));
        for origin in ["http://relay.example:8787", "https://RELAY.example:8787"] {
            let checked = access.check_origin(&with_origin(origin));
            assert_eq!(checked, Ok(()), "{origin}");
        }
    }

    #[test]
    fn another_origin_is_refused_unless_it_is_allowed() {
        let access = Access {
            allowed_origins: vec!["https://App.example".parse().unwrap()],
            ..Access::default()
        };
        for origin in ["https://app.example", "https://app.example:443"] {
            let checked = access.check_origin(&with_origin(origin));
            assert_eq!(checked, Ok(()), "{origin}");
        }
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
            let refused = access.check_origin(&with_origin(origin));
            assert_eq!(refused, Err(Refusal::Origin), "{origin}");
        }
    }

    #[test]
    fn a_host_is_an_address_this_machine_an_allowed_or_a_certified_name_and_there_is_one() {
        let access = Access {
            allowed_hosts: vec!["relay.example".parse().unwrap()],
            ..Access::default()
        };
        let check_at = |version, target: &'static str, hosts: &[&str]| {
            let pairs: Vec<_> = hosts.iter().map(|host| (header::HOST, *host)).collect();
            let uri = Uri::from_static(target);
            let is_certified = |name: &str| name == "certified.example";
            access.check_host(version, &uri, &headers(&pairs), is_certified)
        };
        let check = |hosts: &[&str]| check_at(Version::HTTP_11, "/", hosts);
        for host in [
            "127.0.0.1:8787",
            "localhost",
            "relay.example:1",
            "certified.example",
        ] {
            assert_eq!(check(&[host]), Ok(()), "{host}");
        }
        for host in ["evil.example", "evil.example:8787", "x.relay.example"] {
            assert_eq!(check(&[host]), Err(Refusal::Host), "{host}");
        }
        for hosts in [&[][..], &[""], &["localhost", "localhost"], &["a b"]] {
            assert_eq!(check(hosts), Err(Refusal::NoHost), "{hosts:?}");
        }
        assert_eq!(check_at(Version::HTTP_10, "/", &[]), Ok(()));
        // The target's own comes before the header (RFC 9112 §3.2.2).
        let absolute = check_at(Version::HTTP_11, "http://evil.example/", &["localhost"]);
        assert_eq!(absolute, Err(Refusal::Host));
    }
}
