//! Reads page after page of a long answer.

use std::sync::Arc;

use reqwest::header::LINK;
use serde_json::{Value, json};
use tidemill_common::event::StepError;
use tidemill_common::limits::HTTP_RESPONSE_BYTES;
use url::Url;

use super::input::{Input, kind};
use super::request::{Asker, Page, user_error};
use crate::budget::Share;
use crate::domain::workflow::expression::{Expression, ExpressionError};
use crate::domain::workflow::http::{NextPage, Pagination};
use crate::domain::workflow::scope::Scope;

/// Reads the pages from the first one on. The output is that of the last page; its `body` is the list of the items of all pages,
/// `pages` how many there were, and `complete` whether the last one was read.
pub(super) async fn read(
    asker: &Asker<'_>,
    pagination: &Pagination,
    mut input: Input,
) -> Result<(Value, Option<Share>), StepError> {
    let (mut items, mut bytes, mut count) = (Vec::new(), 0, 0);
    let mut held: Option<Share> = None;
    let first = input.url.clone();
    if let Some(url) = counted(&pagination.next, &first, (0, 0)) {
        input.url = url;
    }
    loop {
        let Page { mut output, url, share } = asker.ask(&input, count).await?;
        held = match (held, share) {
            (Some(held), Some(share)) => Some(held.and(share)),
            (held, share) => held.or(share),
        };
        count += 1;
        let page = items_of(pagination, &output)?;
        bytes += page.iter().map(|item| item.to_string().len()).sum::<usize>();
        if bytes > HTTP_RESPONSE_BYTES {
            return Err(user_error(format!(
                "the pages together are larger than {HTTP_RESPONSE_BYTES} bytes; read fewer of them"
            )));
        }
        let seen = (count, items.len() + page.len());
        let next = next(&pagination.next, &output, &first, &url, (page.len(), seen))?;
        items.extend(page);
        let complete = next.is_none();
        match next {
            Some(next) if count < pagination.max_pages => input.url = checked(next, &first, &input.url)?,
            _ => {
                output["body"] = Value::Array(items);
                output["body_encoding"] = json!("json");
                output["pages"] = json!(count);
                output["complete"] = json!(complete);
                return Ok((output, held));
            }
        }
    }
}

/// All pages come from one origin: where the first one went, the secrets of the request may go.
fn checked(next: Url, first: &Url, present: &Url) -> Result<Url, StepError> {
    if next.origin() != first.origin() {
        return Err(user_error("the next page is at another origin than the first, where the request may not go"));
    }
    if next == *present {
        return Err(user_error("the next page is this page again"));
    }
    Ok(next)
}

fn items_of(pagination: &Pagination, output: &Value) -> Result<Vec<Value>, StepError> {
    let items = match &pagination.items {
        None => output["body"].clone(),
        Some(items) => look(items, output, "items")?.unwrap_or(Value::Null),
    };
    match items {
        Value::Array(items) => Ok(items),
        other => {
            let place = pagination.items.as_ref().map_or("body", |items| items.source()).trim();
            Err(user_error(format!("`{place}` must be the list of a page's items, not {}", kind(&other))))
        }
    }
}

/// The next page after one that answered from `url` with `got` items; `(pages, items)` were seen, it included.
fn next(
    next: &NextPage,
    output: &Value,
    first: &Url,
    url: &Url,
    (got, (pages, items)): (usize, (u32, usize)),
) -> Result<Option<Url>, StepError> {
    Ok(match next {
        NextPage::Link => output["headers"][LINK.as_str()].as_str().and_then(linked).and_then(|link| url.join(link).ok()),
        NextPage::Url(expression) => match look(expression, output, "next")? {
            None => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) => {
                Some(url.join(&text).map_err(|error| user_error(format!("`next` is not a URL: {error}")))?)
            }
            Some(other) => return Err(user_error(format!("`next` must be a URL, not {}", kind(&other)))),
        },
        NextPage::Cursor { parameter, cursor } => match look(cursor, output, "next")? {
            None | Some(Value::Bool(false)) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) => Some(with_parameter(first, parameter, &text)),
            Some(Value::Number(number)) => Some(with_parameter(first, parameter, &number.to_string())),
            Some(other) => return Err(user_error(format!("`next` must be a cursor, not {}", kind(&other)))),
        },
        NextPage::Count { size, .. } => {
            let is_last = got == 0 || size.is_some_and(|size| got < usize::try_from(size).unwrap_or(usize::MAX));
            if is_last { None } else { counted(next, first, (pages, items)) }
        }
    })
}

/// The URL of the page after so many pages and items, when pages are counted.
fn counted(next: &NextPage, first: &Url, (pages, items): (u32, usize)) -> Option<Url> {
    let NextPage::Count { parameter, start, by_items, size, size_parameter } = next else { return None };
    let passed = if *by_items { items } else { usize::try_from(pages).unwrap_or(usize::MAX) };
    let count = usize::try_from(*start).unwrap_or(usize::MAX).saturating_add(passed);
    let url = with_parameter(first, parameter, &count.to_string());
    Some(match (size_parameter, size) {
        (Some(name), Some(size)) => with_parameter(&url, name, &size.to_string()),
        _ => url,
    })
}

/// `url` with this query parameter, instead of any others of its name.
fn with_parameter(url: &Url, name: &str, value: &str) -> Url {
    let kept: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(other, _)| other != name).collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(&kept).append_pair(name, value);
    url
}

/// What the expression gives of the answer; nothing when it is null or not there.
fn look(expression: &Expression, output: &Value, field: &str) -> Result<Option<Value>, StepError> {
    match expression.evaluate(&Scope::of_answer(Arc::new(output.clone()))) {
        Ok(Value::Null) | Err(ExpressionError::Undefined(_)) => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(user_error(format!("`{field}` can't be evaluated: {error}"))),
    }
}

/// The target of the link whose relation is `next` (RFC 8288 §3).
fn linked(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, parameters) = after.split_once('>')?;
        let end = parameters.find('<').unwrap_or(parameters.len());
        let is_next = parameters[..end].split([';', ',']).any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            name.trim().eq_ignore_ascii_case("rel")
                && value.trim().trim_matches('"').split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target);
        }
        rest = &parameters[end..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found() {
        for (header, expected) in [
            ("<https://a/?page=2>; rel=\"next\", <https://a/?page=9>; rel=\"last\"", Some("https://a/?page=2")),
            ("<https://a/1>; rel=prev, </2>; rel=next", Some("/2")),
            ("<https://a/1>; title=\"a\"; REL=\"x NEXT\"", Some("https://a/1")),
            ("<https://a/1>; rel=\"last\"", None),
            ("<https://a/1>; relx=next", None),
            ("next", None),
            ("<unfinished", None),
            ("", None),
        ] {
            assert_eq!(linked(header), expected, "{header}");
        }
    }

    #[test]
    fn a_parameter_is_replaced_and_the_others_stay() {
        let url = Url::parse("https://a/x?q=a%20b&page=1&page=2").unwrap();
        assert_eq!(with_parameter(&url, "page", "3&4").as_str(), "https://a/x?q=a+b&page=3%264");
    }
}
