//! The bench's second guest: a greeting with std Rust, whose stack alone makes 1 MiB of memory, most of it never touched.

use std::env;

fn main() {
    let method = env::var("REQUEST_METHOD").unwrap_or_default();
    let path = env::var("PATH_INFO").unwrap_or_default();
    println!("Content-Type: text/plain\n\nHello from Rust: you asked with {method} for {path}");
}
