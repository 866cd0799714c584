//! The codes of close frames.

/// Why a relay closes a connection (RFC 6455 §7.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// The client said `bye`, or nothing for too long.
    Normal = 1000,
    /// The relay shuts down, or the session has its greatest age: connect again.
    Leaving = 1001,
    /// The peer does not keep to the WebSocket protocol.
    ProtocolViolation = 1002,
    /// A text message is not JSON, or not UTF-8.
    InvalidText = 1007,
    /// Too many bad frames in a row, no answer to a ping, or results are not read.
    Policy = 1008,
    /// A message is too long.
    TooLong = 1009,
    /// A fault of the relay.
    Fault = 1011,
    /// There is no room for the session, or no memory: connect again, later.
    Overloaded = 1013,
}

impl CloseCode {
    /// Every code that a relay sends.
    pub const ALL: [Self; 8] = [
        Self::Normal,
        Self::Leaving,
        Self::ProtocolViolation,
        Self::InvalidText,
        Self::Policy,
        Self::TooLong,
        Self::Fault,
        Self::Overloaded,
    ];

    /// The number in the close frame.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The code of a number; `None` for one that no relay sends.
    #[must_use]
    pub fn of(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_number() {
        for code in CloseCode::ALL {
            assert_eq!(CloseCode::of(code.number()), Some(code));
        }
        for unknown in [0, 999, 1003, 1005, 1006, 1012, 4000] {
            assert_eq!(CloseCode::of(unknown), None);
        }
    }
}
