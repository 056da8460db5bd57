//! The only reader of the environment and of `tidemill.toml`. Unknown keys are errors.
//!
//! Each setting is declared once, in [`Settings`], as a flag, an environment variable and a key of the file. A flag wins
//! over the environment, the environment over the file, the file over the default. Start at [`ServeConfig::load`].

mod database_url;
mod error;
mod file;
mod proxy_url;
mod secret_text;
mod serve;
mod settings;

#[cfg(test)]
mod tests;

pub use database_url::DatabaseUrl;
pub use error::Error;
pub use file::CONFIG_FILE;
pub use proxy_url::ProxyUrl;
pub use secret_text::SecretText;
pub use serve::{Retention, ServeConfig};
pub use settings::{LogFormat, Role, ServeArgs, Settings};
