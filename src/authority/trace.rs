//! What an answer passes on its way, told to whoever wants to explain it.
//!
//! # Design
//!
//! The lookup that answers is the lookup that explains: it is generic over who listens, and with [`Untraced`], which hears
//! nothing, every note compiles to nothing. A trace is `Copy` so that none is no argument either; one that listens is a
//! reference to where it writes.

use super::{Authority, Found, NodeRef};
use crate::dns::{Name, NameRef};

/// One step of the algorithm of RFC 1034 §4.3.2; `'a` is the catalog's, `'s` the name's that is being looked up.
#[derive(Clone, Copy, Debug)]
pub enum Step<'s, 'a> {
    /// The name lies in this zone (step 2).
    Zone(NameRef<'s>, &'a Authority),
    /// The name lies in a zone that has no good version.
    Broken(NameRef<'s>, &'a Name),
    /// The name lies in no zone that is served here.
    Foreign(NameRef<'s>),
    /// The whole name was matched (step 3a), be it at a cut or below.
    Exact(NodeRef<'a>),
    /// The name does not exist; this is the last of its ancestors that does (RFC 4592 §3.3.1).
    Encloser(NodeRef<'a>),
    /// The encloser has a child `*`, which stands for the name (step 3c).
    Wildcard(NodeRef<'a>),
    /// What the zone says of the name in the end.
    Outcome(Found<'a>),
    /// The DNAME's target, with what stood before its owner, is too long for a name (RFC 6672 §2.3).
    TooLong,
    /// The chain of aliases ends here: it came back to this name.
    Loop(NameRef<'s>),
    /// The chain of aliases ends here: it has as many links as are followed.
    LastLink(NameRef<'s>),
}

/// Hears of each step.
pub trait Trace<'a>: Copy {
    /// Hears of one, made only for who listens: a name is found by slices, which could panic and so are never left out
    /// by the compiler on its own.
    fn note<'s>(self, step: impl FnOnce() -> Step<'s, 'a>);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug)]
pub struct Untraced;

impl<'a> Trace<'a> for Untraced {
    #[inline(always)]
    fn note<'s>(self, _: impl FnOnce() -> Step<'s, 'a>) {}
}

impl<'a, F: Fn(Step<'_, 'a>)> Trace<'a> for &F {
    fn note<'s>(self, step: impl FnOnce() -> Step<'s, 'a>) {
        self(step());
    }
}
