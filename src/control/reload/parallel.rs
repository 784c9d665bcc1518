//! One kind of work on many items, by a few threads.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that read zones at a look: parsing is bound by memory beyond that, and answering needs the other cores.
const MAX_THREADS: usize = 8;

/// What `work` makes of each item, in order; a few threads share the items.
pub(super) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    // A thread costs more than a dozen stats, and a large zone is worth one of its own.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(MAX_THREADS).min(items.len());
    if threads <= 1 {
        return items.iter().map(work).collect();
    }
    // A few at a time, or threads would wait for each other at the counter; one at a time where items may be large ones.
    let (next, block) = (AtomicUsize::new(0), (items.len() / (threads * 256)).clamp(1, 64));
    let take = || {
        let mut done = Vec::new();
        while let start = next.fetch_add(block, Ordering::Relaxed)
            && start < items.len()
        {
            let taken = &items[start..items.len().min(start + block)];
            done.push((start, taken.iter().map(&work).collect::<Vec<R>>()));
        }
        done
    };
    let mut done: Vec<(usize, Vec<R>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mine = take();
        let theirs = workers.into_iter().flat_map(|worker| worker.join().expect("work catches what it panics with"));
        theirs.chain(mine).collect()
    });
    done.sort_unstable_by_key(|(start, _)| *start);
    done.into_iter().flat_map(|(_, results)| results).collect()
}
