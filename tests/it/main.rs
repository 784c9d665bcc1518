//! One binary for all tests, its modules named for the rooms of `src/` or for what they hold a claim against.

mod cli;
mod config;
mod corpus;
mod ferret;
mod layers;
mod oracle;
mod rdata;
mod render;
mod support;
mod zonefile;
