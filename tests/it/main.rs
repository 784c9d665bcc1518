//! One binary for all tests, its modules named for the rooms of `src/` or for what they hold a claim against.

mod cli;
mod config;
mod ferret;
mod hosts;
mod layers;
mod oracle;
mod peers;
mod render;
mod respond;
mod support;
