//! One binary for all tests, its modules named for the rooms of `src/` or for what they hold a claim against.

mod changes;
mod cli;
mod config;
mod corpus;
mod ferret;
mod fuzz;
mod git;
mod handover;
mod hosts;
mod layers;
mod lint;
mod lint_mistakes;
mod load;
mod oracle;
mod peers;
mod rdata;
mod readme;
mod reload;
mod render;
mod respond;
mod signed;
mod state;
mod support;
mod transport;
mod zonefile;
