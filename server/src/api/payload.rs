//! Bodies: JSON read strictly and written plainly, and workflow files as text.

use poem::error::ReadBodyError;
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Request, RequestBody, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidemill_common::limits::API_BODY_BYTES;
use tidemill_common::problem::Code;

use super::problem::{self, ProblemError};
use super::strict_json;

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";

/// A JSON body or answer.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

/// A JSON body that may be left out.
#[derive(Debug, Clone)]
pub struct OptionalJson<T>(pub T);

/// A workflow file: YAML or JSON, as text.
#[derive(Debug, Clone)]
pub struct WorkflowFile(pub String);

impl<T: Type> Payload for Json<T> {
    const CONTENT_TYPE: &'static str = JSON;

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Serialize + Send> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => Response::builder().content_type(JSON).body(body),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written as JSON");
                problem::response(&problem::internal())
            }
        }
    }
}

impl<T: Type + Serialize> ApiResponse for Json<T> {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType { content_type: JSON, schema: T::schema_ref() }];
        MetaResponses {
            responses: vec![MetaResponse {
                description: "Done.",
                status: Some(StatusCode::OK.as_u16()),
                status_range: None,
                content,
                headers: Vec::new(),
            }],
        }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// A thing that was made: 201.
#[derive(Debug, Clone)]
pub struct Created<T>(pub T);

impl<T: Serialize + Send> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        Json(self.0).into_response().with_status(StatusCode::CREATED).into_response()
    }
}

impl<T: Type + Serialize> ApiResponse for Created<T> {
    fn meta() -> MetaResponses {
        let mut meta = Json::<T>::meta();
        for response in &mut meta.responses {
            response.status = Some(StatusCode::CREATED.as_u16());
            response.description = "Made.";
        }
        meta
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// Nothing is left to say: 204.
#[derive(Debug, Clone, Copy)]
pub struct Gone;

impl IntoResponse for Gone {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl ApiResponse for Gone {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "Done.",
                status: Some(StatusCode::NO_CONTENT.as_u16()),
                status_range: None,
                content: Vec::new(),
                headers: Vec::new(),
            }],
        }
    }

    fn register(_registry: &mut Registry) {}
}

impl<'a, T: Type + DeserializeOwned> ApiExtractor<'a> for Json<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(request_meta(vec![MetaMediaType { content_type: JSON, schema: T::schema_ref() }], true))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        check_media_type(request, &[JSON])?;
        Ok(Self(decode(&read(body).await?)?))
    }
}

impl<'a, T: Type + DeserializeOwned + Default> ApiExtractor<'a> for OptionalJson<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(request_meta(vec![MetaMediaType { content_type: JSON, schema: T::schema_ref() }], false))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let bytes = read(body).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        check_media_type(request, &[JSON])?;
        Ok(Self(decode(&bytes)?))
    }
}

impl<'a> ApiExtractor<'a> for WorkflowFile {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        // `binary`: generated clients send the bytes as they are, and do not put quotes around them.
        let text = MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")));
        let document = MetaSchemaRef::Inline(Box::new(MetaSchema {
            description: Some("A workflow file; its schema is at /api/schema/workflow."),
            ..MetaSchema::new("object")
        }));
        let content =
            vec![MetaMediaType { content_type: YAML, schema: text }, MetaMediaType { content_type: JSON, schema: document }];
        Some(request_meta(content, true))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        check_media_type(request, &[YAML, JSON])?;
        let text = String::from_utf8(read(body).await?).map_err(|error| {
            ProblemError::new(Code::BadRequest, format!("the file is not UTF-8 text: {}", error.utf8_error()))
        })?;
        Ok(Self(text))
    }
}

fn request_meta(content: Vec<MetaMediaType>, required: bool) -> MetaRequest {
    MetaRequest { description: None, content, required }
}

/// The whole body, within the limit.
pub(super) async fn read(body: &mut RequestBody) -> poem::Result<Vec<u8>> {
    let Ok(body) = body.take() else { return Ok(Vec::new()) };
    match body.into_bytes_limit(API_BODY_BYTES).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(ReadBodyError::PayloadTooLarge) => Err(ProblemError::from(problem::too_large()).into()),
        Err(error) => Err(ProblemError::new(Code::BadRequest, format!("the body could not be read: {error}")).into()),
    }
}

fn check_media_type(request: &Request, known: &[&str]) -> Result<(), ProblemError> {
    let found = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = found.split(';').next().unwrap_or_default().trim();
    if known.iter().any(|known| essence.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    Err(ProblemError::new(Code::UnsupportedMediaType, format!("send the body with `Content-Type: {}`", known.join("` or `"))))
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ProblemError> {
    let unreadable = |error: serde_json::Error| ProblemError::new(Code::BadRequest, format!("the body can't be read: {error}"));
    serde_json::from_value(strict_json::parse(bytes).map_err(unreadable)?).map_err(unreadable)
}
