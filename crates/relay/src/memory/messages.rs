//! The memory of messages, in two halves: of those that wait for decoding, which can be dropped, and of those that are
//! being received, which cannot, so that who lets them lie takes nothing from who waits.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// A message that is being received lies in the connection's buffer, and once more while it is handed on.
const COPIES: usize = 2;

/// Who holds messages.
pub(crate) trait Holds: Send + Sync {
    /// Drops the oldest message that waits; says whether there was one.
    fn drop_oldest(&self) -> bool;
}

/// The memory that messages of all sessions share.
pub(crate) struct MessageMemory {
    /// Of each half.
    max_bytes: usize,
    /// Of messages that are being received.
    partial_bytes: AtomicUsize,
    /// Numbers of connections; 0 is none.
    next_connection: AtomicU64,
    /// The connection that goes on where all would have to stop.
    turn: AtomicU64,
    shares: Mutex<Shares>,
}

#[derive(Default)]
struct Shares {
    next_id: u64,
    waiting_bytes: usize,
    by_id: BTreeMap<u64, Entry>,
}

struct Entry {
    waiting_bytes: usize,
    holder: Weak<dyn Holds>,
}

/// What waits of one session; dropping it forgets it.
pub(crate) struct Share {
    id: u64,
    memory: Arc<MessageMemory>,
}

/// What has come of a message of one connection; dropping it forgets it.
pub(crate) struct Partial {
    connection: u64,
    bytes: AtomicUsize,
    memory: Arc<MessageMemory>,
}

impl MessageMemory {
    pub(crate) fn new(max_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            max_bytes: max_bytes / 2,
            partial_bytes: AtomicUsize::new(0),
            next_connection: AtomicU64::new(1),
            turn: AtomicU64::new(0),
            shares: Mutex::default(),
        })
    }

    /// Nothing panics under this lock, so a poisoned one is sound. It is taken last: no holder is called under it.
    fn shares(&self) -> MutexGuard<'_, Shares> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A share for a session.
    pub(crate) fn join(self: &Arc<Self>, holder: Weak<dyn Holds>) -> Share {
        let mut shares = self.shares();
        let id = shares.next_id;
        shares.next_id += 1;
        let entry = Entry {
            waiting_bytes: 0,
            holder,
        };
        shares.by_id.insert(id, entry);
        Share {
            id,
            memory: Arc::clone(self),
        }
    }

    /// What is to be known of a connection that receives messages.
    pub(crate) fn partial(self: &Arc<Self>) -> Partial {
        Partial {
            connection: self.next_connection.fetch_add(1, Ordering::Relaxed),
            bytes: AtomicUsize::new(0),
            memory: Arc::clone(self),
        }
    }

    /// Makes room for so many bytes of a session, from the largest one's oldest frame on; says whether there is room then.
    /// Nothing goes that is within an equal share; with the bytes that come, where they are its own.
    fn make_room(&self, of: u64, bytes: usize) -> bool {
        while self.is_short_of(bytes) {
            let mut holders: Vec<_> = {
                let shares = self.shares();
                let equal = self.max_bytes / shares.by_id.len().max(1);
                let entries = shares.by_id.iter();
                let to_come = |id| if id == of { bytes } else { 0 };
                let entries = entries.filter(|(id, entry)| {
                    entry.waiting_bytes.saturating_add(to_come(**id)) > equal
                });
                entries
                    .map(|(_, entry)| (entry.waiting_bytes, entry.holder.clone()))
                    .collect()
            };
            holders.sort_by_key(|(waiting, _)| std::cmp::Reverse(*waiting));
            let mut holders = holders.iter().filter_map(|(_, holder)| holder.upgrade());
            if !holders.any(|holder| holder.drop_oldest()) {
                return false;
            }
        }
        true
    }

    fn is_short_of(&self, bytes: usize) -> bool {
        self.shares().waiting_bytes.saturating_add(bytes) > self.max_bytes
    }
}

impl Share {
    /// Notes what waits of the session now.
    pub(crate) fn set(&self, waiting_bytes: usize) {
        let mut shares = self.memory.shares();
        if let Some(entry) = shares.by_id.get_mut(&self.id) {
            let before = std::mem::replace(&mut entry.waiting_bytes, waiting_bytes);
            shares.waiting_bytes = shares.waiting_bytes + waiting_bytes - before;
        }
    }

    /// As [`MessageMemory::make_room`], but that a session within an equal share has room in any case: what others have in
    /// work cannot be dropped, and is no reason to drop a camera's frames.
    pub(crate) fn make_room(&self, bytes: usize) -> bool {
        self.memory.make_room(self.id, bytes) || self.is_within_equal_share(bytes)
    }

    fn is_within_equal_share(&self, bytes: usize) -> bool {
        let shares = self.memory.shares();
        let waiting = shares
            .by_id
            .get(&self.id)
            .map_or(0, |entry| entry.waiting_bytes);
        waiting.saturating_add(bytes) <= self.memory.max_bytes / shares.by_id.len().max(1)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
        self.memory.shares().by_id.remove(&self.id);
    }
}

impl Partial {
    /// What has come.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Notes that so much came.
    pub(crate) fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.memory
            .partial_bytes
            .fetch_add(bytes, Ordering::Relaxed);
    }

    /// Notes that the message is whole, and was taken or thrown away.
    pub(crate) fn clear(&self) {
        let bytes = self.bytes.swap(0, Ordering::Relaxed);
        self.memory
            .partial_bytes
            .fetch_sub(bytes, Ordering::Relaxed);
        self.exchange_turn(self.connection, 0);
    }

    /// Whether it is this connection that goes on where all would have to stop: one at a time does, until its message is whole.
    pub(crate) fn takes_turn(&self) -> bool {
        self.exchange_turn(0, self.connection)
            || self.exchange_turn(self.connection, self.connection)
    }

    fn exchange_turn(&self, from: u64, to: u64) -> bool {
        let turn = &self.memory.turn;
        turn.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    /// Whether more may come: not where memory is short and this connection's message takes more than an equal share.
    pub(crate) fn may_grow(&self) -> bool {
        let MessageMemory {
            max_bytes,
            partial_bytes,
            ..
        } = &*self.memory;
        let in_all = COPIES.saturating_mul(partial_bytes.load(Ordering::Relaxed));
        let sessions = self.memory.shares().by_id.len().max(1);
        in_all <= *max_bytes || COPIES.saturating_mul(self.bytes()) <= max_bytes / sessions
    }
}

impl std::fmt::Debug for Partial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Partial({})", self.bytes())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds messages of ten bytes.
    struct Holder {
        share: Mutex<Option<Share>>,
        messages: AtomicUsize,
    }

    impl Holder {
        fn join(memory: &Arc<MessageMemory>) -> Arc<Self> {
            let holder = Arc::new(Self {
                share: Mutex::default(),
                messages: AtomicUsize::new(0),
            });
            let as_holder: Arc<dyn Holds> = Arc::clone(&holder) as _;
            let share = memory.join(Arc::downgrade(&as_holder));
            *holder.share.lock().unwrap() = Some(share);
            holder
        }

        fn set(&self, messages: usize) {
            self.messages.store(messages, Ordering::Relaxed);
            let share = self.share.lock().unwrap();
            share.as_ref().unwrap().set(10 * messages);
        }

        fn messages(&self) -> usize {
            self.messages.load(Ordering::Relaxed)
        }
    }

    impl Holds for Holder {
        fn drop_oldest(&self) -> bool {
            let left = self.messages().checked_sub(1);
            if let Some(left) = left {
                self.set(left);
            }
            left.is_some()
        }
    }

    #[test]
    fn the_largest_gives_its_oldest_first() {
        let memory = MessageMemory::new(200);
        let [small, large] = [(); 2].map(|()| Holder::join(&memory));
        small.set(3);
        large.set(7);
        let nobody = u64::MAX;
        assert!(memory.make_room(nobody, 0));
        assert_eq!((small.messages(), large.messages()), (3, 7));
        assert!(memory.make_room(nobody, 20));
        assert_eq!((small.messages(), large.messages()), (3, 5));
        // A session's own frames go for its next one, those of others within an equal share do not.
        assert!(!memory.make_room(nobody, 21));
        assert!(memory.make_room(1, 30));
        assert_eq!((small.messages(), large.messages()), (3, 4));
        // What is in work cannot be dropped.
        large.share.lock().unwrap().as_ref().unwrap().set(100);
        large.messages.store(0, Ordering::Relaxed);
        small.set(0);
        let is_within = small
            .share
            .lock()
            .unwrap()
            .as_ref()
            .map(|share| share.is_within_equal_share(50));
        assert_eq!(is_within, Some(true));
        let is_within = small
            .share
            .lock()
            .unwrap()
            .as_ref()
            .map(|share| share.is_within_equal_share(51));
        assert_eq!(is_within, Some(false));
        drop((small, large));
        assert_eq!(memory.shares().waiting_bytes, 0);
        assert!(memory.shares().by_id.is_empty());
    }

    #[test]
    fn what_others_have_in_work_takes_no_waiting_frame_of_a_camera() {
        let memory = MessageMemory::new(200);
        let [camera, large] = [(); 2].map(|()| Holder::join(&memory));
        camera.set(3);
        large.share.lock().unwrap().as_ref().unwrap().set(100);
        let has_room = |bytes| {
            let share = camera.share.lock().unwrap().take().unwrap();
            let has_room = share.make_room(bytes);
            *camera.share.lock().unwrap() = Some(share);
            has_room
        };
        assert!(has_room(20));
        assert_eq!(camera.messages(), 3);
    }

    #[test]
    fn what_is_received_is_bounded_beyond_an_equal_share() {
        let memory = MessageMemory::new(200);
        let _holders = [(); 2].map(|()| Holder::join(&memory));
        let [large, small] = [(); 2].map(|()| memory.partial());
        large.add(40);
        assert!(large.may_grow());
        small.add(25);
        assert!(!large.may_grow());
        assert!(small.may_grow(), "an equal share");
        assert!(large.takes_turn() && large.takes_turn() && !small.takes_turn());
        large.clear();
        assert!(small.takes_turn());
        large.add(40);
        small.clear();
        assert!(large.may_grow());
        drop(large);
        assert_eq!(memory.partial_bytes.load(Ordering::Relaxed), 0);
    }
}
