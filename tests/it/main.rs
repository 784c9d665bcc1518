//! One binary for all tests, its modules named for the rooms of `src/` or for what they hold a claim against.

mod ferret;
mod layers;
mod oracle;
mod support;
