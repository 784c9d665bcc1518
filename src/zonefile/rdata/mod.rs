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
