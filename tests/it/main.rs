//! The tests.

mod rdata;
