//! The sessions there are, in all and of each address; of IPv6, of each /64.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use super::limits::Limits;
use crate::places::network_of;

/// Counts sessions, up to its limits.
#[derive(Clone, Debug)]
pub(crate) struct SessionRegistry {
    max_sessions: NonZeroUsize,
    max_per_address: NonZeroUsize,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Number of the next session, for logs.
    next_id: u64,
    sessions: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// A session's place; dropping it makes room.
#[derive(Debug)]
pub(crate) struct Place {
    /// Running number of the session, for logs.
    pub(crate) id: u64,
    network: IpAddr,
    counts: Arc<Mutex<Counts>>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// The relay has as many sessions as it may.
    InAll,
    /// The address has as many as it may.
    OfAddress,
}

impl SessionRegistry {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            max_sessions: limits.max_sessions,
            max_per_address: limits
                .max_sessions_per_address
                .unwrap_or(limits.max_sessions),
            counts: Arc::default(),
        }
    }

    /// A place for a session from this address.
    pub(crate) fn admit(&self, address: IpAddr) -> Result<Place, Full> {
        let network = network_of(address);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.sessions >= self.max_sessions.get() {
            return Err(Full::InAll);
        }
        let of_address = counts.by_network.get(&network).copied().unwrap_or(0);
        if of_address >= self.max_per_address.get() {
            return Err(Full::OfAddress);
        }
        counts.sessions += 1;
        counts.by_network.insert(network, of_address + 1);
        let id = counts.next_id;
        counts.next_id += 1;
        Ok(Place {
            id,
            network,
            counts: Arc::clone(&self.counts),
        })
    }
}

impl Full {
    /// For the close frame.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::InAll => "no room for another session now",
            Self::OfAddress => "no room for another session from this address now",
        }
    }

    /// For metrics.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::InAll => "sessions",
            Self::OfAddress => "address",
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.sessions -= 1;
        if let Some(count) = counts.by_network.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                counts.by_network.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(max_sessions: usize, per_address: usize) -> SessionRegistry {
        SessionRegistry::new(&Limits {
            max_sessions: NonZeroUsize::new(max_sessions).unwrap(),
            max_sessions_per_address: NonZeroUsize::new(per_address),
            ..Limits::default()
        })
    }

    #[test]
    fn a_place_is_given_back_when_its_session_ends() {
        let registry = registry(2, 0);
        let address: IpAddr = "10.0.0.1".parse().unwrap();
        let first = registry.admit(address).unwrap();
        let second = registry.admit(address).unwrap();
        assert_eq!((first.id, second.id), (0, 1));
        assert_eq!(registry.admit(address).unwrap_err(), Full::InAll);
        drop(first);
        assert_eq!(registry.admit(address).unwrap().id, 2);
    }

    #[test]
    fn an_address_fills_only_its_own_places_whatever_its_notation() {
        let registry = registry(3, 1);
        let address: IpAddr = "10.0.0.1".parse().unwrap();
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        let place = registry.admit(address).unwrap();
        assert_eq!(registry.admit(mapped).unwrap_err(), Full::OfAddress);
        assert!(registry.admit("10.0.0.2".parse().unwrap()).is_ok());
        drop(place);
        assert!(registry.admit(mapped).is_ok());
        let counts = registry.counts.lock().unwrap();
        assert!(counts.by_network.is_empty() && counts.sessions == 0);
    }
}
