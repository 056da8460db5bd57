//! Orders about members, invites and shares.

use tidemill_common::api::member::MemberView;
use tidemill_common::api::share::ShareCreate;

use super::super::home::Home;
use crate::app::order::{Once, Outcome, PeopleOrder, ShareWish};
use crate::client::Error;

/// Sends `order`.
pub async fn send(home: &Home, order: &PeopleOrder) -> Result<Outcome, Error> {
    let (client, workspace) = (&home.client, home.workspace().await?);
    match order {
        PeopleOrder::MemberAdd(wanted) => client.member_add(workspace, wanted).await.map(|_| Outcome::Done),
        PeopleOrder::ServiceAccountCreate(wanted) => {
            client.service_account_create(workspace, wanted).await.map(|_| Outcome::Done)
        }
        PeopleOrder::MemberUpdate(user, _, wanted) => {
            client.member_update(workspace, *user, wanted).await.map(|_| Outcome::Done)
        }
        PeopleOrder::MemberRemove(user, _) => client.member_remove(workspace, *user).await.map(|()| Outcome::Done),
        PeopleOrder::InviteCreate(wanted) => {
            let made = client.invite_create(workspace, wanted).await?;
            let whom = made.invite.email.map_or_else(String::new, |email| format!(" for {email}"));
            Ok(Outcome::Once(Once { title: format!("the link of the invite{whom}"), secret: made.link }))
        }
        PeopleOrder::InviteRevoke(id, _) => client.invite_revoke(workspace, *id).await.map(|()| Outcome::Done),
        PeopleOrder::ShareCreate(wish) => {
            let wanted = share(home, wish).await?;
            client.share_create(workspace, &wanted).await.map(|_| Outcome::Done)
        }
        PeopleOrder::ShareRevoke(id, _) => client.share_revoke(workspace, *id).await.map(|()| Outcome::Done),
    }
}

/// The share that was wished for: `@slug` is a workspace; a member is looked up by address or name, else taken for an id.
async fn share(home: &Home, wish: &ShareWish) -> Result<ShareCreate, Error> {
    let mut wanted = ShareCreate {
        object_kind: wish.kind,
        object_id: wish.which.clone(),
        user_id: None,
        workspace: None,
        permission: wish.may,
        expires_in_days: wish.days,
    };
    if let Some(slug) = wish.with.strip_prefix('@') {
        wanted.workspace = Some(slug.to_owned());
        return Ok(wanted);
    }
    let members = home.client.members(home.workspace().await?).await?.items;
    let is_meant = |member: &&MemberView| member.email.as_deref() == Some(&wish.with) || member.name == wish.with;
    // Without either the server says what is missing.
    wanted.user_id = members.iter().find(is_meant).map(|member| member.user_id).or_else(|| wish.with.parse().ok());
    Ok(wanted)
}
