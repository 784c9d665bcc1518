//! The tests, one module a room.

mod cli;
mod config;
mod render;
