//! The only reader of the environment and of `tidemill.toml`. Unknown keys are errors.
//!
//! Each setting is declared once, in [`Settings`], as a flag, an environment variable and a key of the file; [`keys`] reads
//! the table of all settings off these flags. A flag wins over the environment, the environment over the file, the file over
//! the default. Start at [`Loaded::load`].

mod args;
mod database_url;
mod error;
mod file;
mod key;
mod loaded;
mod origin;
mod proxy_url;
mod sample;
mod secret_text;
mod serve;
mod settings;
mod tls;

#[cfg(test)]
mod document_tests;
#[cfg(test)]
mod tests;

pub use args::ServeArgs;
pub use database_url::DatabaseUrl;
pub use error::Error;
pub use file::CONFIG_FILE;
pub use key::{Key, RELOADED, keys};
pub use loaded::{Loaded, Shown};
pub use origin::Origin;
pub use proxy_url::ProxyUrl;
pub use sample::sample;
pub use secret_text::SecretText;
pub use serve::{Retention, ServeConfig};
pub use settings::{LogFormat, Role, Settings};
pub use tls::{AcmeOptions, Tls, TlsFiles};
