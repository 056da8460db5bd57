//! Accounts, signing in, workspaces, members, invites and shares.

use reqwest::Method;
use serde_json::Value;
use tidemill_common::api::account::{AccountErase, AccountUpdate, AccountView};
use tidemill_common::api::member::{
    InviteAccept, InviteCreate, InviteCreated, InviteList, InviteShow, MemberCreate, MemberList, MemberUpdate, MemberView,
    ServiceAccountCreate,
};
use tidemill_common::api::session::{
    DeviceApprove, DeviceBegin, DeviceBegun, DeviceRedeem, PasswordChange, PasswordReset, RecoveryCodes, SessionCreated,
    SessionList, SignIn, TotpCode, TotpEnrolled,
};
use tidemill_common::api::share::{ShareCreate, ShareList, ShareView, SharedList};
use tidemill_common::api::workspace::{WorkspaceUpdate, WorkspaceView};
use tidemill_common::ids::{InviteId, SessionId, ShareId, UserId};

use super::{Client, Error};

impl Client {
    /// A workspace, by id or slug.
    pub async fn workspace(&self, workspace: &str) -> Result<WorkspaceView, Error> {
        self.fetch(self.call(Method::GET, &["api", "workspaces", workspace])).await
    }

    /// Renames a workspace.
    pub async fn workspace_update(&self, workspace: &str, wanted: &WorkspaceUpdate) -> Result<WorkspaceView, Error> {
        self.fetch(self.call(Method::PATCH, &["api", "workspaces", workspace]).json(wanted)).await
    }

    /// Deletes a workspace; it can be restored for a while.
    pub async fn workspace_delete(&self, workspace: &str) -> Result<WorkspaceView, Error> {
        self.fetch(self.call(Method::DELETE, &["api", "workspaces", workspace])).await
    }

    /// Archives, unarchives or restores a workspace: `verb` is the last part of the address.
    pub async fn workspace_change(&self, workspace: &str, verb: &str) -> Result<WorkspaceView, Error> {
        self.fetch(self.call(Method::POST, &["api", "workspaces", workspace, verb])).await
    }

    /// Leaves a workspace.
    pub async fn workspace_leave(&self, workspace: &str) -> Result<(), Error> {
        self.done(self.call(Method::POST, &["api", "workspaces", workspace, "leave"])).await
    }

    /// The members of a workspace.
    pub async fn members(&self, workspace: &str) -> Result<MemberList, Error> {
        self.fetch(self.call(Method::GET, &["api", "workspaces", workspace, "members"])).await
    }

    /// Adds a member.
    pub async fn member_add(&self, workspace: &str, wanted: &MemberCreate) -> Result<MemberView, Error> {
        self.fetch(self.call(Method::POST, &["api", "workspaces", workspace, "members"]).json(wanted)).await
    }

    /// Changes a member's role.
    pub async fn member_update(&self, workspace: &str, user: UserId, wanted: &MemberUpdate) -> Result<MemberView, Error> {
        self.fetch(self.call(Method::PATCH, &["api", "workspaces", workspace, "members", &user.to_string()]).json(wanted)).await
    }

    /// Removes a member.
    pub async fn member_remove(&self, workspace: &str, user: UserId) -> Result<(), Error> {
        self.done(self.call(Method::DELETE, &["api", "workspaces", workspace, "members", &user.to_string()])).await
    }

    /// Makes a service account.
    pub async fn service_account_create(&self, workspace: &str, wanted: &ServiceAccountCreate) -> Result<MemberView, Error> {
        self.fetch(self.call(Method::POST, &["api", "workspaces", workspace, "service-accounts"]).json(wanted)).await
    }

    /// The open invites of a workspace.
    pub async fn invites(&self, workspace: &str) -> Result<InviteList, Error> {
        self.fetch(self.call(Method::GET, &["api", "workspaces", workspace, "invites"])).await
    }

    /// Makes an invite; its link is in this answer and never again.
    pub async fn invite_create(&self, workspace: &str, wanted: &InviteCreate) -> Result<InviteCreated, Error> {
        self.fetch(self.call(Method::POST, &["api", "workspaces", workspace, "invites"]).json(wanted)).await
    }

    /// Revokes an invite.
    pub async fn invite_revoke(&self, workspace: &str, id: InviteId) -> Result<(), Error> {
        self.done(self.call(Method::DELETE, &["api", "workspaces", workspace, "invites", &id.to_string()])).await
    }

    /// What an invite leads to; needs no token.
    pub async fn invite_show(&self, secret: &str) -> Result<InviteShow, Error> {
        self.fetch(self.call(Method::GET, &["api", "invites", secret])).await
    }

    /// Accepts an invite; needs no token.
    pub async fn invite_accept(&self, secret: &str, wanted: &InviteAccept) -> Result<AccountView, Error> {
        self.fetch(self.call(Method::POST, &["api", "invites", secret]).json(wanted)).await
    }

    /// The shares of a workspace.
    pub async fn shares(&self, workspace: &str) -> Result<ShareList, Error> {
        self.fetch(self.call(Method::GET, &["api", "workspaces", workspace, "shares"])).await
    }

    /// Shares a thing.
    pub async fn share_create(&self, workspace: &str, wanted: &ShareCreate) -> Result<ShareView, Error> {
        self.fetch(self.call(Method::POST, &["api", "workspaces", workspace, "shares"]).json(wanted)).await
    }

    /// Ends a share.
    pub async fn share_revoke(&self, workspace: &str, id: ShareId) -> Result<(), Error> {
        self.done(self.call(Method::DELETE, &["api", "workspaces", workspace, "shares", &id.to_string()])).await
    }

    /// What is shared with the account.
    pub async fn shared(&self) -> Result<SharedList, Error> {
        self.fetch(self.call(Method::GET, &["api", "shared"])).await
    }

    /// Renames the account.
    pub async fn account_update(&self, wanted: &AccountUpdate) -> Result<AccountView, Error> {
        self.fetch(self.call(Method::PATCH, &["api", "user"]).json(wanted)).await
    }

    /// Everything that the server keeps about the account.
    pub async fn account_export(&self) -> Result<Value, Error> {
        self.fetch(self.call(Method::GET, &["api", "user", "export"])).await
    }

    /// Erases the account.
    pub async fn account_erase(&self, wanted: &AccountErase) -> Result<(), Error> {
        self.done(self.call(Method::POST, &["api", "user", "erase"]).json(wanted)).await
    }

    /// Sets the password.
    pub async fn password_change(&self, wanted: &PasswordChange) -> Result<(), Error> {
        self.done(self.call(Method::PUT, &["api", "user", "password"]).json(wanted)).await
    }

    /// Begins a second factor.
    pub async fn totp_enroll(&self) -> Result<TotpEnrolled, Error> {
        self.fetch(self.call(Method::POST, &["api", "user", "totp"])).await
    }

    /// Switches the second factor on.
    pub async fn totp_confirm(&self, code: &TotpCode) -> Result<RecoveryCodes, Error> {
        self.fetch(self.call(Method::POST, &["api", "user", "totp", "confirm"]).json(code)).await
    }

    /// Switches the second factor off.
    pub async fn totp_disable(&self, code: &TotpCode) -> Result<(), Error> {
        self.done(self.call(Method::POST, &["api", "user", "totp", "disable"]).json(code)).await
    }

    /// Sets the password of the account that a link is for; needs no token.
    pub async fn password_reset(&self, wanted: &PasswordReset) -> Result<(), Error> {
        self.done(self.call(Method::POST, &["api", "password-reset"]).json(wanted)).await
    }

    /// Signs in with address and password; needs no token.
    pub async fn sign_in(&self, wanted: &SignIn) -> Result<SessionCreated, Error> {
        self.fetch(self.call(Method::POST, &["api", "sign-in"]).json(wanted)).await
    }

    /// Ends the session of this client.
    pub async fn sign_out(&self) -> Result<(), Error> {
        self.done(self.call(Method::DELETE, &["api", "session"])).await
    }

    /// Where the account is signed in.
    pub async fn sessions(&self) -> Result<SessionList, Error> {
        self.fetch(self.call(Method::GET, &["api", "sessions"])).await
    }

    /// Ends a session.
    pub async fn session_revoke(&self, id: SessionId) -> Result<(), Error> {
        self.done(self.call(Method::DELETE, &["api", "sessions", &id.to_string()])).await
    }

    /// Begins to sign this device in; needs no token.
    pub async fn device_begin(&self, wanted: &DeviceBegin) -> Result<DeviceBegun, Error> {
        self.fetch(self.call(Method::POST, &["api", "device"]).json(wanted)).await
    }

    /// Asks whether this device is signed in; needs no token.
    pub async fn device_redeem(&self, wanted: &DeviceRedeem) -> Result<SessionCreated, Error> {
        self.fetch(self.call(Method::POST, &["api", "device", "token"]).json(wanted)).await
    }

    /// Signs another device in, or refuses it.
    pub async fn device_approve(&self, wanted: &DeviceApprove) -> Result<(), Error> {
        self.done(self.call(Method::POST, &["api", "device", "approve"]).json(wanted)).await
    }
}
