//! Memory that ends, or begins, exactly where memory begins that may not be touched: a read or write of one byte too
//! far ends the process.
//!
//! The tests' allocator gives such memory to all that a thread allocates inside [`guarded`], so that any `Vec`, packed
//! weights included, lies in it without knowing. Addresses are never given out twice, so what is used after it was
//! freed is caught, too. Where there are no such pages (Windows, WebAssembly) and under Miri, which sees for itself,
//! it is the system's allocator.

/// Which side of an allocation lies at memory that may not be touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// What comes behind it.
    Behind,
    /// What comes before it.
    Before,
}

/// Both, or one where there are none.
pub(crate) const GUARDS: &[Guard] = if cfg!(all(unix, not(miri))) {
    &[Guard::Behind, Guard::Before]
} else {
    &[Guard::Behind]
};

#[cfg(not(all(unix, not(miri))))]
pub(crate) fn guarded<T>(_guard: Guard, make: impl FnOnce() -> T) -> T {
    make()
}

#[cfg(all(unix, not(miri)))]
pub(crate) use pages::guarded;

#[cfg(all(unix, not(miri)))]
mod pages {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::cell::Cell;
    use std::ptr::null_mut;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::Guard;

    thread_local! {
        static GUARD: Cell<Option<Guard>> = const { Cell::new(None) };
    }

    /// Gives guarded memory to what `make` allocates.
    pub(crate) fn guarded<T>(guard: Guard, make: impl FnOnce() -> T) -> T {
        let before = GUARD.replace(Some(guard));
        let made = make();
        GUARD.set(before);
        made
    }

    #[global_allocator]
    static ALLOCATOR: GuardingAllocator = GuardingAllocator;

    struct GuardingAllocator;

    // SAFETY: memory is the system allocator's, or fresh pages of the arena, which are given out once and hold the whole
    // layout at its alignment. Which of both is told by the address.
    unsafe impl GlobalAlloc for GuardingAllocator {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            match GUARD.get() {
                Some(guard) => arena_alloc(guard, layout),
                // SAFETY: the caller's promise, here and below.
                None => unsafe { System.alloc(layout) },
            }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            if is_in_arena(pointer) {
                arena_free(pointer, layout);
            } else {
                // SAFETY: see above.
                unsafe { System.dealloc(pointer, layout) }
            }
        }
    }

    /// Address space for all guarded memory of a run; only what is in use takes memory.
    const ARENA_BYTES: usize = 1 << 36;

    /// Where the arena begins; 0 before the first use.
    static ARENA: AtomicUsize = AtomicUsize::new(0);
    /// How much of it was given out.
    static USED: AtomicUsize = AtomicUsize::new(0);

    fn page_bytes() -> usize {
        // SAFETY: it only asks.
        let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        usize::try_from(bytes).unwrap_or(1 << 16)
    }

    fn arena() -> usize {
        let known = ARENA.load(Ordering::Acquire);
        if known != 0 {
            return known;
        }
        // SAFETY: new address space, which nothing may touch yet.
        let reserved = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
            libc::mmap(null_mut(), ARENA_BYTES, libc::PROT_NONE, flags, -1, 0)
        };
        assert_ne!(reserved, libc::MAP_FAILED, "address space for the tests");
        // Of two threads one is first; the other's address space stays unused.
        match ARENA.compare_exchange(0, reserved as usize, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => reserved as usize,
            Err(first) => first,
        }
    }

    fn is_in_arena(pointer: *mut u8) -> bool {
        let start = ARENA.load(Ordering::Acquire);
        start != 0 && (start..start + ARENA_BYTES).contains(&(pointer as usize))
    }

    /// Bytes of the whole pages that hold `layout`.
    fn whole_pages(layout: Layout) -> usize {
        layout.size().next_multiple_of(page_bytes())
    }

    fn arena_alloc(guard: Guard, layout: Layout) -> *mut u8 {
        let (arena, page) = (arena(), page_bytes());
        let length = whole_pages(layout);
        // The page before it is the one that the allocation before left untouched behind itself.
        let offset = USED.fetch_add(length + page, Ordering::Relaxed) + page;
        if layout.align() > page || offset + length + page > ARENA_BYTES {
            return null_mut();
        }
        let start = (arena + offset) as *mut u8;
        // SAFETY: these pages of the arena are given out here and nowhere else.
        let status =
            unsafe { libc::mprotect(start.cast(), length, libc::PROT_READ | libc::PROT_WRITE) };
        if status != 0 {
            return null_mut();
        }
        // A layout whose size is no multiple of its alignment would leave a gap; slices have none.
        let shift = match guard {
            Guard::Behind => (length - layout.size()) / layout.align() * layout.align(),
            Guard::Before => 0,
        };
        start.wrapping_add(shift)
    }

    fn arena_free(pointer: *mut u8, layout: Layout) {
        let start = (pointer as usize / page_bytes() * page_bytes()) as *mut libc::c_void;
        // SAFETY: the pages were given out for this allocation alone, which its owner gives back. They are mapped anew, so
        // that they take no memory any more and may not be touched.
        let mapped = unsafe {
            let flags =
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
            libc::mmap(start, whole_pages(layout), libc::PROT_NONE, flags, -1, 0)
        };
        debug_assert_ne!(mapped, libc::MAP_FAILED);
    }

    /// How a process ends that reads a byte at `offset` from the start of guarded memory of `length` bytes.
    #[cfg(target_os = "linux")]
    fn signal_of_read(guard: Guard, length: usize, offset: isize) -> Option<i32> {
        let bytes = guarded(guard, || vec![1u8; length]);
        let at = bytes.as_ptr().wrapping_offset(offset);
        // SAFETY: the child only sets a limit of its own, reads and ends, the parent waits for it. That the read may end it is what is asked.
        unsafe {
            let child = libc::fork();
            assert!(child >= 0, "a child process");
            if child == 0 {
                // No file of the memory of a process that is to end so.
                let no_bytes = libc::rlimit {
                    rlim_cur: 0,
                    rlim_max: 0,
                };
                libc::setrlimit(libc::RLIMIT_CORE, &raw const no_bytes);
                at.read_volatile();
                libc::_exit(0);
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
            libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status))
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_read_one_byte_too_far_ends_the_process_and_one_inside_does_not() {
        for length in [1usize, 36, 4096, 5000] {
            let end = length.cast_signed();
            assert_eq!(signal_of_read(Guard::Behind, length, end - 1), None);
            assert_eq!(signal_of_read(Guard::Before, length, 0), None);
            let (behind, before) = (Guard::Behind, Guard::Before);
            assert_eq!(signal_of_read(behind, length, end), Some(libc::SIGSEGV));
            assert_eq!(signal_of_read(before, length, -1), Some(libc::SIGSEGV));
        }
    }
}
