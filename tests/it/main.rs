//! One binary for all tests, its modules named for the rooms of `src/` or for what they hold a claim against.

mod cli;
mod config;
mod corpus;
mod diff;
mod expect;
mod explain;
mod ferret;
mod fuzz;
mod hosts;
mod layers;
mod lint;
mod load;
mod oracle;
mod peers;
mod rdata;
mod readme;
mod reload;
mod render;
mod respond;
mod signed;
mod support;
mod zonefile;
