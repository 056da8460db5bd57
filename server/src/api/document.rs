//! The OpenAPI document and the page that shows it.

use std::collections::HashMap;
use std::marker::PhantomData;

use poem::endpoint::{BoxEndpoint, make_sync};
use poem::http::{Method, header};
use poem::{Endpoint, Response};
use poem_openapi::registry::{MetaApi, Registry};
use poem_openapi::{ExtraHeader, LicenseObject, OpenApi, OpenApiService};
use serde_json::Value;

use super::account::AccountApi;
use super::approval::ApprovalApi;
use super::audit::AuditApi;
use super::billing::BillingApi;
use super::billing_subscription::BillingSubscriptionApi;
use super::bulk::BulkApi;
use super::code::CodeApi;
use super::credential::CredentialApi;
use super::dead_letter::DeadLetterApi;
use super::execution::ExecutionApi;
use super::execution_control::ExecutionControlApi;
use super::execution_metrics::ExecutionMetricsApi;
use super::health::HealthApi;
use super::invite::InviteApi;
use super::member::MemberApi;
use super::node::NodeApi;
use super::organization::OrganizationApi;
use super::plan::PlanApi;
use super::refused_delivery::RefusedDeliveryApi;
use super::schedule::ScheduleApi;
use super::secret::SecretApi;
use super::session::SessionApi;
use super::share::ShareApi;
use super::subscription::SubscriptionApi;
use super::token::TokenApi;
use super::trigger::TriggerApi;
use super::workflow::WorkflowApi;
use super::workflow_version::WorkflowVersionApi;
use super::workspace::WorkspaceApi;

/// The operations, in the order in which the document lists them.
pub(super) type Operations = (
    (AccountApi, SessionApi, OrganizationApi, WorkspaceApi, MemberApi, InviteApi, ShareApi, AuditApi),
    (PlanApi, BillingSubscriptionApi, BillingApi),
    (TokenApi, SecretApi, CredentialApi),
    WorkflowApi,
    WorkflowVersionApi,
    (TriggerApi, ScheduleApi, SubscriptionApi),
    ExecutionApi,
    ExecutionControlApi,
    (ApprovalApi, RefusedDeliveryApi),
    BulkApi,
    ExecutionMetricsApi,
    DeadLetterApi,
    CodeApi,
    (NodeApi, HealthApi),
);

const DESCRIPTION: &str = "Workflow automation in one binary.\n\n\
    Send an API token as `Authorization: Bearer tm_…`. It acts on the workspace that it was made in; name another one that you \
    are a member of in a `Tidemill-Workspace` header, by slug or id.\n\n\
    Every answer that is not 2xx is a problem (RFC 9457) with a stable `code`, as `application/problem+json`. Every answer \
    carries an `X-Request-Id` that finds it in the server's log. Lists come in pages: send `next_cursor` as `cursor`.";

/// The operations as a service.
pub(super) fn service<T: OpenApi>(operations: T) -> OpenApiService<T, ()> {
    OpenApiService::new(operations, "Tidemill", env!("CARGO_PKG_VERSION"))
        .description(DESCRIPTION)
        .license(LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"))
        .extra_response_header::<String, _>(
            ExtraHeader::new("X-Request-Id").description("Finds the request in the server's log."),
        )
}

/// The document: `openapi/openapi.json` is this, byte for byte.
pub fn openapi_document() -> String {
    let text = service(Undriven::<Operations>(PhantomData)).spec();
    let mut document: Value = serde_json::from_str(&text).expect("poem-openapi writes JSON");
    mend_references(&mut document);
    mend_export(&mut document);
    format!("{document:#}\n")
}

/// Of two forms of one status poem-openapi writes down the last only: the export of the audit log has JSON lines too.
fn mend_export(document: &mut Value) {
    let place = "/paths/~1api~1workspaces~1{id}~1audit-log~1export/get/responses/200/content";
    if let Some(Value::Object(content)) = document.pointer_mut(place)
        && let Some(form) = content.values().next().cloned()
    {
        content.insert("application/jsonl".to_owned(), form);
    }
}

/// A described field of a named type is written as `allOf: [{$ref}, {description}]`. Generators take the second member for a
/// type of its own; what it says belongs beside `allOf`.
fn mend_references(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mend_references),
        Value::Object(members) => {
            members.values_mut().for_each(mend_references);
            if let Some(Value::Array(all_of)) = members.get_mut("allOf")
                && all_of.iter().filter(|schema| schema.get("$ref").is_some()).count() == 1
            {
                let (named, said): (Vec<_>, Vec<_>) = all_of.drain(..).partition(|schema| schema.get("$ref").is_some());
                *all_of = named;
                for (key, said) in said.into_iter().filter_map(|said| said.as_object().cloned()).flatten() {
                    members.entry(key).or_insert(said);
                }
            }
        }
        _ => {}
    }
}

/// Operations that are only described: a document needs no database.
struct Undriven<T>(PhantomData<T>);

impl<T: OpenApi> OpenApi for Undriven<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

/// The document as an answer.
pub(super) fn endpoint() -> impl Endpoint<Output = Response> {
    let text = openapi_document();
    make_sync(move |_| Response::builder().content_type("application/json").body(text.clone()))
}

/// The page that shows the document and lets people try it. Scripts and styles come from the binary.
pub(super) fn page() -> impl Endpoint<Output = Response> {
    let html = service(Undriven::<Operations>(PhantomData)).swagger_ui_html();
    let policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
                  connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    make_sync(move |_| {
        Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, policy)
            .body(html.clone())
    })
}
