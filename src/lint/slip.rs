//! Names that are one slip of the finger apart.
//!
//! In: two domains. Out: whether one looks like the other misspelt. Lists of top-level domains here are short on purpose:
//! they hold what people type, and a slip that is missed costs less than a healthy name that is told of.

use crate::dns::NameRef;

/// Generic top-level domains that people write in zone files. Two letters are a country's, whichever they are.
const GENERIC: &[&[u8]] = &[
    b"com",
    b"net",
    b"org",
    b"edu",
    b"gov",
    b"mil",
    b"int",
    b"info",
    b"biz",
    b"name",
    b"arpa",
    b"app",
    b"dev",
    b"cloud",
    b"tech",
    b"online",
    b"site",
    b"xyz",
    b"systems",
    b"network",
    b"email",
    b"hosting",
    b"services",
    b"software",
];

/// Whether a label is a top-level domain, as far as is known here.
pub(super) fn is_top_level(label: &[u8]) -> bool {
    let is_country = label.len() == 2 && label.iter().all(u8::is_ascii_alphabetic);
    is_country || GENERIC.iter().any(|known| known.eq_ignore_ascii_case(label))
}

/// Octets of the shortest label in which two slips are still no other word.
const LONG: usize = 8;

/// Whether `name` is `model` misspelt in one label: by one slip, or by two in a long label.
///
/// Digits are no slips, or `ns1.dc1` and `ns1.dc2` were; nor is another top-level domain, which registrars sell by the set.
pub(super) fn is_slip_of(name: NameRef<'_>, model: NameRef<'_>) -> bool {
    let lengths = name.octets().len().abs_diff(model.octets().len());
    if lengths > 2 || name.is(model) || name.label_count() != model.label_count() {
        return false;
    }
    let mut differing = name.labels().zip(model.labels()).enumerate().filter(|(_, (a, b))| !a.eq_ignore_ascii_case(b));
    let (Some((at, (one, other))), None) = (differing.next(), differing.next()) else { return false };
    let is_last = at + 1 == name.label_count();
    if is_last && is_top_level(one) {
        return false;
    }
    is_slip(one, other)
}

/// Whether a label is another misspelt.
fn is_slip(one: &[u8], other: &[u8]) -> bool {
    let text = |label: &[u8]| String::from_utf8_lossy(label).to_ascii_lowercase();
    let (one, other) = (text(one), text(other));
    let letters = |text: &str| text.chars().filter(|char| !char.is_ascii_digit()).collect::<String>();
    if other.len() < 3 || letters(&one) == letters(&other) {
        return false;
    }
    // Labels have 63 octets at most, so the time is bounded.
    let distance = strsim::damerau_levenshtein(&one, &other);
    distance == 1 || (distance == 2 && other.len() >= LONG)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Name;

    #[test]
    fn slips_are_told_from_other_names() {
        let table = [
            ("almalinust.org", "almalinux.org", true),
            ("almalinux.ogr", "almalinux.org", true),
            ("almalinux.rog", "almalinux.org", true),
            ("almlainux.org", "almalinux.org", true),
            ("almalinux.org", "almalinux.org", false),
            ("almalinux.id", "almalinux.im", false),
            ("almalinux.com", "almalinux.org", false),
            ("rockylinux.org", "almalinux.org", false),
            ("a.example.net", "b.example.net", false),
            ("dc1.example.net", "dc2.example.net", false),
            ("exmaple.net", "example.net", true),
            ("examples.net", "example.net", true),
        ];
        for (name, model, wanted) in table {
            let (name, model) = (Name::absolute(name).expect("a name"), Name::absolute(model).expect("a name"));
            assert_eq!(is_slip_of(name.as_ref(), model.as_ref()), wanted, "{name} {model}");
        }
    }
}
