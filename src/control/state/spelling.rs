//! Octets in JSON, whose strings are UTF-8: hashes in hexadecimal, paths with `%` before what could not stand there.

/// A path, of any octets.
pub(super) mod path {
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    use std::path::{Path, PathBuf};

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    /// `%` and what is not UTF-8 are written as `%` and two hexadecimal digits.
    pub(in super::super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = String::new();
        for chunk in path.as_os_str().as_bytes().utf8_chunks() {
            written.push_str(&chunk.valid().replace('%', "%25"));
            chunk.invalid().iter().for_each(|octet| written.push_str(&format!("%{octet:02x}")));
        }
        serializer.serialize_str(&written)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        let written = String::deserialize(deserializer)?;
        let mut parts = written.split('%');
        let mut octets = parts.next().unwrap_or_default().as_bytes().to_vec();
        for part in parts {
            let (digits, rest) = part.split_at_checked(2).ok_or_else(|| D::Error::custom("a path ends in `%`"))?;
            octets.push(u8::from_str_radix(digits, 16).map_err(D::Error::custom)?);
            octets.extend_from_slice(rest.as_bytes());
        }
        Ok(OsString::from_vec(octets).into())
    }
}

/// A hash, in hexadecimal.
pub(super) mod hash {
    use data_encoding::HEXLOWER;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::super::Hash;

    pub(in super::super) fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HEXLOWER.encode(hash))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let written = String::deserialize(deserializer)?;
        let octets = HEXLOWER.decode(written.as_bytes()).map_err(D::Error::custom)?;
        octets.try_into().map_err(|_| D::Error::custom("a hash has 32 octets"))
    }
}
