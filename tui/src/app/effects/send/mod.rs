//! Orders become requests. The client gives each an idempotency key and sends it again under that key while the link fails.

mod account;
mod billing;
mod connect;
mod house;
mod people;

use tidemill_common::api::control::{ExecutionCancel, ExecutionPause, ExecutionResume};
use tidemill_common::api::execution::ExecutionCreate;

use super::home::Home;
use crate::app::order::{Once, Order, Outcome};
use crate::client::{Error, FileFormat};

/// Sends `order`.
pub async fn send(home: &Home, order: &Order) -> Result<Outcome, Error> {
    let client = &home.client;
    let execution = |view| Outcome::Execution(Box::new(view));
    let started = |view| Outcome::Started(Box::new(view));
    let workflow = |view| Outcome::Workflow(Box::new(view));
    Ok(match order {
        Order::Start { workflow, input } => {
            let create = ExecutionCreate { input: input.clone(), version: None };
            started(client.execution_create(workflow, &create).await?)
        }
        Order::Cancel(id, reason) => {
            let cancel = ExecutionCancel { reason: reason.clone(), ..ExecutionCancel::default() };
            execution(client.execution_cancel(*id, &cancel).await?)
        }
        Order::Pause(id) => execution(client.execution_pause(*id, &ExecutionPause::default()).await?),
        Order::Resume(id) => execution(client.execution_resume(*id, &ExecutionResume::default()).await?),
        Order::Retry(id, retry) => started(client.execution_retry(*id, retry).await?),
        Order::Switch { workflow: id, activate: Some(version) } => {
            workflow(client.workflow_activate(id, Some(*version)).await?)
        }
        Order::Switch { workflow: id, activate: None } => workflow(client.workflow_deactivate(id).await?),
        Order::WorkflowDelete(id) => client.workflow_delete(id).await.map(|()| Outcome::Done)?,
        Order::Apply { workflow, source, base } => {
            Outcome::Applied(Box::new(client.workflow_apply(workflow, source, FileFormat::Yaml, *base).await?))
        }
        Order::Approve { id, yes: true, decision } => execution(client.execution_approve(*id, decision).await?),
        Order::Approve { id, yes: false, decision } => execution(client.execution_reject(*id, decision).await?),
        Order::Decide(id, decision) => execution(client.execution_decide(*id, decision).await?),
        Order::Replay(replay) => Outcome::Count(client.dead_letter_replay(replay).await?.count),
        Order::Discard(discard) => Outcome::Count(client.dead_letter_discard(discard).await?.count),
        Order::SecretPut(name, value) => client.secret_set(name, value.value.clone()).await.map(|()| Outcome::Done)?,
        Order::SecretDelete(name) => client.secret_delete(name).await.map(|()| Outcome::Done)?,
        Order::TokenCreate(token) => {
            let made = client.token_create(token).await?;
            Outcome::Once(Once { title: format!("the token “{}”", made.token.name), secret: made.secret })
        }
        Order::TokenRevoke(id, _) => client.token_revoke(*id).await.map(|()| Outcome::Done)?,
        Order::Execute(code) => Outcome::Code(Box::new(client.code_execute(code).await?)),
        Order::Bulk(order) => Outcome::Bulk(Box::new(client.execution_bulk_create(order).await?)),
        Order::BulkStop(id) => client.execution_bulk_stop(*id).await.map(|_| Outcome::Done)?,
        Order::People(order) => people::send(home, order).await?,
        Order::House(order) => house::send(home, order).await?,
        Order::Account(order) => account::send(client, order).await?,
        Order::Connect(order) => connect::send(client, order).await?,
        Order::Billing(order) => billing::send(client, order).await?,
    })
}
