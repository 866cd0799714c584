//! The places for connections that are not sessions: before the upgrade, or while they are told that there is no room.
//!
//! Nobody waits for a place. Where all are taken, the newcomer gets that of a connection on which nothing has moved for
//! longest, among those of the network that holds most. So who holds a thousand connections that do nothing keeps
//! nobody out, and loses its own before it costs others theirs.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use prometheus_client::metrics::counter::Counter;
use tokio_util::sync::CancellationToken;

/// Whom an address belongs to, as far as that can be told: an IPv4 address is one client's, of IPv6 a /64 is.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    // An IPv4 client of a dual-stack socket is the same client.
    match address.to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        address => address,
    }
}

/// The places of one listener.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    max: NonZeroUsize,
    taken: Arc<Mutex<Taken>>,
    evictions: Counter,
    started: Instant,
}

#[derive(Debug, Default)]
struct Taken {
    next_id: u64,
    count: usize,
    by_network: HashMap<IpAddr, Vec<(u64, Arc<Progress>)>>,
}

#[derive(Debug, Default)]
struct Progress {
    /// When a byte last came or went, since [`Places::started`].
    moved_us: AtomicU64,
    evicted: CancellationToken,
}

/// A connection's place; dropping it makes room.
#[derive(Debug)]
pub(crate) struct Seat {
    id: u64,
    network: IpAddr,
    progress: Arc<Progress>,
    is_session: AtomicBool,
    places: Places,
}

impl Places {
    /// So many of them; `evictions` counts the connections that made room for others.
    pub(crate) fn new(max: NonZeroUsize, evictions: Counter) -> Self {
        Self {
            max,
            taken: Arc::default(),
            evictions,
            started: Instant::now(),
        }
    }

    /// A place for a connection from this address, if need be that of another one.
    pub(crate) fn take(&self, address: IpAddr) -> Seat {
        let progress = Arc::new(Progress::default());
        progress.moved_us.store(self.now_us(), Ordering::Relaxed);
        let network = network_of(address);
        let mut taken = self.taken();
        while taken.count >= self.max.get() {
            self.evict_one(&mut taken);
        }
        let id = taken.insert(network, Arc::clone(&progress));
        Seat {
            id,
            network,
            progress,
            is_session: AtomicBool::new(false),
            places: self.clone(),
        }
    }

    /// Gives up an eighth of the connections, where the system itself has no more room; says whether there were any.
    pub(crate) fn make_room(&self) -> bool {
        let mut taken = self.taken();
        let count = taken.count.div_ceil(8);
        for _ in 0..count {
            self.evict_one(&mut taken);
        }
        count > 0
    }

    fn evict_one(&self, taken: &mut Taken) {
        let most = taken.by_network.values().map(Vec::len).max().unwrap_or(0);
        let victim = taken
            .by_network
            .iter()
            .filter(|(_, seats)| seats.len() == most)
            .flat_map(|(network, seats)| seats.iter().map(move |seat| (network, seat)))
            .min_by_key(|(_, (id, progress))| (progress.moved_us.load(Ordering::Relaxed), *id))
            .map(|(network, (id, _))| (*network, *id));
        if let Some(progress) = victim.and_then(|(network, id)| taken.remove(network, id)) {
            progress.evicted.cancel();
            self.evictions.inc();
        }
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Nothing panics while it is held.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn insert(&mut self, network: IpAddr, progress: Arc<Progress>) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.count += 1;
        self.by_network
            .entry(network)
            .or_default()
            .push((id, progress));
        id
    }

    fn remove(&mut self, network: IpAddr, id: u64) -> Option<Arc<Progress>> {
        let seats = self.by_network.get_mut(&network)?;
        let index = seats.iter().position(|(seat, _)| *seat == id)?;
        let (_, progress) = seats.swap_remove(index);
        if seats.is_empty() {
            self.by_network.remove(&network);
        }
        self.count -= 1;
        Some(progress)
    }
}

impl Seat {
    /// Notes that a byte came or went.
    pub(crate) fn note_progress(&self) {
        let now_us = self.places.now_us();
        self.progress.moved_us.store(now_us, Ordering::Relaxed);
    }

    /// Resolves when the place has been given to another connection, which ends this one.
    pub(crate) async fn evicted(&self) {
        self.progress.evicted.cancelled().await;
    }

    /// Whether that has happened.
    pub(crate) fn is_evicted(&self) -> bool {
        self.progress.evicted.is_cancelled()
    }

    /// Leaves the place, for that of a session. False if it has gone to another connection.
    pub(crate) fn become_session(&self) -> bool {
        self.is_session.store(true, Ordering::Relaxed);
        self.places.taken().remove(self.network, self.id).is_some()
    }

    /// Whether the connection is a session, which has clocks of its own.
    pub(crate) fn is_session(&self) -> bool {
        self.is_session.load(Ordering::Relaxed)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.places.taken().remove(self.network, self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn places(max: usize) -> Places {
        Places::new(NonZeroUsize::new(max).unwrap(), Counter::default())
    }

    #[test]
    fn an_ipv6_client_is_its_64_bit_network_and_a_mapped_address_is_ipv4() {
        let same = |a: &str, b: &str| network_of(address(a)) == network_of(address(b));
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
        assert!(same("::ffff:10.0.0.1", "10.0.0.1"));
        assert!(!same("10.0.0.1", "10.0.0.2"));
    }

    #[test]
    fn the_network_that_holds_most_gives_up_what_has_been_idle_for_longest() {
        let places = places(4);
        let alone = places.take(address("10.0.0.1"));
        let crowd: Vec<Seat> = (1..4)
            .map(|host| places.take(address(&format!("2001:db8::{host}"))))
            .collect();
        std::thread::sleep(std::time::Duration::from_millis(1));
        crowd[0].note_progress();
        let newcomer = places.take(address("10.0.0.2"));
        let evicted: Vec<bool> = crowd.iter().map(Seat::is_evicted).collect();
        assert_eq!(evicted, [false, true, false]);
        assert!(!alone.is_evicted() && !newcomer.is_evicted());
        assert_eq!(places.evictions.get(), 1);
    }

    #[test]
    fn a_session_and_a_connection_that_ended_hold_no_place() {
        let places = places(2);
        let session = places.take(address("10.0.0.1"));
        assert!(session.become_session());
        let first = places.take(address("10.0.0.1"));
        drop(places.take(address("10.0.0.1")));
        let second = places.take(address("10.0.0.1"));
        assert!(!first.is_evicted() && !second.is_evicted());
        let _third = places.take(address("10.0.0.1"));
        assert!(first.is_evicted() && !session.is_evicted());
        // Too late: its place is another's.
        assert!(!first.become_session());
    }

    #[test]
    fn where_the_system_has_no_room_an_eighth_goes() {
        let places = places(100);
        assert!(!places.make_room());
        let seats: Vec<Seat> = (0..17).map(|_| places.take(address("10.0.0.1"))).collect();
        assert!(places.make_room());
        assert_eq!(seats.iter().filter(|seat| seat.is_evicted()).count(), 3);
    }
}
