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
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(item) = items.get(index)
        {
            done.push((index, work(item)));
        }
        done
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mine = take();
        let theirs = workers.into_iter().flat_map(|worker| worker.join().expect("work catches what it panics with"));
        theirs.chain(mine).collect()
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
