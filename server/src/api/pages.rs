//! Three pages for a browser, served by the binary: to sign a device in, to accept an invite, to set a new password. No script,
//! no cookie: each form carries address and password, so that nothing can be sent in somebody's name from elsewhere.

use poem::http::{StatusCode, header};
use poem::web::{Data, Form, Path, Query};
use poem::{Endpoint, EndpointExt, Response, Route, get, handler};
use serde::Deserialize;
use tidemill_common::api::member::InviteAccept;
use tidemill_common::api::session::PasswordReset;

use super::authenticate::Remote;
use super::problem::ProblemError;
use crate::app::{self, DeviceAnswer, People};

const STYLE: &str = include_str!("pages.css");

/// The pages.
pub fn routes(people: People) -> Route {
    Route::new()
        .at("/device", with(get(device_form).post(device_answer), people.clone()))
        .at("/invite/:secret", with(get(invite_form).post(invite_accept), people.clone()))
        .at("/reset/:secret", with(get(reset_form).post(reset_set), people))
}

fn with(endpoint: poem::RouteMethod, people: People) -> impl Endpoint {
    endpoint.data(people)
}

/// A page with a heading and a body, which is HTML already.
fn page(status: StatusCode, heading: &str, body: &str) -> Response {
    let heading = escaped(heading);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"referrer\" content=\"no-referrer\"><title>{heading} · Tidemill</title><style>{STYLE}</style></head>\
         <body><main><h1>{heading}</h1>{body}</main></body></html>"
    );
    Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        )
        .body(html)
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

/// What went wrong, above the form that can be sent again.
fn refused(error: app::Error, heading: &str, form: &str) -> Response {
    let error = ProblemError::from(error);
    let status = StatusCode::from_u16(error.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    page(status, heading, &format!("<p class=\"error\" role=\"alert\">{}</p>{form}", escaped(&error.problem.detail)))
}

/// One field of a form.
fn field(label: &str, name: &str, attributes: &str) -> String {
    format!("<label>{label}<input name=\"{name}\" {attributes}></label>")
}

const PASSWORD: &str = "type=\"password\" autocomplete=\"current-password\" required maxlength=\"1024\"";
const NEW_PASSWORD: &str = "type=\"password\" autocomplete=\"new-password\" required minlength=\"12\" maxlength=\"1024\"";
const EMAIL: &str = "type=\"email\" autocomplete=\"username\" required maxlength=\"254\"";
const CODE: &str = "autocomplete=\"one-time-code\" inputmode=\"text\" maxlength=\"20\"";

const DEVICE: &str = "Sign a device in";
const INVITE: &str = "Accept the invite";
const RESET: &str = "Set a new password";

#[derive(Deserialize)]
struct UserCode {
    user_code: Option<String>,
}

fn device(user_code: &str) -> String {
    let code = format!(
        "value=\"{}\" required maxlength=\"20\" autocomplete=\"off\" autocapitalize=\"characters\"",
        escaped(user_code)
    );
    format!(
        "<p>Compare the code with the one that the device shows. Whoever shows it will act in your name.</p>\
         <form method=\"post\" action=\"/device\">{}{}{}{}\
         <button name=\"approve\" value=\"true\">Sign it in</button> <button name=\"approve\" value=\"false\">Refuse</button></form>",
        field("Code", "user_code", &code),
        field("E-mail", "email", EMAIL),
        field("Password", "password", PASSWORD),
        field("Second factor, if you have one", "code", CODE)
    )
}

#[handler]
fn device_form(Query(UserCode { user_code }): Query<UserCode>) -> Response {
    page(StatusCode::OK, DEVICE, &device(&user_code.unwrap_or_default()))
}

#[derive(Deserialize)]
struct DeviceForm {
    user_code: String,
    email: String,
    password: String,
    code: Option<String>,
    approve: bool,
}

#[handler]
async fn device_answer(Data(people): Data<&People>, remote: Remote, Form(form): Form<DeviceForm>) -> Response {
    let again = device(&form.user_code);
    let answer = DeviceAnswer {
        email: form.email,
        password: form.password,
        code: form.code.filter(|code| !code.trim().is_empty()),
        user_code: form.user_code,
        approve: form.approve,
        address: remote.0,
    };
    let said = if answer.approve { "The device is signed in." } else { "The device is refused." };
    match people.device_answer(answer).await {
        Ok(()) => page(StatusCode::OK, said, "<p>You can close this page.</p>"),
        Err(error) => refused(error, DEVICE, &again),
    }
}

fn invite(secret: &str, email: Option<&str>) -> String {
    let email = email.map(|email| format!("{EMAIL} value=\"{}\"", escaped(email)));
    format!(
        "<p>If the address has an account here, use its password; otherwise an account is made.</p>\
         <form method=\"post\" action=\"/invite/{}\">{}{}{}{}<button>Accept</button></form>",
        escaped(secret),
        field("E-mail", "email", email.as_deref().unwrap_or(EMAIL)),
        field("Name", "name", "autocomplete=\"name\" maxlength=\"100\""),
        field("Password, 12 characters or more", "password", NEW_PASSWORD),
        field("Second factor, if you have one", "code", CODE)
    )
}

#[handler]
async fn invite_form(Data(people): Data<&People>, Path(secret): Path<String>) -> Response {
    match people.invite_show(&secret).await {
        Ok(shown) => {
            let words = format!(
                "<p>{} invites you into the workspace <b>{}</b> of {}, as {}.</p>",
                escaped(&shown.invited_by),
                escaped(&shown.workspace_name),
                escaped(&shown.organization_name),
                format!("{:?}", shown.role).to_lowercase()
            );
            page(StatusCode::OK, INVITE, &(words + &invite(&secret, shown.email.as_deref())))
        }
        Err(error) => refused(error, INVITE, ""),
    }
}

#[derive(Deserialize)]
struct InviteForm {
    email: String,
    name: Option<String>,
    password: String,
    code: Option<String>,
}

#[handler]
async fn invite_accept(
    Data(people): Data<&People>,
    remote: Remote,
    Path(secret): Path<String>,
    Form(form): Form<InviteForm>,
) -> Response {
    let (again, given) =
        (invite(&secret, Some(&form.email)), |text: Option<String>| text.filter(|text| !text.trim().is_empty()));
    let wanted = InviteAccept { email: form.email, password: form.password, name: given(form.name), code: given(form.code) };
    match people.invite_accept(&secret, wanted, remote.0).await {
        Ok(account) => {
            let words = format!(
                "<p>You are a member of <b>{}</b>. Sign in with <code>tidemill login</code>.</p>",
                escaped(&account.workspace.name)
            );
            page(StatusCode::CREATED, "Welcome", &words)
        }
        Err(error) => refused(error, INVITE, &again),
    }
}

fn reset(secret: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/reset/{}\">{}<button>Set it</button></form>",
        escaped(secret),
        field("New password, 12 characters or more", "password", NEW_PASSWORD)
    )
}

#[handler]
fn reset_form(Path(secret): Path<String>) -> Response {
    page(StatusCode::OK, RESET, &reset(&secret))
}

#[derive(Deserialize)]
struct ResetForm {
    password: String,
}

#[handler]
async fn reset_set(
    Data(people): Data<&People>,
    remote: Remote,
    Path(secret): Path<String>,
    Form(form): Form<ResetForm>,
) -> Response {
    let wanted = PasswordReset { secret: secret.clone(), password: form.password };
    match people.password_reset(wanted, remote.0).await {
        Ok(()) => page(StatusCode::OK, "The password is set.", "<p>All your sessions have ended: sign in again.</p>"),
        Err(error) => refused(error, RESET, &reset(&secret)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text() {
        assert_eq!(escaped("<script>\"'&"), "&lt;script&gt;&quot;&#39;&amp;");
        assert!(!device("\"><script>").contains("<script>"));
    }
}
