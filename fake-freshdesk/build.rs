//! Links the binary at a fixed address where the linker is known to do so.
//!
//! A position-independent binary of this size has 45,000 addresses that the
//! loader writes into it at each start. Without them a helpdesk with 1,000
//! tickets takes 14.4 MB in place of 16.1: much, for a tool that is started by
//! the dozen in tests, and that listens on loopback.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}"));
    let gnu_linux = target("OS").as_deref() == Ok("linux") && target("ENV").as_deref() == Ok("gnu");
    if gnu_linux {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
