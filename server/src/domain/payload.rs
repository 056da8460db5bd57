//! Payloads: inputs and outputs of executions and steps. A small one stands in its event; a large one is packed and kept apart,
//! and the event refers to it by the hash of its text.

use std::io::{self, BufWriter, Read, Write};
use std::iter;

use ring::digest::{Context, SHA256};
use serde_json::Value;
use tidemill_common::limits::{EXECUTION_PAYLOAD_MIB, PAYLOAD_INLINE_BYTES, PAYLOAD_MIB, PAYLOAD_PREVIEW_BYTES};
use tidemill_common::payload::{PayloadRef, is_reference};

/// How hard zstd tries. Measured on records and on an API document: level 3 takes between 5 % less and 4 % more room.
const LEVEL: i32 = 1;

/// No number, and nothing that stands around a value, is longer in JSON, in bytes.
const LONGEST_SIGN: u64 = 24;

/// Bytes of one piece of a text that is sent.
const PIECE: usize = 64 * 1024;

/// How much of one value, and of all values of one execution, the operator lets be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadLimits {
    /// Bytes of JSON of one input or output.
    pub one: u64,
    /// Bytes of JSON of all inputs and outputs of an execution.
    pub all: u64,
}

impl PayloadLimits {
    /// Limits in MiB.
    #[must_use]
    pub fn of_mib(one: u32, all: u32) -> Self {
        Self { one: u64::from(one) << 20, all: u64::from(all) << 20 }
    }
}

impl Default for PayloadLimits {
    fn default() -> Self {
        Self::of_mib(PAYLOAD_MIB, EXECUTION_PAYLOAD_MIB)
    }
}

/// A large payload, ready to be kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Packed {
    /// What stands in the event instead.
    pub reference: PayloadRef,
    /// SHA-256 of the JSON text.
    pub sha256: [u8; 32],
    /// The JSON text, compressed.
    pub content: Vec<u8>,
}

/// Why a payload that was kept can't be read.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// It can't be decompressed, or has another length than its reference says.
    #[error("it can't be decompressed")]
    Content(#[from] io::Error),
    /// It is not JSON.
    #[error("it is not JSON")]
    Json(#[from] serde_json::Error),
}

/// Whether `value` is kept apart: it is large, or it looks like a reference and must not be taken for one.
#[must_use]
pub fn is_apart(value: &Value) -> bool {
    // Most values are so small that they need not be written to be measured: no character takes more than six.
    let at_most = walk(value, LONGEST_SIGN).saturating_mul(6);
    is_reference(value)
        || (at_most > PAYLOAD_INLINE_BYTES as u64 && serde_json::to_writer(Room(PAYLOAD_INLINE_BYTES), value).is_err())
}

/// `value` as it is kept: compressed, with its hash.
///
/// # Errors
/// None that can be met: a value has only string keys and finite numbers, and it is written to memory.
pub fn pack(value: &Value) -> io::Result<Packed> {
    let packer = Packer {
        hash: Context::new(&SHA256),
        bytes: 0,
        beginning: Vec::new(),
        encoder: zstd::Encoder::new(Vec::new(), LEVEL)?,
    };
    // The writer is called for each token; the hash and the compressor want more at once.
    let mut writer = BufWriter::with_capacity(64 * 1024, packer);
    serde_json::to_writer(&mut writer, value)?;
    let Packer { hash, bytes, beginning, encoder } = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(hash.finish().as_ref());
    let mut content = encoder.finish()?;
    content.shrink_to_fit();
    let preview = String::from_utf8_lossy(&beginning).trim_end_matches(char::REPLACEMENT_CHARACTER).to_owned();
    Ok(Packed { reference: PayloadRef { sha256: hex::encode(sha256), bytes, preview }, sha256, content })
}

/// The JSON text that was packed as `content` and had `bytes` bytes.
///
/// # Errors
/// When it is something else.
pub fn text(content: &[u8], bytes: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(bytes).map_err(io::Error::other)?;
    let text = zstd::bulk::decompress(content, length)?;
    if text.len() == length { Ok(text) } else { Err(io::Error::from(io::ErrorKind::UnexpectedEof)) }
}

/// The JSON text that was packed as `content`, piece by piece.
///
/// # Errors
/// When it was not packed.
pub fn pieces(content: Vec<u8>) -> io::Result<impl Iterator<Item = io::Result<Vec<u8>>>> {
    let mut reader = zstd::Decoder::new(io::Cursor::new(content))?;
    let mut next = move || {
        let mut piece = Vec::with_capacity(PIECE);
        io::Read::take(&mut reader, PIECE as u64).read_to_end(&mut piece).map(|_| piece)
    };
    Ok(iter::from_fn(move || Some(next()).filter(|piece| !piece.as_ref().is_ok_and(Vec::is_empty))))
}

/// The value that was packed as `content` and had `bytes` bytes of JSON.
///
/// # Errors
/// When it is something else.
pub fn unpack(content: &[u8], bytes: u64) -> Result<Value, UnpackError> {
    Ok(serde_json::from_slice(&text(content, bytes)?)?)
}

/// How long the JSON text of a payload is that stands in an event: exact for a reference, about right for anything else.
#[must_use]
pub fn length(value: &Value) -> u64 {
    PayloadRef::of(value).map_or_else(|| walk(value, 2), |reference| reference.bytes)
}

/// About how many bytes of memory `value` takes.
#[must_use]
pub fn weight(value: &Value) -> u64 {
    // A value in a list or an object takes at least its own size, and a field of an object also a key and a place in its index.
    walk(value, u64::try_from(size_of::<Value>()).unwrap_or(u64::MAX))
}

/// The texts in `value`, and `each` for everything in it; three times that for a field of an object.
fn walk(value: &Value, each: u64) -> u64 {
    let text = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
    match value {
        Value::String(string) => each + text(string),
        Value::Array(items) => items.iter().fold(each, |sum, item| sum + walk(item, each)),
        Value::Object(fields) => fields.iter().fold(each, |sum, (name, field)| sum + 2 * each + text(name) + walk(field, each)),
        _ => each + 4,
    }
}

/// What may still be written; more is an error.
struct Room(usize);

impl Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::WriteZero)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hashes, counts and compresses what is written, and keeps its beginning.
struct Packer {
    hash: Context,
    bytes: u64,
    beginning: Vec<u8>,
    encoder: zstd::Encoder<'static, Vec<u8>>,
}

impl Write for Packer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hash.update(bytes);
        self.bytes += u64::try_from(bytes.len()).map_err(io::Error::other)?;
        let room = PAYLOAD_PREVIEW_BYTES - self.beginning.len();
        self.beginning.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.encoder.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.encoder.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_payload_comes_back_and_its_name_is_the_hash_of_its_text() {
        let value = json!({"text": "ä".repeat(40_000), "list": [1, 2.5, null, {"a": "b"}]});
        let packed = pack(&value).unwrap();
        let text = serde_json::to_vec(&value).unwrap();
        assert_eq!(packed.reference.bytes, text.len() as u64);
        assert_eq!(packed.reference.sha256, hex::encode(ring::digest::digest(&SHA256, &text)));
        assert!(
            packed.reference.preview.starts_with(r#"{"text":"ää"#) && packed.reference.preview.len() <= PAYLOAD_PREVIEW_BYTES
        );
        assert!(packed.content.len() < 1000);
        assert_eq!(unpack(&packed.content, packed.reference.bytes).unwrap(), value);
        let pieces: Vec<_> = pieces(packed.content.clone()).unwrap().map(Result::unwrap).collect();
        assert!(pieces.len() == 2 && pieces.concat() == text, "{}", pieces.len());
        for (content, bytes) in [(&packed.content[..], 7), (&packed.content[..], packed.reference.bytes + 1), (b"no", 2)] {
            assert!(unpack(content, bytes).is_err());
        }
    }

    #[test]
    fn what_is_long_or_looks_like_a_reference_is_kept_apart() {
        let text = |bytes: usize| Value::from("x".repeat(bytes - 2));
        assert!(!is_apart(&text(PAYLOAD_INLINE_BYTES)));
        assert!(is_apart(&text(PAYLOAD_INLINE_BYTES + 1)));
        assert!(is_apart(&json!({"$payload": {"sha256": "00", "bytes": 1, "preview": ""}})));
        assert!(!is_apart(&json!({"body": {"$payload": 1}})));
    }

    #[test]
    fn sizes_are_about_right() {
        let reference = pack(&json!("x")).unwrap().reference;
        assert_eq!(length(&reference.to_value()), 3);
        let value: Value = (0..1000).map(|n| json!({"name": "a name", "n": n})).collect();
        let exact = serde_json::to_vec(&value).unwrap().len() as u64;
        assert!((exact / 2..exact * 2).contains(&length(&value)), "{} {exact}", length(&value));
        assert!(weight(&value) > 4 * exact);
    }
}
