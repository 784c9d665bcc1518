//! The table of RR types.
