//! What a running server exchanges while others use it: values and numbers of places.

mod room;
mod value;

pub use room::Room;
pub use value::Live;
