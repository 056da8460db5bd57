//! Lets a binary that contains the server find the Python library at run time.

use std::env;

fn main() {
    if let Some(argument) = env::var("DEP_TIDEMILL_PYTHON_LINK_ARGUMENT").ok().filter(|argument| !argument.is_empty()) {
        println!("cargo::rustc-link-arg={argument}");
    }
    println!("cargo::rerun-if-changed={}", file!());
}
