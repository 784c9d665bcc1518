//! Names as they are written, to the wire, with findings.
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::{self, NameRef};
use crate::source::Span;

/// Appends the name that `text`, which stands at `at`, writes.
pub(super) fn push(
    text: &[u8],
    at: Span,
    origin: Option<NameRef<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), Box<Diagnostic>> {
    dns::push_name(text, origin, out).map_err(|error| {
        let span = Span { file: at.file, start: at.start + error.start as u32, end: at.start + error.end as u32 };
        Box::new(Diagnostic::new(&codes::BAD_NAME, span, error.to_string()))
    })
}
