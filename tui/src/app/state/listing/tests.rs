use super::*;
use crate::app::state::{samples, testing};

fn listing(subject: Subject, data: &crate::app::data::Data) -> Listing {
    let mut listing = Listing::new(subject, testing::now());
    listing.put(testing::now(), Ok(data));
    listing
}

#[test]
fn every_row_has_a_cell_per_column_and_an_own_id() {
    for (root, query, data) in samples::answers() {
        let crate::app::state::Screen::Listing(screen) = root.screen(testing::now()) else { unreachable!("{root:?}") };
        assert_eq!(screen.subject.query(), query);
        let entries = screen.subject.entries(&data, testing::now());
        assert!(!entries.is_empty(), "{root:?}");
        for entry in &entries {
            assert_eq!(entry.cells.len(), screen.subject.spec().columns.len(), "{entry:?}");
            assert!(entry.command.starts_with("tidemill "), "{entry:?}");
            assert_eq!(entries.iter().filter(|other| other.id == entry.id).count(), 1, "{entry:?}");
        }
    }
}

#[test]
fn the_columns_of_every_listing_fit_a_narrow_screen() {
    for screen in samples::screens() {
        let crate::app::state::Screen::Listing(listing) = screen else { continue };
        let shown = listing.subject.spec().columns.iter().filter(|column| column.from <= 80);
        let least: u16 = shown.map(|column| column.width + 2).sum();
        assert!(least < 80, "{} takes {least} columns", listing.subject.spec().noun);
    }
}

#[test]
fn a_filter_narrows_and_an_order_orders() {
    let data = crate::app::data::Data::Metrics(samples::metrics());
    let mut listing = listing(Subject::Metrics, &data);
    assert_eq!(listing.list.keys(), ["invoice-sync", "order-intake", "nightly-etl"]);
    listing.sort = Some(Sort { column: 1, falling: true });
    listing.refresh();
    assert_eq!(listing.list.keys(), ["order-intake", "invoice-sync", "nightly-etl"]);
    listing.filter = "SYNC".into();
    listing.refresh();
    assert_eq!(listing.list.keys(), ["invoice-sync"]);
}

#[test]
fn an_error_leaves_what_was_read_before() {
    let mut listing = listing(Subject::Secrets, &crate::app::data::Data::Secrets(samples::secrets()));
    let failure = crate::app::event::Failure { code: "x".into(), message: "no".into(), request_id: None };
    listing.put(testing::now() + EVERY, Err(failure));
    assert_eq!(listing.list.keys().len(), 2);
    assert_eq!(listing.due(), testing::now() + EVERY + EVERY);
}
