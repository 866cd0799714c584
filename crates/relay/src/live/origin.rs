//! Origins of pages, and the hosts that a request may be for.

use std::net::IpAddr;

use axum::http::Uri;
use axum::http::uri::Authority;
use thiserror::Error;

/// An origin, `scheme://host[:port]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    /// `None` where it is the scheme's own, given or not.
    port: Option<u16>,
}

/// What is no origin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("an origin is scheme://host or scheme://host:port, without a path")]
pub struct InvalidOrigin;

/// The name of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

/// What is no name of a host.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a host is a name such as relay.example.org, without scheme, port or path")]
pub struct InvalidHostName;

/// Whom a request is for: what its `Host` header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    name: String,
    port: Option<u16>,
}

impl Origin {
    /// Whether a page of this origin came from that host. The scheme may differ: before a proxy that ends TLS it does.
    pub(super) fn is_of(&self, host: &Host) -> bool {
        let default = default_port(&self.scheme);
        self.host == host.name && (self.port == host.port || self.port.or(default) == host.port)
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
        if !is_bare || text.ends_with('/') {
            return Err(InvalidOrigin);
        }
        let Host { name, port } = Host::of(authority).ok_or(InvalidOrigin)?;
        let scheme = scheme.to_ascii_lowercase();
        Ok(Self {
            port: port.filter(|port| default_port(&scheme) != Some(*port)),
            scheme,
            host: name,
        })
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

impl Host {
    /// A host with or without a port; `None` where it is something else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::of(&text.parse().ok()?)
    }

    pub(crate) fn of(authority: &Authority) -> Option<Self> {
        let (host, text) = (authority.host(), authority.as_str());
        // Neither a user's name before it nor a port that is no number.
        let port = match text.strip_prefix(host)?.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None if text.len() == host.len() => None,
            None => return None,
        };
        (!host.is_empty()).then(|| Self {
            name: host.to_ascii_lowercase(),
            port,
        })
    }

    /// The name, without the dot that a name from the root has.
    pub(crate) fn name(&self) -> &str {
        self.name.strip_suffix('.').unwrap_or(&self.name)
    }

    /// Whether it is an address or this machine, which no name server of others can give a meaning to.
    pub(crate) fn is_fixed(&self) -> bool {
        let address = self.name.trim_start_matches('[').trim_end_matches(']');
        let name = self.name();
        address.parse::<IpAddr>().is_ok() || name == "localhost" || name.ends_with(".localhost")
    }
}

impl HostName {
    pub(crate) fn is(&self, host: &Host) -> bool {
        self.0 == host.name()
    }
}

impl std::str::FromStr for HostName {
    type Err = InvalidHostName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._[:]".contains(&byte));
        match Host::parse(text) {
            Some(host) if is_name && host.port.is_none() => Ok(Self(host.name().to_owned())),
            _ => Err(InvalidHostName),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "https://user@a.example",
            "https://a.example:",
            "https://a.example:65536",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin), "{text}");
        }
        assert!("http://[::1]:8080".parse::<Origin>().is_ok());
        let default: Origin = "https://A.example:443".parse().unwrap();
        assert_eq!("https://a.example".parse(), Ok(default));
    }

    #[test]
    fn a_default_port_may_be_left_out_on_either_side() {
        let is_same = |origin: &str, host: &str| {
            let origin: Origin = origin.parse().unwrap();
            origin.is_of(&Host::parse(host).unwrap())
        };
        for (origin, host) in [
            ("https://a.example", "a.example"),
            ("https://a.example", "A.example:443"),
            ("https://a.example:443", "a.example"),
            ("http://a.example", "a.example:80"),
            ("http://a.example:8787", "a.example:8787"),
            ("http://[::1]:8787", "[::1]:8787"),
        ] {
            assert!(is_same(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("https://a.example", "a.example:80"),
            ("http://a.example", "a.example:443"),
            ("https://a.example:8443", "a.example"),
            ("https://a.example", "a.example:8443"),
            ("https://a.example", "b.example"),
            ("app://a.example", "a.example:443"),
        ] {
            assert!(!is_same(origin, host), "{origin} {host}");
        }
    }

    #[test]
    fn addresses_and_this_machine_are_fixed_and_names_are_not() {
        for host in [
            "127.0.0.1",
            "10.0.0.1:8787",
            "[::1]",
            "[2001:db8::1]:443",
            "localhost",
            "LOCALHOST:8787",
            "localhost.",
            "app.localhost:80",
        ] {
            assert!(Host::parse(host).unwrap().is_fixed(), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "127.1",
            "0x7f.0.0.1",
        ] {
            assert!(!Host::parse(host).unwrap().is_fixed(), "{host}");
        }
        for host in [
            "",
            ":80",
            "user@localhost",
            "localhost:x",
            "localhost:",
            "a b",
            "/",
        ] {
            assert_eq!(Host::parse(host), None, "{host}");
        }
    }

    #[test]
    fn a_name_is_given_without_anything_around_it() {
        let name: HostName = "Relay.example.org".parse().unwrap();
        for host in ["relay.example.org", "RELAY.example.org.:8443"] {
            assert!(name.is(&Host::parse(host).unwrap()), "{host}");
        }
        assert!(!name.is(&Host::parse("evil.relay.example.org").unwrap()));
        for text in ["", "*", "a.example:80", "https://a.example", "a.example/x"] {
            assert_eq!(text.parse::<HostName>(), Err(InvalidHostName), "{text}");
        }
    }
}
