//! Signing in: sessions, passwords, second factors, devices.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{SessionId, UserId};

/// Who wants to sign in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SignIn {
    /// The e-mail address.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 3, max_length = 254)))]
    pub email: String,
    /// The password.
    pub password: String,
    /// The code of the second factor, or a recovery code, if the account has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
    /// What signs in, to recognise the session by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 100)))]
    pub name: Option<String>,
}

/// Somewhere that you are signed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SessionView {
    /// The session's id.
    pub id: SessionId,
    /// What signed in.
    pub name: String,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub address: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// Whether this request came with it.
    pub current: bool,
}

/// A new session with its secret, shown this one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SessionCreated {
    /// The secret: send it as `Authorization: Bearer …`.
    pub secret: String,
    /// The user.
    pub user_id: UserId,
    /// The session.
    pub session: SessionView,
}

/// Where you are signed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SessionList {
    /// The sessions, newest first.
    pub items: Vec<SessionView>,
}

/// A new password.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PasswordChange {
    /// The new password: 12 to 1024 characters.
    pub password: String,
    /// The present password, if there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub current: Option<String>,
    /// The e-mail address to sign in with, where the account has none yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 254)))]
    pub email: Option<String>,
    /// The code of the second factor, if the account has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
}

/// A new password for who has a link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PasswordReset {
    /// The secret in the link.
    pub secret: String,
    /// The new password: 12 to 1024 characters.
    pub password: String,
}

/// A link that sets a new password once, shown this one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PasswordResetLink {
    /// The link to send.
    pub link: String,
    /// The secret in it.
    pub secret: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// The shared secret of a new second factor (RFC 6238), shown this one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TotpEnrolled {
    /// The secret, in base 32.
    pub secret: String,
    /// The same as an `otpauth:` URL, for a QR code.
    pub url: String,
}

/// A code of the second factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TotpCode {
    /// Six digits, or a recovery code.
    pub code: String,
}

/// Codes that replace the second factor, each once; shown this one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RecoveryCodes {
    /// The codes.
    pub codes: Vec<String>,
}

/// A device that wants to be signed in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeviceBegin {
    /// What it is, to recognise the session by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 100)))]
    pub name: Option<String>,
}

/// What the device shows, and how it asks (RFC 8628 §3.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeviceBegun {
    /// For the device itself: what it asks with.
    pub device_code: String,
    /// For a person to type.
    pub user_code: String,
    /// Where to type it.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: String,
    /// Seconds until the codes end.
    pub expires_in: u32,
    /// Seconds to wait between two questions.
    pub interval: u32,
}

/// Asks whether the device is signed in by now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeviceRedeem {
    /// The code that the device was given.
    pub device_code: String,
}

/// Signs a device in, or refuses it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeviceApprove {
    /// The code that the device shows.
    pub user_code: String,
    /// Whether to sign it in.
    pub approve: bool,
}
