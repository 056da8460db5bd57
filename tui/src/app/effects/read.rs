//! What is read by request.

use tidemill_common::clock::{Clock as _, SystemClock};
use tidemill_common::limits::PAGE_ITEMS;

use super::home::Home;
use crate::app::data::{Data, PlanFacts, Query, ServerFacts};
use crate::app::state::listing::{AuditFilter, SPANS};
use crate::client::{AuditQuery, DeadLetterQuery, Error, FileFormat};

/// Asks the server.
pub async fn read(home: &Home, query: &Query) -> Result<Data, Error> {
    let client = &home.client;
    Ok(match query {
        Query::Causes => Data::Causes(client.dead_letter_causes().await?),
        Query::DeadLetters(fingerprint) => {
            let fingerprint = Some(fingerprint.clone());
            let wanted = DeadLetterQuery { fingerprint, limit: Some(PAGE_ITEMS), ..DeadLetterQuery::default() };
            Data::DeadLetters(client.dead_letters(&wanted).await?)
        }
        Query::Metrics(workflow) => Data::Metrics(client.execution_metrics(workflow.as_deref(), None).await?),
        Query::Server => {
            let health = client.health().await?;
            let ready = client.ready().await.map_err(|error| super::failure(&error));
            Data::Server(Box::new(ServerFacts { health, ready }))
        }
        Query::Approvals => Data::Approvals(client.approvals().await?),
        Query::Workflows => Data::Workflows(client.workflows(Some(PAGE_ITEMS), None).await?),
        Query::Explanation { wanted, .. } => Data::Explanation(client.schedule_explain(wanted).await?),
        Query::Workflow(id) => Data::Workflow(Box::new(client.workflow(id).await?)),
        Query::Versions(id) => Data::Versions(client.workflow_versions(id).await?),
        Query::Version(id, version) => Data::Version(Box::new(client.workflow_version(id, *version).await?)),
        Query::Validation { source, .. } => Data::Validation(client.workflow_validate(source, FileFormat::Yaml).await?),
        Query::Nodes => Data::Nodes(client.nodes().await?),
        Query::Account => Data::Account(Box::new(client.user().await?)),
        Query::Visit(workspace) => Data::Account(Box::new(client.clone().within(workspace)?.user().await?)),
        Query::Orders => Data::Orders(client.execution_bulk_list().await?),
        Query::Fitting(order) => Data::Fitting(Box::new(client.execution_bulk_create(order).await?)),
        other => return read_around(home, other).await,
    })
}

/// Asks about people, connections and money.
async fn read_around(home: &Home, query: &Query) -> Result<Data, Error> {
    let client = &home.client;
    Ok(match query {
        Query::Members => Data::Members(client.members(home.workspace().await?).await?),
        Query::Invites => Data::Invites(client.invites(home.workspace().await?).await?),
        Query::Shares => Data::Shares(client.shares(home.workspace().await?).await?),
        Query::Audit(filter) if filter.whole => {
            Data::Audit(client.organization_audit_log(home.organization().await?, &entries(filter)).await?)
        }
        Query::Audit(filter) => Data::Audit(client.audit_log(home.workspace().await?, &entries(filter)).await?),
        Query::Secrets => Data::Secrets(client.secrets().await?),
        Query::Credentials => Data::Credentials(client.credentials().await?),
        Query::Tokens => Data::Tokens(client.tokens().await?),
        Query::Subscriptions => Data::Subscriptions(client.subscriptions().await?),
        Query::Deliveries(id) => Data::Deliveries(client.subscription_deliveries(*id, None, PAGE_ITEMS).await?),
        Query::Invoices => Data::Invoices(client.invoices().await?),
        Query::BillingEvents => Data::BillingEvents(client.billing_history().await?),
        Query::Users => Data::Users(client.users(home.organization().await?).await?),
        Query::Workspaces => Data::Workspaces(client.workspaces().await?),
        Query::Sessions => Data::Sessions(client.sessions().await?),
        Query::Organizations => Data::Organizations(client.organizations().await?),
        Query::Usage => Data::Usage(client.usage().await?),
        Query::Customers => {
            let mut spans = Vec::new();
            for months in SPANS {
                spans.push(client.ltv_cac(Some(months)).await?);
            }
            Data::Customers(spans)
        }
        Query::Refused => Data::Refused(client.refused_deliveries(None).await?),
        _ => {
            let (plans, quota) = (client.plans().await?, client.quota().await?);
            let subscription = client.subscription().await.map_err(|error| super::failure(&error));
            Data::Plan(Box::new(PlanFacts { plans, quota, subscription }))
        }
    })
}

/// The newest entries of the audit log that pass.
pub fn entries(filter: &AuditFilter) -> AuditQuery {
    AuditQuery {
        operation: filter.operation.clone(),
        object_kind: filter.kind.clone(),
        object_id: filter.which.clone(),
        since: filter.since(SystemClock.now()),
        limit: Some(PAGE_ITEMS),
        ..AuditQuery::default()
    }
}
