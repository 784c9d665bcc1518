//! Arguments in, one command run, its exit code out: 0 no errors, 1 errors found, 2 could not run.

fn main() -> std::process::ExitCode {
    zonewright::cli::main()
}
