//! Workflows and what they use.

use chrono::TimeDelta;
use tidemill_common::ids::{SubscriptionDeliveryId, SubscriptionId, WorkflowUid, WorkspaceId};

use super::{Call, Does, MOST, now};
use crate::store::queries::happening::Place;
use crate::store::queries::{credential, sealed, secret, subscription, version, workflow, workflow_version};
use crate::store::rows::credential::Credential;
use crate::store::rows::secret::Secret;
use crate::store::rows::subscription::Subscription;
use crate::store::rows::subscription::SubscriptionDelivery;
use crate::store::rows::trigger::TriggerTest;
use crate::store::rows::workflow::Workflow;
use crate::store::rows::workflow_version::WorkflowVersion;
use crate::store::tests::strangers::scene::Ours;
use crate::store::tests::strangers::shown;

fn beginning() -> Place {
    Place { feed: (1, 1), audit: 1 }
}

fn trigger_test(workspace: WorkspaceId, ours: &Ours) -> TriggerTest {
    TriggerTest {
        workspace_id: workspace.0,
        hash: ours.fresh.as_bytes().to_vec(),
        workflow_uid: ours.id,
        version: 2,
        trigger_id: ours.text.clone(),
        expires_at: now() + TimeDelta::days(1),
    }
}

/// All of them.
pub static CALLS: &[Call] = &[
    Call {
        name: "credential::credential_delete",
        does: Does::Change,
        make: |c, w, a| shown(credential::credential_delete(c, w, &a.text)),
    },
    Call {
        name: "credential::credential_find",
        does: Does::Show,
        make: |c, w, a| shown(credential::credential_find(c, w, &a.text).map(|row| row.name)),
    },
    Call {
        name: "credential::credential_list",
        does: Does::Show,
        make: |c, w, _| {
            shown(credential::credential_list(c, w).map(|rows| rows.into_iter().map(|row| row.name).collect::<Vec<_>>()))
        },
    },
    Call {
        name: "credential::credential_put",
        does: Does::Change,
        make: |c, w, a| {
            shown(credential::credential_put(
                c,
                &Credential { workspace_id: w.0, settings: "{}".to_owned(), ..a.rows.credential.clone() },
            ))
        },
    },
    Call {
        name: "sealed::credentials",
        does: Does::Show,
        make: |c, w, a| shown(sealed::credentials(c, w.0, std::slice::from_ref(&a.text))),
    },
    Call { name: "sealed::data_key", does: Does::Count, make: |c, w, _| shown(sealed::data_key(c, w)) },
    Call {
        name: "sealed::secrets",
        does: Does::Show,
        make: |c, w, a| shown(sealed::secrets(c, w.0, std::slice::from_ref(&a.text))),
    },
    Call { name: "sealed::subscription", does: Does::Show, make: |c, w, a| shown(sealed::subscription(c, w.0, a.id)) },
    Call { name: "secret::secret_delete", does: Does::Change, make: |c, w, a| shown(secret::secret_delete(c, w, &a.text)) },
    Call {
        name: "secret::secret_find",
        does: Does::Show,
        make: |c, w, a| {
            shown(
                secret::secret_find(c, w, std::slice::from_ref(&a.text))
                    .map(|rows| rows.into_iter().map(|row| row.name).collect::<Vec<_>>()),
            )
        },
    },
    Call {
        name: "secret::secret_list",
        does: Does::Show,
        make: |c, w, _| shown(secret::secret_list(c, w).map(|rows| rows.into_iter().map(|row| row.name).collect::<Vec<_>>())),
    },
    Call {
        name: "secret::secret_put",
        does: Does::Change,
        make: |c, w, a| shown(secret::secret_put(c, &Secret { workspace_id: w.0, nonce: vec![7], ..a.rows.secret.clone() })),
    },
    Call {
        name: "secret::secret_seal_anew",
        does: Does::Change,
        make: |c, w, a| {
            shown(secret::secret_seal_anew(
                c,
                &Secret { workspace_id: w.0, nonce: vec![7], ..a.rows.secret.clone() },
                &a.rows.secret.ciphertext,
            ))
        },
    },
    Call {
        name: "subscription::delivery_again",
        does: Does::Change,
        make: |c, w, a| {
            shown(
                subscription::delivery_give_up(c, (w.0, a.id), "why").and_then(|_| {
                    subscription::delivery_again(c, (w, SubscriptionId(a.id)), SubscriptionDeliveryId(a.id), now())
                }),
            )
        },
    },
    Call {
        name: "subscription::delivery_give_up",
        does: Does::Change,
        make: |c, w, a| shown(subscription::delivery_give_up(c, (w.0, a.id), "why")),
    },
    Call {
        name: "subscription::delivery_insert",
        does: Does::Change,
        make: |c, w, a| {
            shown(subscription::delivery_insert(
                c,
                &SubscriptionDelivery { workspace_id: w.0, id: a.fresh, ..a.rows.delivery.clone() },
            ))
        },
    },
    Call {
        name: "subscription::delivery_list",
        does: Does::Show,
        make: |c, w, a| shown(subscription::delivery_list(c, (w, SubscriptionId(a.id)), (None, None), MOST)),
    },
    Call {
        name: "subscription::subscription_count",
        does: Does::Count,
        make: |c, w, _| shown(subscription::subscription_count(c, w)),
    },
    Call {
        name: "subscription::subscription_delete",
        does: Does::Change,
        make: |c, w, a| shown(subscription::subscription_delete(c, w, SubscriptionId(a.id))),
    },
    Call {
        name: "subscription::subscription_find",
        does: Does::Show,
        make: |c, w, a| shown(subscription::subscription_find(c, w, SubscriptionId(a.id)).map(|row| row.id)),
    },
    Call {
        name: "subscription::subscription_insert",
        does: Does::Change,
        make: |c, w, a| {
            shown(subscription::subscription_insert(
                c,
                &Subscription { workspace_id: w.0, id: a.fresh, ..a.rows.subscription.clone() },
            ))
        },
    },
    Call {
        name: "subscription::subscription_list",
        does: Does::Show,
        make: |c, w, _| {
            shown(subscription::subscription_list(c, w).map(|rows| rows.into_iter().map(|row| row.id).collect::<Vec<_>>()))
        },
    },
    Call {
        name: "subscription::subscription_lock",
        does: Does::Show,
        make: |c, w, a| shown(subscription::subscription_lock(c, w, SubscriptionId(a.id)).map(|row| row.id)),
    },
    Call {
        name: "subscription::subscription_update",
        does: Does::Change,
        make: |c, w, a| {
            shown(subscription::subscription_update(
                c,
                &Subscription { workspace_id: w.0, name: "new".to_owned(), ..a.rows.subscription.clone() },
            ))
        },
    },
    Call {
        name: "version::owner",
        does: Does::Show,
        make: |c, w, a| shown(version::owner(c, w.0, version::Of::Version(WorkflowUid(a.id), 2))),
    },
    Call { name: "version::source", does: Does::Show, make: |c, w, a| shown(version::source(c, w.0, a.id, 2)) },
    Call {
        name: "workflow::trigger_begin",
        does: Does::Change,
        make: |c, w, a| shown(workflow::trigger_begin(c, (w, WorkflowUid(a.id)), &["fresh"], ("1:1:", beginning()))),
    },
    Call {
        name: "workflow::trigger_list",
        does: Does::Show,
        make: |c, w, a| shown(workflow::trigger_list(c, w, &[WorkflowUid(a.id)])),
    },
    Call {
        name: "workflow::trigger_path_owner",
        does: Does::Show,
        make: |c, w, a| shown(workflow::trigger_path_owner(c, w, WorkflowUid(a.fresh), std::slice::from_ref(&a.text))),
    },
    Call {
        name: "workflow::trigger_replace",
        does: Does::Change,
        make: |c, w, a| shown(workflow::trigger_replace(c, w, WorkflowUid(a.id), &[])),
    },
    Call {
        name: "workflow::trigger_state",
        does: Does::Tell,
        make: |c, w, a| shown(workflow::trigger_state(c, w, WorkflowUid(a.id), &a.text)),
    },
    Call {
        name: "workflow::trigger_test_insert",
        does: Does::Change,
        make: |c, w, a| shown(workflow::trigger_test_insert(c, &trigger_test(w, a))),
    },
    Call {
        name: "workflow::workflow_delete",
        does: Does::Change,
        make: |c, w, a| shown(workflow::workflow_delete(c, w, &a.text)),
    },
    Call { name: "workflow::workflow_get", does: Does::Show, make: |c, w, a| shown(workflow::workflow_get(c, w, &a.text)) },
    Call {
        name: "workflow::workflow_insert",
        does: Does::Change,
        make: |c, w, a| {
            shown(workflow::workflow_insert(
                c,
                &Workflow { workspace_id: w.0, uid: a.fresh, id: a.fresh.to_string(), ..a.rows.workflow.clone() },
            ))
        },
    },
    Call {
        name: "workflow::workflow_list",
        does: Does::Show,
        make: |c, w, _| shown(workflow::workflow_list(c, w, None, None, MOST)),
    },
    Call { name: "workflow::workflow_lock", does: Does::Show, make: |c, w, a| shown(workflow::workflow_lock(c, w, &a.text)) },
    Call {
        name: "workflow::workflow_update",
        does: Does::Change,
        make: |c, w, a| {
            shown(workflow::workflow_update(
                c,
                &Workflow { workspace_id: w.0, name: "new".to_owned(), ..a.rows.workflow.clone() },
            ))
        },
    },
    Call {
        name: "workflow_version::version_get",
        does: Does::Show,
        make: |c, w, a| shown(workflow_version::version_get(c, w, WorkflowUid(a.id), 2)),
    },
    Call {
        name: "workflow_version::version_insert",
        does: Does::Change,
        make: |c, w, a| {
            shown(workflow_version::version_insert(
                c,
                &WorkflowVersion { workspace_id: w.0, version: 3, ..a.rows.version.clone() },
            ))
        },
    },
    Call {
        name: "workflow_version::version_list",
        does: Does::Tell,
        make: |c, w, a| shown(workflow_version::version_list(c, w, WorkflowUid(a.id))),
    },
    Call {
        name: "workflow_version::version_sources",
        does: Does::Show,
        make: |c, w, a| shown(workflow_version::version_sources(c, w, &[(WorkflowUid(a.id), 2)])),
    },
];
