//! Keys as data: which keys mean which action where. Help and hints are made of the same table.

mod key;
mod table;

pub use key::name;
pub use table::{BINDINGS, Binding, Resolved, Scope, keys_of, resolve};

#[cfg(test)]
mod tests;
