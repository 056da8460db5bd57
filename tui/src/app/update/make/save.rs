//! The form that asks where a file goes.

use tidemill_common::api::billing::InvoiceView;

use super::{house, show};
use crate::app::given::Given;
use crate::app::state::form::{Entry, Field, Form, Purpose};
use crate::app::state::listing::Subject;
use crate::app::state::{Screen, State};

/// Opens it for what the screen has.
pub fn form(state: &mut State) {
    let Some((given, notes)) = given(state) else { return };
    let help = "where this program runs (over ssh: the far machine); overwrites nothing";
    let field = Field::new("path", given.name(state.now), Entry::Text, help);
    let title = format!("write {} into a file", given.about());
    let form = Form::new(title, Purpose::Save(given), vec![field], state.now).notes(notes);
    show(state, form);
}

/// What the screen has that is a file, and what to know of it.
fn given(state: &State) -> Option<(Given, Vec<String>)> {
    match state.screen() {
        Screen::Listing(listing) => match &listing.subject {
            Subject::Audit(filter) => {
                let mut notes = vec![
                    "all that op: kind: which: and since: let through, not only what is loaded".to_owned(),
                    "a name that ends in .jsonl gets a line of JSON per entry, any other comma-separated values".to_owned(),
                ];
                if filter.whole {
                    notes.push("of this workspace: of the organization as a whole there is no file".to_owned());
                }
                Some((Given::Audit(filter.clone()), notes))
            }
            Subject::Invoices => {
                let invoice = house::selected::<InvoiceView>(state)?;
                Some((Given::Invoice(invoice.id, invoice.number), vec!["a page for browsers, to print or to send".to_owned()]))
            }
            _ => None,
        },
        Screen::Settings(_) => Some((Given::Account, vec!["all that the server keeps about you, as JSON".to_owned()])),
        _ => None,
    }
}
