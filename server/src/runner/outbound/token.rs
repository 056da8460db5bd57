//! Access tokens of credentials of the type `oauth2`: got with the client's own secret (RFC 6749 §4.4), kept until they end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::form_urlencoded;

use super::{Answer, Error, Request};
use crate::domain::credential::{ClientGrant, Credential};

/// How long a token endpoint may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How long a token is kept whose endpoint doesn't say how long it lives.
const UNSAID: u64 = 300;
/// A token is not used any more so long before it ends: it has to arrive.
const MARGIN: Duration = Duration::from_secs(30);
/// Credentials whose tokens are kept at most.
const MOST: usize = 1000;

/// A token as it is kept.
struct Kept {
    grant: ClientGrant,
    token: String,
    until: Instant,
    uses: usize,
}

/// Whoever needs a token of a credential waits for the one who gets it.
type Slot = Arc<Mutex<Option<Kept>>>;

/// The tokens that are kept. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Tokens(Arc<StdMutex<HashMap<String, Slot>>>);

impl Tokens {
    /// The place of a credential's token.
    fn slot(&self, credential: &Credential) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST && !slots.contains_key(&credential.key) {
            slots.clear();
        }
        Arc::clone(slots.entry(credential.key.clone()).or_default())
    }

    /// The kept token, or what `fetch` gets.
    pub(super) async fn get<F>(&self, credential: &Credential, grant: &ClientGrant, fetch: F) -> Result<String, Error>
    where
        F: Future<Output = Result<Answer, Error>>,
    {
        let slot = self.slot(credential);
        let mut slot = slot.lock().await;
        if let Some(kept) = slot.as_mut().filter(|kept| kept.grant == *grant && kept.until > Instant::now()) {
            kept.uses += 1;
            return Ok(kept.token.clone());
        }
        let (token, life) = read(credential, &fetch.await?)?;
        let until = Instant::now() + life.saturating_sub(MARGIN);
        *slot = Some(Kept { grant: grant.clone(), token: token.clone(), until, uses: 1 });
        Ok(token)
    }

    /// Forgets a token that was refused. True when it has been good before, so that another one may be.
    pub(super) async fn forget(&self, credential: &Credential) -> bool {
        self.slot(credential).lock().await.take().is_some_and(|kept| kept.uses > 1)
    }

    /// The token that is kept, for taking it out of what is shown.
    pub(super) async fn shown(&self, credential: &Credential) -> Option<String> {
        self.slot(credential).lock().await.as_ref().map(|kept| kept.token.clone())
    }
}

/// The request for a token. It goes nowhere but to the endpoint: redirects are not followed.
pub(super) fn request(grant: &ClientGrant) -> Result<Request, Error> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = STANDARD.encode(format!("{}:{}", encoded(&grant.client_id), encoded(&grant.client_secret)));
    let mut proof = HeaderValue::try_from(format!("Basic {pair}"))
        .map_err(|_| Error::Url("the client's id and secret can't be sent in a header".to_owned()))?;
    proof.set_sensitive(true);
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.append_pair("grant_type", "client_credentials");
    if let Some(scope) = &grant.scope {
        body.append_pair("scope", scope);
    }
    Ok(Request {
        method: Method::POST,
        url: grant.token_url.clone(),
        headers: HeaderMap::from_iter([
            (AUTHORIZATION, proof),
            (ACCEPT, HeaderValue::from_static("application/json")),
            (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
        ]),
        body: body.finish().into_bytes(),
        follow_redirects: false,
        timeout: TIMEOUT,
        credential: None,
    })
}

/// The token in an answer, and how long it lives.
fn read(credential: &Credential, answer: &Answer) -> Result<(String, Duration), Error> {
    #[derive(Deserialize)]
    struct Granted {
        access_token: String,
        token_type: String,
        expires_in: Option<u64>,
    }
    let refused = |reason: String| Error::Token {
        credential: credential.name.clone(),
        host: answer.url.host_str().unwrap_or_default().to_owned(),
        reason,
        passing: answer.status.is_server_error() || answer.status.as_u16() == 429,
    };
    // What the endpoint says besides is kept nowhere: it may repeat the secret.
    if !answer.status.is_success() {
        return Err(refused(format!("answered {}", answer.status)));
    }
    let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| refused("gave no token as JSON".to_owned()))?;
    let fine = granted.token_type.eq_ignore_ascii_case("bearer") && HeaderValue::try_from(&granted.access_token).is_ok();
    if !fine || granted.access_token.is_empty() {
        return Err(refused("gave no bearer token".to_owned()));
    }
    Ok((granted.access_token, Duration::from_secs(granted.expires_in.unwrap_or(UNSAID).min(86_400))))
}
