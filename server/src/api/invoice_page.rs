//! Invoices as pages: no script, nothing from elsewhere, everything escaped.

use std::sync::LazyLock;

use minijinja::{Environment, context};
use tidemill_common::api::billing::{InvoiceLine, InvoiceState, InvoiceView};

use super::problem::{self, ProblemError};
use crate::domain::billing::format_cents;

/// Templates whose name ends in `.html` escape what is put into them.
static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.add_template("invoice.html", include_str!("invoice.html")).expect("the page is a template");
    pages
});

/// The page of an invoice that `payer` pays.
pub(super) fn page(invoice: &InvoiceView, payer: &str) -> Result<String, ProblemError> {
    let currency = invoice.currency.as_str();
    let amount = move |cents| format_cents(cents, currency);
    let day = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d").to_string();
    let line = |line: &InvoiceLine| (line.text.clone(), amount(line.cents));
    let lines: Vec<_> = invoice.lines.iter().map(line).collect();
    let state = match invoice.state {
        InvoiceState::Open => "to be paid",
        InvoiceState::Overdue => "overdue",
        InvoiceState::Paid => "paid",
        InvoiceState::Void => "void",
    };
    let values = context! {
        number => invoice.number,
        payer,
        lines,
        state,
        total => amount(invoice.total_cents),
        at => day(invoice.at),
        from => day(invoice.period_start),
        to => day(invoice.period_end),
        due => day(invoice.due_at),
        paid => invoice.paid_at.map(day),
    };
    let rendered = PAGES.get_template("invoice.html").and_then(|page| page.render(values));
    rendered.map_err(|error| {
        tracing::error!(%error, "an invoice can't be shown");
        problem::internal().into()
    })
}

#[cfg(test)]
mod tests {
    use tidemill_common::ids::OrganizationId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_people_wrote_is_text_and_nothing_else() {
        let at: chrono::DateTime<chrono::Utc> = "2026-06-01T00:00:00Z".parse().unwrap();
        let invoice = InvoiceView {
            id: Uuid::nil(),
            number: 7,
            organization_id: OrganizationId(Uuid::nil()),
            at,
            period_start: at,
            period_end: at,
            currency: "usd".to_owned(),
            lines: vec![InvoiceLine { text: "Pro, a month".to_owned(), cents: 2900 }],
            total_cents: 2900,
            state: InvoiceState::Open,
            due_at: at,
            paid_at: None,
        };
        let page = page(&invoice, "<script>alert(1)</script>").unwrap();
        assert!(
            page.contains("29.00 USD") && page.contains("Invoice 7") && page.contains("To be paid, until 2026-06-01"),
            "{page}"
        );
        assert!(!page.contains("<script"), "{page}");
    }
}
