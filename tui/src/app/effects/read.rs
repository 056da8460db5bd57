//! What is read by request.

use tidemill_common::limits::PAGE_ITEMS;

use crate::app::data::{Data, Query, ServerFacts};
use crate::client::{Client, DeadLetterQuery, Error, FileFormat};

/// Asks the server.
pub async fn read(client: &Client, query: &Query) -> Result<Data, Error> {
    Ok(match query {
        Query::Causes => Data::Causes(client.dead_letter_causes().await?),
        Query::DeadLetters(fingerprint) => {
            let fingerprint = Some(fingerprint.clone());
            let wanted = DeadLetterQuery { fingerprint, limit: Some(PAGE_ITEMS), ..DeadLetterQuery::default() };
            Data::DeadLetters(client.dead_letters(&wanted).await?)
        }
        Query::Metrics(workflow) => Data::Metrics(client.execution_metrics(workflow.as_deref(), None).await?),
        Query::Secrets => Data::Secrets(client.secrets().await?),
        Query::Tokens => Data::Tokens(client.tokens().await?),
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
    })
}
