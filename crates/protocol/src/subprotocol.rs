//! What a client offers in `Sec-WebSocket-Protocol`: the protocol, and its token, for which a browser has no other place.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::PROTOCOL;

/// Stands before a token in base64url (RFC 4648 §5).
const BEARER: &str = "bearer.";

/// The subprotocols to offer, in their order. A relay echoes the first.
#[must_use]
pub fn offered(token: Option<&str>) -> Vec<String> {
    let bearer = token.map(|token| format!("{BEARER}{}", BASE64_URL_SAFE_NO_PAD.encode(token)));
    [PROTOCOL.to_owned()].into_iter().chain(bearer).collect()
}

/// The token that an offered subprotocol shows; `None` where it shows none. Whatever is not base64url is an empty token,
/// which no relay has. The padding may be left out.
#[must_use]
pub fn token(offered: &str) -> Option<Vec<u8>> {
    let encoded = offered.strip_prefix(BEARER)?;
    let token = BASE64_URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('='));
    Some(token.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_as_it_was_offered() {
        assert_eq!(offered(None), ["live-keypoints.v1"]);
        let both = offered(Some("grüße?"));
        assert_eq!(both, ["live-keypoints.v1", "bearer.Z3LDvMOfZT8"]);
        assert_eq!(token(&both[1]).as_deref(), Some("grüße?".as_bytes()));
        assert_eq!(
            token("bearer.Z3LDvMOfZT8=").as_deref(),
            Some("grüße?".as_bytes())
        );
        assert_eq!(token("bearer.%%%"), Some(Vec::new()));
        assert_eq!(token(&both[0]), None);
    }
}
