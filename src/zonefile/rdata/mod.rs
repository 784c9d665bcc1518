//! The table of RR types.
use super::Fields;
use crate::diagnostic::*;
use crate::dns::*;
pub fn parse(_rtype: Rtype, _fields: &mut Fields<'_>, _out: &mut Vec<u8>) -> Result<(), Box<Diagnostic>> {
    todo!()
}
pub fn from_mnemonic(_text: &[u8]) -> Option<Rtype> {
    todo!()
}
pub struct Mnemonic(pub Rtype);
impl std::fmt::Display for Mnemonic {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
pub struct EmbeddedName {
    pub start: usize,
    pub end: usize,
    pub compress: bool,
    pub canonical_lower: bool,
}
pub fn names(_rtype: Rtype, _rdata: &[u8]) -> impl Iterator<Item = EmbeddedName> {
    std::iter::empty()
}
pub fn canonical(_rtype: Rtype, rdata: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    rdata.into()
}
