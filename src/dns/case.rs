//! Octets without regard to the case of ASCII letters (RFC 4343), a word at a time.

/// Eight octets with their ASCII letters in lower case.
#[inline]
pub(crate) fn lower(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let low = word & (0x7F * EACH);
    // The highest bit of each octet: whether the octet is at least `A`, and whether it is past `Z`.
    let (from_a, past_z) = (low + (0x80 - 0x41) * EACH, low + (0x80 - 0x5B) * EACH);
    let is_upper = from_a & !past_z & !word & (0x80 * EACH);
    word | is_upper >> 2
}

/// Whether octets are the same but for the case of ASCII letters; in words, for names are short, and most often alike to the
/// letter.
#[inline]
pub(crate) fn is_alike(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let same = |(a, b): (&[u8; 8], &[u8; 8])| {
        let (a, b) = (u64::from_le_bytes(*a), u64::from_le_bytes(*b));
        a == b || lower(a) == lower(b)
    };
    match (a.last_chunk(), b.last_chunk()) {
        // The last word overlaps the one before it.
        (Some(last), Some(other)) => a.as_chunks().0.iter().zip(b.as_chunks().0).all(same) && same((last, other)),
        _ => a.iter().zip(b).all(|(a, b)| a.eq_ignore_ascii_case(b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_lowered_and_nothing_else_is() {
        for octet in 0..=u8::MAX {
            for place in 0..8 {
                let word = u64::from(octet) << (8 * place) | 0x5A5A_5A5A_5A5A_5A5A & !(0xFF << (8 * place));
                let octets = word.to_le_bytes().map(|octet| octet.to_ascii_lowercase());
                assert_eq!(lower(word), u64::from_le_bytes(octets), "{octet:#x} at {place}");
            }
        }
    }

    #[test]
    fn octets_are_alike_whatever_their_case_and_length() {
        for length in 0..40 {
            let one: Vec<u8> = (0..length).map(|octet: u8| octet.wrapping_mul(7).wrapping_add(60)).collect();
            assert!(is_alike(&one, &one.to_ascii_uppercase()) && !is_alike(&one, &[&one[..], b"x"].concat()));
            for place in 0..one.len() {
                let mut other = one.clone();
                other[place] ^= 0x80;
                assert!(!is_alike(&one, &other), "{length} {place}");
            }
        }
    }
}
