//! `multipart/form-data` (RFC 7578). A file becomes an object with its name, type, size and bytes (see [`crate::domain::file`]);
//! nothing is ever opened by a name that the sender chose.

use std::convert::Infallible;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use multer::{Field, Multipart};
use serde_json::{Map, Value};

use super::BodyError;
use super::form::add;
use crate::domain::file;

/// Most parts of one body.
const MOST_PARTS: usize = 1000;

pub(super) async fn read(content_type: &str, body: &[u8]) -> Result<Value, BodyError> {
    let boundary = multer::parse_boundary(content_type).map_err(malformed)?;
    let bytes = body.to_vec();
    let mut parts = Multipart::new(stream::once(async move { Ok::<_, Infallible>(bytes) }), boundary);
    let mut fields = Map::new();
    let mut count = 0;
    while let Some(part) = parts.next_field().await.map_err(malformed)? {
        count += 1;
        if count > MOST_PARTS {
            return Err(BodyError::Malformed(format!("a body may have {MOST_PARTS} parts")));
        }
        let name = part.name().ok_or_else(|| BodyError::Malformed("a part has no name".to_owned()))?.to_owned();
        let value = if part.file_name().is_some() { file(part).await? } else { text(part).await? };
        add(&mut fields, name, value);
    }
    Ok(Value::Object(fields))
}

async fn text(part: Field<'_>) -> Result<Value, BodyError> {
    let bytes = part.bytes().await.map_err(malformed)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| BodyError::Malformed(format!("not UTF-8 ({error})")))?;
    Ok(Value::from(text))
}

async fn file(part: Field<'_>) -> Result<Value, BodyError> {
    let file_name = part.file_name().unwrap_or_default().to_owned();
    let content_type = part.content_type().map(ToString::to_string);
    let bytes = part.bytes().await.map_err(malformed)?;
    Ok(file::file(&file_name, content_type.as_deref(), (bytes.len(), STANDARD.encode(&bytes))))
}

#[expect(clippy::needless_pass_by_value, reason = "so that it stands in map_err by its name")]
fn malformed(error: multer::Error) -> BodyError {
    BodyError::Malformed(error.to_string())
}
