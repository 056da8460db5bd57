//! Who may come to a webhook: how often, from which networks, from scripts of which pages.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::{ids, senders};
use crate::domain::workflow::document::{Cursor, Found, Problems, shorten};
use crate::domain::workflow::plan::{Cors, DeliveryLimit};

/// The fields of `rate_limit`.
pub(super) const RATE_LIMIT_FIELDS: [&str; 2] = ["limit", "per"];
/// The fields of `cors`.
pub(super) const CORS_FIELDS: [&str; 2] = ["origins", "headers"];
/// Most deliveries of a rate limit.
const MOST_DELIVERIES: u32 = 1_000_000;
/// Most networks, origins and headers.
const MOST: usize = 100;

/// Reads `rate_limit`.
pub(super) fn rate_limit(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<DeliveryLimit> {
    let fields = field.fields(problems)?;
    fields.expect(problems, &RATE_LIMIT_FIELDS, &[]);
    let limit = fields.required(problems, "limit").and_then(|field| field.integer(problems, 1, MOST_DELIVERIES));
    let day = Duration::from_secs(24 * 60 * 60);
    let second = Duration::from_secs(1);
    let per = fields.get("per").map_or(Some(second), |field| ids::duration(&field, problems, second, day));
    Some(DeliveryLimit { limit: limit?, per: per? })
}

/// Reads `allow_ips`.
pub(super) fn networks(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Vec<IpNet>> {
    let items = some(field, problems)?;
    let read: Vec<Option<IpNet>> = items.iter().map(|item| network(item, problems)).collect();
    read.into_iter().collect()
}

fn network(item: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<IpNet> {
    let text = item.text_as(problems, "a network such as 203.0.113.0/24, or one address")?.value.trim();
    let whole = [text.to_owned(), format!("{text}/32"), format!("{text}/128")];
    let found = whole.iter().filter(|text| text.matches('/').count() == 1).find_map(|text| text.parse().ok());
    if found.is_none() {
        let message = format!("`{}` is neither a network nor an address", shorten(text));
        item.report(problems, Found::new("invalid_network", message).hint("examples are 203.0.113.0/24 and 2001:db8::1"));
    }
    found
}

/// Reads `cors`.
pub(super) fn cors(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Cors> {
    let fields = field.fields(problems)?;
    fields.expect(problems, &CORS_FIELDS, &[]);
    let listed = fields.required(problems, "origins")?;
    let items = some(&listed, problems)?;
    let origins: Vec<Option<String>> = items.iter().map(|item| origin(item, items.len() == 1, problems)).collect();
    let headers: Option<Vec<Arc<str>>> = match fields.get("headers") {
        None => Some(Vec::new()),
        Some(field) => {
            let names: Vec<_> = some(&field, problems)?.iter().map(|item| senders::header(item, problems)).collect();
            names.into_iter().collect()
        }
    };
    Some(Cors { origins: origins.into_iter().collect::<Option<_>>()?, headers: headers? })
}

/// Scheme, host and perhaps port, as browsers write it; or `*` alone.
fn origin(item: &Cursor<'_>, alone: bool, problems: &mut Problems<'_>) -> Option<String> {
    let text = item.text_as(problems, "an origin such as https://shop.example.com")?.value.as_str();
    if text == "*" && alone {
        return Some(text.to_owned());
    }
    let origin = url::Url::parse(text).ok().map(|url| url.origin().ascii_serialization());
    if origin.as_deref() == Some(text) {
        return Some(text.to_owned());
    }
    let message = format!("`{}` is not an origin as browsers write it", shorten(text));
    let found = Found::new("invalid_origin", message).hint("an example is https://shop.example.com; `*` stands alone");
    item.report(problems, found.meant(origin.as_deref().filter(|origin| *origin != "null")));
    None
}

/// A list with at least one item and not too many.
fn some<'a>(field: &Cursor<'a>, problems: &mut Problems<'_>) -> Option<Vec<Cursor<'a>>> {
    let items = field.list(problems)?;
    if items.is_empty() || items.len() > MOST {
        field.report(problems, Found::new("out_of_range", format!("{} has 1 to {MOST} items", field.path)));
        return None;
    }
    Some(items)
}
