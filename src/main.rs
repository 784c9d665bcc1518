//! Arguments in, one command run, its exit code out: 0 no errors, 1 errors found, 2 could not run.

/// What loading a large zone freed goes back to the system, and is not kept for the life of the process.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    zonewright::cli::main()
}
