//! Orders about whoever asks: password, second factor, devices, the session, the end of the account.

use tidemill_common::api::account::AccountErase;
use tidemill_common::api::session::{DeviceApprove, PasswordChange, TotpCode};

/// An order about one's own account.
#[derive(Clone, PartialEq)]
pub enum AccountOrder {
    /// Set another password.
    Password(Box<PasswordChange>),
    /// Begin a second factor.
    FactorBegin,
    /// Switch it on with its first code.
    FactorConfirm(TotpCode),
    /// Switch it off.
    FactorEnd(TotpCode),
    /// Sign a device in that shows a code, or refuse it.
    Device(DeviceApprove),
    /// End the session of this name: the one that we look through.
    SignOut(String),
    /// Erase the account.
    Erase(AccountErase),
}

/// What was typed stays out of every log.
impl std::fmt::Debug for AccountOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountOrder").field("about", &self.about()).field("verbed", &self.verbed()).finish_non_exhaustive()
    }
}

impl AccountOrder {
    /// What it is about, for people.
    pub fn about(&self) -> String {
        match self {
            Self::Password(_) => "your password".into(),
            Self::FactorBegin | Self::FactorConfirm(_) | Self::FactorEnd(_) => "your second factor".into(),
            Self::Device(_) => "the device".into(),
            Self::SignOut(name) => name.clone(),
            Self::Erase(_) => "your account".into(),
        }
    }

    /// What was done.
    pub fn verbed(&self) -> &'static str {
        match self {
            Self::Password(_) => "changed",
            Self::FactorBegin => "begun",
            Self::FactorConfirm(_) => "switched on",
            Self::FactorEnd(_) => "switched off",
            Self::Device(DeviceApprove { approve: true, .. }) => "signed in",
            Self::Device(_) => "refused",
            Self::SignOut(_) => "ended",
            Self::Erase(_) => "erased",
        }
    }

    /// Whether nothing can be asked of the server any more once it is done.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::SignOut(_) | Self::Erase(_))
    }
}
