//! The body of a delivery, read by its declared type.

mod form;
mod multipart;
#[cfg(test)]
mod tests;
mod xml;

use serde_json::Value;
use tidemill_common::limits::JSON_DEPTH;

/// Why a body can't be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The declared type and the bytes don't agree.
    #[error("the body is not what its content type says: {0}")]
    Malformed(String),
    /// The type is not read here.
    #[error(
        "bodies of type `{0}` are not read here; send JSON, a form (application/x-www-form-urlencoded or multipart/form-data), XML or text"
    )]
    Unsupported(String),
}

/// The body as expressions see it: JSON as it is, a form as an object of texts (and files), XML as an object, text as text, nothing
/// as null.
pub async fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Value, BodyError> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let declared = content_type.unwrap_or("application/json");
    let media_type = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let value = match media_type.as_str() {
        "application/json" => json(body)?,
        "application/xml" | "text/xml" => xml::read(body)?,
        "application/x-www-form-urlencoded" => form::read(body),
        "multipart/form-data" => multipart::read(declared, body).await?,
        other if other.ends_with("+json") => json(body)?,
        other if other.ends_with("+xml") => xml::read(body)?,
        other if other.starts_with("text/") => std::str::from_utf8(body)
            .map(|text| Value::String(text.to_owned()))
            .map_err(|error| BodyError::Malformed(format!("not UTF-8 ({error})")))?,
        other => return Err(BodyError::Unsupported(other.chars().take(100).collect())),
    };
    if crate::domain::json::depth(&value) > JSON_DEPTH {
        return Err(BodyError::Malformed(format!("nested deeper than {JSON_DEPTH} levels")));
    }
    Ok(value)
}

fn json(body: &[u8]) -> Result<Value, BodyError> {
    serde_json::from_slice(body).map_err(|error| BodyError::Malformed(error.to_string()))
}

pub(super) use form::pairs;
