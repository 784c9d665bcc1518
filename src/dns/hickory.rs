//! Where hickory-proto's types are met.
