//! The `harness` command.

use std::process::ExitCode;

/// Worlds are made and thrown away by the hundred: a third of the time of
/// random walks would go into the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    harness::cli::main()
}
