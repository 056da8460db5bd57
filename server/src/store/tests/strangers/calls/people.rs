//! Who may do what.

use tidemill_common::api::share::Shareable;
use tidemill_common::ids::{InviteId, ShareId, TokenId, UserId, WorkflowUid};

use super::{Call, Does, now};
use crate::store::queries::idempotency::Reply;
use crate::store::queries::{billing_subscription, idempotency, invite, member, share, token};
use crate::store::rows::idempotency_key::IdempotencyKey;
use crate::store::rows::invite::Invite;
use crate::store::rows::member::Member;
use crate::store::rows::share::Share;
use crate::store::rows::token::Token;
use crate::store::tests::strangers::shown;

fn reply() -> Reply {
    Reply { status: 201, content_type: None, body: None }
}

/// All of them.
pub static CALLS: &[Call] = &[
    Call {
        name: "billing_subscription::workflow_unpause",
        does: Does::Change,
        make: |c, w, a| shown(billing_subscription::workflow_unpause(c, w, WorkflowUid(a.id))),
    },
    Call {
        name: "idempotency::idempotency_begin",
        does: Does::Change,
        make: |c, w, a| {
            shown(idempotency::idempotency_begin(
                c,
                &IdempotencyKey { workspace_id: w.0, key: a.fresh.to_string(), ..a.rows.idempotency.clone() },
            ))
        },
    },
    Call {
        name: "idempotency::idempotency_finish",
        does: Does::Change,
        make: |c, w, a| {
            shown(idempotency::idempotency_finish(
                c,
                &IdempotencyKey { workspace_id: w.0, ..a.rows.idempotency.clone() },
                reply(),
            ))
        },
    },
    Call {
        name: "idempotency::idempotency_release",
        does: Does::Change,
        make: |c, w, a| shown(idempotency::idempotency_release(c, w, TokenId(a.id), &a.text)),
    },
    Call {
        name: "invite::invite_insert",
        does: Does::Change,
        make: |c, w, a| {
            shown(invite::invite_insert(
                c,
                &Invite { workspace_id: w.0, id: a.fresh, hash: a.fresh.as_bytes().to_vec(), ..a.rows.invite.clone() },
            ))
        },
    },
    Call { name: "invite::invite_list", does: Does::Show, make: |c, w, _| shown(invite::invite_list(c, w, now())) },
    Call {
        name: "invite::invite_revoke",
        does: Does::Change,
        make: |c, w, a| shown(invite::invite_revoke(c, w, InviteId(a.id), now())),
    },
    Call {
        name: "member::member_delete",
        does: Does::Change,
        make: |c, w, a| shown(member::member_delete(c, w, UserId(a.id))),
    },
    Call { name: "member::member_get", does: Does::Show, make: |c, w, a| shown(member::member_get(c, w, UserId(a.id))) },
    Call {
        name: "member::member_insert",
        does: Does::Change,
        make: |c, w, a| {
            shown(member::member_insert(c, &Member { workspace_id: w.0, user_id: a.fresh, ..a.rows.member.clone() }))
        },
    },
    Call { name: "member::member_list", does: Does::Show, make: |c, w, _| shown(member::member_list(c, w)) },
    Call {
        name: "member::member_put",
        does: Does::Change,
        make: |c, w, a| {
            shown(member::member_put(c, &Member { workspace_id: w.0, role: "editor".to_owned(), ..a.rows.member.clone() }))
        },
    },
    Call {
        name: "member::member_update",
        does: Does::Change,
        make: |c, w, a| shown(member::member_update(c, (w, UserId(a.id)), "editor", None)),
    },
    Call {
        name: "member::other_admins",
        does: Does::Count,
        make: |c, w, a| shown(member::other_admins(c, w, UserId(a.fresh))),
    },
    Call { name: "share::share_delete", does: Does::Change, make: |c, w, a| shown(share::share_delete(c, w, ShareId(a.id))) },
    Call {
        name: "share::share_delete_object",
        does: Does::Change,
        make: |c, w, a| shown(share::share_delete_object(c, w, Shareable::Workflow, &a.id.to_string())),
    },
    Call { name: "share::share_delete_of", does: Does::Change, make: |c, w, a| shown(share::share_delete_of(c, w, a.id)) },
    Call { name: "share::share_list", does: Does::Show, make: |c, w, _| shown(share::share_list(c, w)) },
    Call {
        name: "share::share_put",
        does: Does::Change,
        make: |c, w, a| {
            shown(share::share_put(
                c,
                &Share { workspace_id: w.0, id: a.fresh, user_id: Some(a.fresh), ..a.rows.share.clone() },
            ))
        },
    },
    Call { name: "share::workflow_names", does: Does::Show, make: |c, w, _| shown(share::workflow_names(c, w)) },
    Call {
        name: "token::token_insert",
        does: Does::Change,
        make: |c, w, a| {
            shown(token::token_insert(
                c,
                &Token { workspace_id: w.0, id: a.fresh, hash: a.fresh.as_bytes().to_vec(), ..a.rows.token.clone() },
            ))
        },
    },
    Call { name: "token::token_list", does: Does::Show, make: |c, w, _| shown(token::token_list(c, w)) },
    Call {
        name: "token::token_revoke",
        does: Does::Change,
        make: |c, w, a| shown(token::token_revoke(c, w, TokenId(a.id), now())),
    },
];
