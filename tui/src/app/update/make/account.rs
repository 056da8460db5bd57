//! Forms about whoever asks: password, second factor, devices, the end of the account.

use chrono::{DateTime, Utc};
use tidemill_common::api::account::{AccountErase, AccountView};

use super::house;
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::order::{AccountOrder, Order};
use crate::app::state::State;
use crate::app::state::form::{Entry, Field, Form, Purpose};
use crate::app::state::settings::Setting;
use crate::app::update::ask::{self, Ask};

/// The form that changes what the cursor is on in the settings.
pub fn setting(setting: Setting, state: &State) -> Option<Form> {
    match setting {
        Setting::Password => state.account.as_ref().map(|account| password(account, state.now)),
        Setting::SecondFactor => Some(second_factor(state.now)),
        Setting::Devices => Some(device(state.now)),
        _ => house::rename_own(setting, state),
    }
}

fn hidden(label: &str, help: &str) -> Field {
    Field::new(label, "", Entry::Hidden, help)
}

fn password(account: &AccountView, now: DateTime<Utc>) -> Form {
    let mut fields = vec![
        hidden("present", "the present password; empty where there is none yet"),
        hidden("new", "the new one; never shown, here or later"),
        hidden("again", "the new one once more"),
        hidden("code", "of your second factor, if it is on; else empty"),
    ];
    if account.email.is_none() {
        fields.push(Field::new("e-mail", "", Entry::Text, "the address to sign in with: your account has none yet"));
    }
    let note = "your other sessions end; this one and your tokens stay".to_owned();
    Form::new("another password", Purpose::Password, fields, now).notes([note])
}

fn second_factor(now: DateTime<Utc>) -> Form {
    let what = "on: shows a secret; confirm: takes the first code; off: takes a code";
    let fields = vec![
        Field::choice("do", &["on", "confirm", "off"], what),
        hidden("code", "confirm: the app's first code; off: a code, or a recovery code; on: none"),
    ];
    Form::new("the second factor", Purpose::SecondFactor, fields, now)
}

/// Asks for the first code of a second factor that was begun.
pub fn first_code(now: DateTime<Utc>) -> Form {
    let fields = vec![hidden("code", "six digits; after esc it is still off, and `confirm` takes them later")];
    Form::new("the first code of your authenticator app", Purpose::FirstCode, fields, now)
}

fn device(now: DateTime<Utc>) -> Form {
    let fields = vec![
        Field::new("code", "", Entry::Text, "what the device shows, such as BCDF-GHJK"),
        Field::choice("answer", &["sign in", "refuse"], "sign in only what you began yourself: it can do what you can"),
    ];
    let note = "whoever holds that device gets a session of yours; gk shows and ends it".to_owned();
    Form::new("sign a device in", Purpose::Device, fields, now).notes([note])
}

/// Asks whether the account is to be erased.
pub fn erase(state: &mut State) -> Vec<Effect> {
    let Some(account) = &state.account else { return Vec::new() };
    let name = account.name.clone();
    let question = format!("erase your account {name}?");
    let notes = vec![
        "memberships, tokens, sessions, name and address are gone for good; what you made stays".to_owned(),
        "this program ends with it; S keeps before what the server knows of you".to_owned(),
    ];
    let orders = vec![Order::Account(AccountOrder::Erase(AccountErase { confirm: name.clone() }))];
    ask::ask(state, Ask { action: Action::Remove, question, notes, word: name, orders })
}
