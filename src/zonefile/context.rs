//! What one entry of a zone file takes over from those before it (RFC 1035 §5.1), and what a piece of a text guesses of it.

use crate::dns::Name;

/// What one entry takes over from those before it.
#[derive(Clone)]
pub(super) struct Context {
    /// What relative names are completed with.
    pub(super) origin: Name,
    /// `$TTL`, in seconds.
    pub(super) default_ttl: Option<u32>,
    /// The last TTL written on a record, in seconds.
    pub(super) last_ttl: Option<u32>,
    /// Where the last owner is in the arena, and the origin and text it was read from.
    pub(super) owner: Option<u32>,
    pub(super) owner_text: Vec<u8>,
    /// Whether the last `$ORIGIN` could be read; if not, records are read for their errors only.
    pub(super) is_origin_known: bool,
    /// Whether this is the state of a piece of a text: an owner or a TTL that it lacks may stand above it.
    is_piece: bool,
    /// Whether a piece met something that depends on the text above it.
    pub(super) is_doubtful: bool,
}

impl Context {
    /// A zone's start: its own name is the origin.
    pub(super) fn new(origin: Name) -> Self {
        Self {
            origin,
            default_ttl: None,
            last_ttl: None,
            owner: None,
            owner_text: Vec::new(),
            is_origin_known: true,
            is_piece: false,
            is_doubtful: false,
        }
    }

    /// The same for a piece of the text further down: its origin and `$TTL` may still hold there.
    pub(super) fn of_piece(&self) -> Self {
        let Self { default_ttl, is_origin_known, .. } = *self;
        Self { default_ttl, is_origin_known, is_piece: true, ..Self::new(self.origin.clone()) }
    }

    /// Whether a piece that starts from `guess` is read as if it started from this.
    pub(super) fn is_alike(&self, guess: &Self) -> bool {
        // The case of the origin shows in the names that it completes.
        self.origin.as_ref().octets() == guess.origin.as_ref().octets()
            && (self.default_ttl, self.is_origin_known) == (guess.default_ttl, guess.is_origin_known)
    }

    /// Goes on from a piece's end; where its owner is now, or the one before it, is for the caller to say.
    pub(super) fn follow(&mut self, piece: Self) {
        if piece.owner.is_some() {
            self.owner_text = piece.owner_text;
        }
        self.last_ttl = piece.last_ttl.or(self.last_ttl);
        (self.origin, self.is_origin_known, self.default_ttl) =
            (piece.origin, piece.is_origin_known, piece.default_ttl);
    }

    /// Notes that the text above would have to be known here, if this is a piece's.
    pub(super) fn doubt(&mut self) -> bool {
        self.is_doubtful |= self.is_piece;
        self.is_piece
    }

    /// Sets another origin: a repeated owner text no longer means the same name.
    pub(super) fn set_origin(&mut self, origin: Name) {
        self.origin = origin;
        self.is_origin_known = true;
        self.owner_text.clear();
    }

    /// Sets the owner that the next records inherit.
    pub(super) fn set_owner(&mut self, owner: Option<u32>, text: &[u8]) {
        self.owner = owner;
        self.owner_text.clear();
        self.owner_text.extend_from_slice(text);
    }

    /// A directive is about to be read that may turn out unreadable: what it would have said is then not held against the
    /// records below.
    pub(super) fn forget(&mut self, directive: &str) {
        match directive {
            "$ORIGIN" => self.is_origin_known = false,
            "$TTL" => self.lose_ttl(),
            _ => {}
        }
    }

    /// The records below may have meant to inherit a TTL that was not understood. The zone is not served in any case.
    pub(super) fn lose_ttl(&mut self) {
        if self.default_ttl.or(self.last_ttl).is_none() {
            self.doubt();
        }
        self.last_ttl = self.last_ttl.or(Some(0));
    }
}
