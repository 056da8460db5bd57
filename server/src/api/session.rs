//! `/api/sign-in`, `/api/sessions`, passwords, second factors, and devices (RFC 8628).

use poem_openapi::param::{Header, Path};
use poem_openapi::{ApiResponse, OpenApi};
use tidemill_common::api::session::{
    DeviceApprove, DeviceBegin, DeviceBegun, DeviceRedeem, PasswordChange, PasswordReset, RecoveryCodes, SessionCreated,
    SessionList, SignIn, TotpCode, TotpEnrolled,
};
use tidemill_common::ids::SessionId;

use super::Tag;
use super::authenticate::{Remote, Token};
use super::failure::{ReadFailure, SignInFailure, WriteFailure};
use super::payload::{Gone, Json, OptionalJson};
use crate::app::People;

/// Signing in.
pub struct SessionApi(pub People);

/// An answer with a secret in it.
#[derive(ApiResponse)]
enum SessionResponse {
    /// Made. The secret is shown this one time.
    #[oai(status = 201)]
    Created(
        Json<SessionCreated>,
        /// `no-store`: the answer holds a secret.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

/// An answer with a secret in it.
#[derive(ApiResponse)]
enum EnrolledResponse {
    /// Made. The secret is shown this one time.
    #[oai(status = 201)]
    Created(
        Json<TotpEnrolled>,
        /// `no-store`: the answer holds a secret.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

/// An answer with a secret in it.
#[derive(ApiResponse)]
enum CodesResponse {
    /// Made. The secret is shown this one time.
    #[oai(status = 201)]
    Created(
        Json<RecoveryCodes>,
        /// `no-store`: the answer holds a secret.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

/// An answer with a secret in it.
#[derive(ApiResponse)]
enum DeviceResponse {
    /// Made. The secret is shown this one time.
    #[oai(status = 201)]
    Created(
        Json<DeviceBegun>,
        /// `no-store`: the answer holds a secret.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

#[OpenApi(tag = "Tag::Account")]
impl SessionApi {
    /// Sign in
    ///
    /// With e-mail address and password, and the code of the second factor where the account has one. After five
    /// failures each next attempt waits longer.
    #[oai(path = "/api/sign-in", method = "post", operation_id = "session_create")]
    async fn session_create(&self, body: Json<SignIn>, remote: Remote) -> Result<SessionResponse, SignInFailure> {
        let made = self.0.session_create(body.0, remote.0).await?;
        Ok(SessionResponse::Created(Json(made), "no-store".to_owned()))
    }

    /// Sign out
    ///
    /// Ends the session of this request.
    #[oai(path = "/api/session", method = "delete", operation_id = "session_end")]
    async fn session_end(
        &self,
        token: Token,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, WriteFailure> {
        self.0.session_end(&token.0).await?;
        Ok(Gone)
    }

    /// List where you are signed in
    ///
    /// Newest first.
    #[oai(path = "/api/sessions", method = "get", operation_id = "session_list")]
    async fn session_list(&self, token: Token) -> Result<Json<SessionList>, ReadFailure> {
        Ok(Json(self.0.sessions(&token.0).await?))
    }

    /// End a session
    ///
    /// It stops working at once on the server that answers, and within five seconds on others.
    #[oai(path = "/api/sessions/:id", method = "delete", operation_id = "session_revoke")]
    async fn session_revoke(
        &self,
        token: Token,
        /// The session's id.
        id: Path<SessionId>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, WriteFailure> {
        self.0.session_revoke(&token.0, id.0).await?;
        Ok(Gone)
    }

    /// Set your password
    ///
    /// The present one must be known, where there is one. All other sessions end.
    #[oai(path = "/api/user/password", method = "put", operation_id = "password_change")]
    async fn password_change(
        &self,
        token: Token,
        body: Json<PasswordChange>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, SignInFailure> {
        self.0.password_change(&token.0, body.0).await?;
        Ok(Gone)
    }

    /// Set a new password with a link
    ///
    /// The link was made by an admin of your organisation, and is good once. All sessions end.
    #[oai(path = "/api/password-reset", method = "post", operation_id = "password_reset")]
    async fn password_reset(&self, body: Json<PasswordReset>, remote: Remote) -> Result<Gone, SignInFailure> {
        self.0.password_reset(body.0, remote.0).await?;
        Ok(Gone)
    }

    /// Begin a second factor
    ///
    /// Gives the shared secret for an authenticator app (RFC 6238). It is needed from `POST /api/user/totp/confirm`
    /// on.
    #[oai(path = "/api/user/totp", method = "post", operation_id = "totp_enroll")]
    async fn totp_enroll(
        &self,
        token: Token,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<EnrolledResponse, WriteFailure> {
        let made = self.0.totp_enroll(&token.0).await?;
        Ok(EnrolledResponse::Created(Json(made), "no-store".to_owned()))
    }

    /// Switch the second factor on
    ///
    /// With a first code of the app. Gives recovery codes, each good once.
    #[oai(path = "/api/user/totp/confirm", method = "post", operation_id = "totp_confirm")]
    async fn totp_confirm(
        &self,
        token: Token,
        body: Json<TotpCode>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<CodesResponse, SignInFailure> {
        let made = self.0.totp_confirm(&token.0, body.0).await?;
        Ok(CodesResponse::Created(Json(made), "no-store".to_owned()))
    }

    /// Switch the second factor off
    ///
    /// With one of its codes, or a recovery code.
    #[oai(path = "/api/user/totp/disable", method = "post", operation_id = "totp_disable")]
    async fn totp_disable(
        &self,
        token: Token,
        body: Json<TotpCode>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, SignInFailure> {
        self.0.totp_disable(&token.0, body.0).await?;
        Ok(Gone)
    }

    /// Begin to sign in a device
    ///
    /// For a device without a browser: it shows `user_code` and the address, and asks `POST /api/device/token` until
    /// a person has entered the code (RFC 8628 §3.1, as JSON).
    #[oai(path = "/api/device", method = "post", operation_id = "device_begin")]
    async fn device_begin(&self, body: OptionalJson<DeviceBegin>, remote: Remote) -> Result<DeviceResponse, SignInFailure> {
        let made = self.0.device_begin(body.0, remote.0).await?;
        Ok(DeviceResponse::Created(Json(made), "no-store".to_owned()))
    }

    /// Ask whether the device is signed in
    ///
    /// Until then a problem says `authorization_pending`, `slow_down`, `access_denied` or `expired_token` (RFC 8628
    /// §3.5).
    #[oai(path = "/api/device/token", method = "post", operation_id = "device_redeem")]
    async fn device_redeem(&self, body: Json<DeviceRedeem>) -> Result<SessionResponse, SignInFailure> {
        let made = self.0.device_redeem(body.0).await?;
        Ok(SessionResponse::Created(Json(made), "no-store".to_owned()))
    }

    /// Sign a device in
    ///
    /// In your name, with the code that it shows; or refuse it.
    #[oai(path = "/api/device/approve", method = "post", operation_id = "device_approve")]
    async fn device_approve(
        &self,
        token: Token,
        body: Json<DeviceApprove>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, SignInFailure> {
        self.0.device_approve(&token.0, body.0).await?;
        Ok(Gone)
    }
}
