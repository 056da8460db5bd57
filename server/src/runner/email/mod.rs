//! The `email.send` step: one message over SMTP. Start at [`send()`]; [`message`] builds, this file delivers.

mod message;

use std::net::IpAddr;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use serde_json::{Value, json};
use tidemill_common::event::StepError;
use tidemill_common::status::FailureClass;
use tokio::time::Instant;

use super::StepContext;
use super::http::{failed, user_error};
use super::outbound::Outbound;
use crate::domain::credential::{AllowedHost, Credential, Kind};

/// How long one command of the conversation may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends the message that `with` (rendered) describes. The output is `{message_id, recipients, response}`.
///
/// The `Message-ID` is the same in every attempt: mail systems know a repeated message by it.
pub(super) async fn send(outbound: &Outbound, with: &Value, context: StepContext) -> Result<Value, StepError> {
    let Some(credential) = context.credential.clone() else { return Err(user_error("`with.credential` is missing")) };
    let (server, user) = server(&credential)?;
    let message = message::build(with, &context.idempotency_key(0)).map_err(user_error)?;
    let recipients: Vec<String> = message.message.envelope().to().iter().map(ToString::to_string).collect();
    let ends = Instant::now() + context.timeout;
    let addresses = outbound.addresses(&server.host).await.map_err(|error| failed(&error, &context))?;
    let mut outcome = Err(StepError::new(FailureClass::Infrastructure, "the mail server has no address"));
    for ip in addresses {
        let transport = transport(outbound, &server, ip, user.clone())?;
        let left = ends.saturating_duration_since(Instant::now());
        outcome = match tokio::time::timeout(left, transport.send(message.message.clone())).await {
            Err(_) => Err(StepError::new(FailureClass::Timeout, format!("{server} did not take the message in time"))),
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if is_unreachable(&error) => {
                // The next address may be better.
                outcome = Err(refused(&server, &error));
                continue;
            }
            Ok(Err(error)) => Err(refused(&server, &error)),
        };
        break;
    }
    let response = outcome?;
    let said: String = response.message().collect::<Vec<_>>().join(" ").chars().take(300).collect();
    let response = format!("{} {said}", response.code());
    Ok(json!({"message_id": message.id, "recipients": recipients, "response": response}))
}

/// The server of a credential, and its user.
fn server(credential: &Credential) -> Result<(AllowedHost, Option<Credentials>), StepError> {
    let Kind::Smtp(user) = &credential.kind else {
        let (name, kind) = (&credential.name, credential.kind.as_str());
        return Err(user_error(format!("the credential `{name}` is of the type {kind}; mail needs one of the type smtp")));
    };
    let host = credential.hosts.first().cloned().ok_or_else(|| user_error("the credential names no mail server"))?;
    Ok((host, user.clone().map(|(name, password)| Credentials::new(name, password))))
}

/// Connects to the address that was checked, and to nothing else; the certificate must be for the server's name.
fn transport(
    outbound: &Outbound,
    server: &AllowedHost,
    ip: IpAddr,
    user: Option<Credentials>,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, StepError> {
    let tls = match server.scheme {
        "smtps" => Tls::Wrapper(parameters(outbound, server)?),
        "smtp" => Tls::Required(parameters(outbound, server)?),
        _ => Tls::None,
    };
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(ip.to_string())
        .port(server.port)
        .tls(tls)
        .timeout(Some(PATIENCE));
    Ok(match user {
        Some(user) => builder.credentials(user).build(),
        None => builder.build(),
    })
}

fn parameters(outbound: &Outbound, server: &AllowedHost) -> Result<TlsParameters, StepError> {
    let unusable = |error: lettre::transport::smtp::Error| {
        StepError::new(FailureClass::Infrastructure, format!("TLS with {server} can't be prepared: {error}"))
    };
    let mut builder = TlsParameters::builder(server.host.clone());
    for authority in outbound.authorities().iter() {
        builder = builder.add_root_certificate(Certificate::from_der(authority.to_vec()).map_err(unusable)?);
    }
    builder.build_rustls().map_err(unusable)
}

/// Whether there was no conversation at all.
fn is_unreachable(error: &lettre::transport::smtp::Error) -> bool {
    !error.is_response()
        && !error.is_client()
        && !error.is_transient()
        && !error.is_permanent()
        && !error.is_timeout()
        && !error.is_tls()
}

/// A refusal with 5xx is for good; everything else can pass.
fn refused(server: &AllowedHost, error: &lettre::transport::smtp::Error) -> StepError {
    let class = if error.is_permanent() || error.is_client() {
        FailureClass::User
    } else if error.is_timeout() {
        FailureClass::Timeout
    } else {
        FailureClass::Infrastructure
    };
    let mut causes = vec![error.to_string()];
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let text = cause.to_string();
        if !causes.iter().any(|known| known.contains(&text)) {
            causes.push(text);
        }
        next = cause.source();
    }
    let text: String = causes.join(": ").chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    let status = error.status().map(u16::from);
    StepError { status, ..StepError::new(class, format!("{server} did not take the message: {text}")) }
}
