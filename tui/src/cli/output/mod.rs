//! What commands print, in every format. Data goes to stdout, notices to stderr.
//!
//! Start at [`Printer`]; [`Row`] says how a thing looks as one line of a table.

mod approval_rows;
mod billing_rows;
mod bulk_rows;
mod dead_letter_rows;
mod format;
mod node_rows;
mod paint;
mod people_rows;
mod printer;
mod row;
mod rows;
mod shape;
mod subscription_rows;
mod table;
mod yaml;

pub use format::{ColorChoice, Format};
pub use paint::{Paint, Tone, plain_text};
pub use printer::{Printer, complain, write, write_bytes, write_line};
pub use row::rfc3339;
pub use row::{Cell, Column, Row};
pub use rows::{ContextRow, execution_tone};
pub use shape::Shape;
pub use table::{Layout, render};
pub use yaml::to_yaml;

#[cfg(test)]
mod tests;
