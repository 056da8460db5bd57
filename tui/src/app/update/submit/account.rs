//! What forms about whoever asks send.

use tidemill_common::api::session::{DeviceApprove, PasswordChange, TotpCode};

use super::{Wrong, filled, hidden, needed};
use crate::app::order::{AccountOrder, Order};
use crate::app::state::form::Form;

/// Another password.
pub fn password(form: &Form) -> Result<Order, Wrong> {
    let (new, present) = (hidden(form, "new"), hidden(form, "present"));
    if new.is_empty() {
        return Err(("new".into(), "a new password is needed".into()));
    }
    if new != hidden(form, "again") {
        return Err(("again".into(), "this is not the same as the new one".into()));
    }
    let current = Some(present.to_owned()).filter(|present| !present.is_empty());
    let wanted =
        PasswordChange { password: new.to_owned(), current, email: filled(form, "e-mail"), code: filled(form, "code") };
    Ok(Order::Account(AccountOrder::Password(Box::new(wanted))))
}

/// The second factor, on, confirmed or off.
pub fn second_factor(form: &Form) -> Result<Order, Wrong> {
    Ok(Order::Account(match form.text("do") {
        "off" => AccountOrder::FactorEnd(code(form)?),
        "confirm" => AccountOrder::FactorConfirm(code(form)?),
        _ => AccountOrder::FactorBegin,
    }))
}

/// Its first code.
pub fn first_code(form: &Form) -> Result<Order, Wrong> {
    Ok(Order::Account(AccountOrder::FactorConfirm(code(form)?)))
}

fn code(form: &Form) -> Result<TotpCode, Wrong> {
    Ok(TotpCode { code: needed(form, "code")? })
}

/// The answer to a device.
pub fn device(form: &Form) -> Result<Order, Wrong> {
    let answer = DeviceApprove { user_code: needed(form, "code")?, approve: form.text("answer") == "sign in" };
    Ok(Order::Account(AccountOrder::Device(answer)))
}
