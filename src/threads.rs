//! One kind of work on some shares of a whole, each by a thread of its own.
//!
//! In: the shares, few as they are, and the work. Out: what came of each, in order. How much is worth a thread, and how many
//! there may be, is for whoever makes the shares.

/// Does the work on each share, on the first by this thread. A panic goes on to the caller.
pub(crate) fn on_each<S: Send, R: Send>(
    shares: impl IntoIterator<Item = S>,
    work: impl Fn(S) -> R + Sync,
) -> impl Iterator<Item = R> {
    let (mut shares, work) = (shares.into_iter(), &work);
    let done: Vec<R> = std::thread::scope(|scope| {
        let mine = shares.next();
        let others: Vec<_> = shares.map(|share| scope.spawn(move || work(share))).collect();
        let mine = mine.map(work);
        let others =
            others.into_iter().map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        mine.into_iter().chain(others).collect()
    });
    done.into_iter()
}
