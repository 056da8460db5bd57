//! Finds the Python library for this package and tells the packages that link it (see `link.rs`); with the feature `bundled`,
//! finds what the binary is to carry.

use std::env;
use std::path::PathBuf;

/// Shows the interpreter's own symbols, and no others, to the extension modules of the standard library.
const SHOWN: &str = "-Wl,--export-dynamic-symbol=Py*,--export-dynamic-symbol=_Py*";
/// Takes from `packaging/older.c` what the C library has in its newest versions only.
const OLDER: &str = ",--wrap=hypot,--wrap=arc4random_buf";

fn main() {
    let python = pyo3_build_config::get();
    let bundled = env::var_os("CARGO_FEATURE_BUNDLED").is_some();
    // A shared library is found again by its directory. A static one is part of the binary.
    let argument = match (python.shared(), python.lib_dir()) {
        (true, Some(dir)) => format!("-Wl,-rpath,{dir}"),
        (true, None) => String::new(),
        (false, _) => format!("{SHOWN}{}", if bundled { OLDER } else { "" }),
    };
    if !argument.is_empty() {
        println!("cargo::rustc-link-arg={argument}");
    }
    println!("cargo::metadata=link_argument={argument}");
    println!("cargo::rerun-if-changed=build/python.rs");
    println!("cargo::rerun-if-env-changed=TIDEMILL_BUNDLE");
    if bundled {
        bundle();
    }
}

/// The files that `packaging/bundle` made.
fn bundle() {
    let Some(directory) = env::var_os("TIDEMILL_BUNDLE").map(PathBuf::from) else {
        println!("cargo::error=the feature `bundled` needs what packaging/bundle makes: build it with `make dist`");
        return;
    };
    println!("cargo::rustc-env=TIDEMILL_BUNDLE={}", directory.display());
    for name in ["postgres", "python"] {
        for ending in ["manifest", "tar.zst"] {
            println!("cargo::rerun-if-changed={}", directory.join(format!("{name}.{ending}")).display());
        }
    }
}
