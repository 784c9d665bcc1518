//! Answering allocates nothing: every question of the answer fixtures under an allocator that counts.
//!
//! A binary of its own, because a global allocator is one for a whole program.
#![expect(unsafe_code, reason = "implementing `GlobalAlloc` is unsafe by its signature")]

#[path = "it/support/mod.rs"]
#[expect(dead_code, reason = "the other tests' binary uses the rest of it")]
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use zonewright::server::{Seen, Transport, respond, respond_uncompressed};

struct Counting;

thread_local! {
    /// Allocations of this thread: the harness has threads of its own. Constant and without destructor, so that reaching it
    /// allocates nothing itself.
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes on to the system's allocator as it came; counting touches no memory of the caller.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's promises about `layout` are the system allocator's conditions.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `alloc` or `realloc` above, so from the system's allocator, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: as for `dealloc`, and the caller vouches for `size`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[test]
fn respond_allocates_nothing() {
    let mut out = vec![0; 65_535];
    let before = COUNT.get();
    drop(std::hint::black_box(vec![0_u8; 9]));
    assert_eq!(COUNT.get(), before + 1, "allocations are not counted");
    let (mut asked, seen) = (0, Seen::new(8));
    for fixture in support::fixture::all() {
        let served = fixture.served();
        for step in &fixture.steps {
            let (octets, client) = (step.ask.octets(), step.ask.client);
            for transport in [Transport::Udp, Transport::Tcp] {
                let before = COUNT.get();
                let length = respond(&octets, client, transport, &served, &mut out);
                length.iter().for_each(|&length| seen.note(&out[..length]));
                respond_uncompressed(&octets, client, transport, &served, &mut out);
                assert_eq!(COUNT.get(), before, "{}.txt:{} over {transport:?}", fixture.name, step.line);
                asked += 1;
            }
        }
    }
    assert!(asked > 300, "{asked} questions");
}
