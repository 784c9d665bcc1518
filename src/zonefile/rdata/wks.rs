//! The ports of WKS records: a bitmap, the first bit being port 0 (RFC 1035 §3.4.2).

use std::fmt::{self, Write};

use super::bitmap::set_bits;
use super::number::decimal;
use super::services;
use super::text::{Reader, Result};

/// Reads the ports that are left, as numbers or as names of well-known services.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<()> {
    let start = reader.out.len();
    while reader.fields.peek().is_some() {
        let token = reader.word()?;
        let text = reader.fields.text(token);
        let port = decimal(text, u64::from(u16::MAX)).or_else(|| services::port(text).map(u64::from));
        let Some(port) = port else {
            let finding = reader.expected(token);
            return Err(Box::new(
                finding.label("no port (0–65535), and no service known here").fix("write its number"),
            ));
        };
        let at = start + port as usize / 8;
        if at >= reader.out.len() {
            reader.out.resize(at + 1, 0);
        }
        reader.out[at] |= 0x80 >> (port % 8);
    }
    Ok(())
}

/// Whether this is a bitmap of at most 65,536 ports, without zeros at its end.
pub(super) fn is_valid(octets: &[u8]) -> bool {
    octets.len() <= 8192 && octets.last() != Some(&0)
}

/// Prints the ports.
pub(super) fn print(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, port) in set_bits(octets).enumerate() {
        if index > 0 {
            f.write_char(' ')?;
        }
        write!(f, "{port}")?;
    }
    Ok(())
}
