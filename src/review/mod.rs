//! Two trees, or a tree and its promises: what a change does, why a name is answered as it is, and whether tests hold.
//!
//! In: [`Snapshot`]s, zones that are loaded and compiled; questions and expectations. Out: what `diff`, `explain` and `test`
//! show. Reads nothing, asks no server: whoever brings the zones, from a directory, a commit or a transfer, is not known here.
//!
//! # Design
//!
//! Every answer here comes from [`respond`](crate::server::respond), octets and all, and is read back from its message. So
//! nothing that is said of an answer is said of a second implementation of it.

pub mod canary;
pub mod change;
pub mod diff;
pub mod expect;
pub mod explain;
pub mod fix;
mod reply;
mod snapshot;

pub use reply::{Reply, ReplyRrset, record_line};
pub use snapshot::{Place, Reviewed, Snapshot};
