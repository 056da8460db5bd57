//! Finds the Python library for this package and tells the packages that link it (see `link.rs`).

fn main() {
    let python = pyo3_build_config::get();
    // A shared library is found again by its directory. A static one is part of the binary, which must then show its
    // symbols to the extension modules of the standard library.
    let argument = match (python.shared(), python.lib_dir()) {
        (true, Some(dir)) => format!("-Wl,-rpath,{dir}"),
        (true, None) => String::new(),
        (false, _) => "-rdynamic".to_owned(),
    };
    if !argument.is_empty() {
        println!("cargo::rustc-link-arg={argument}");
    }
    println!("cargo::metadata=link_argument={argument}");
    println!("cargo::rerun-if-changed=build/python.rs");
}
