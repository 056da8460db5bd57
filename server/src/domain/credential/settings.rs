//! What of a credential is no secret.

use serde::{Deserialize, Serialize};

use super::{AllowedHost, Credential, Kind, Parts, Rate};

/// Most hosts of one credential.
const MOST_HOSTS: usize = 20;

/// What of a credential is no secret, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Where it may go.
    pub hosts: Vec<String>,
    /// The user name of `basic` and `smtp`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub username: Option<String>,
    /// The header of an `api_key`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub header: Option<String>,
    /// The query parameter of an `api_key`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub query: Option<String>,
    /// The token endpoint of `oauth2`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token_url: Option<String>,
    /// The client of `oauth2`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client_id: Option<String>,
    /// What the tokens of `oauth2` are for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scope: Option<String>,
    /// How often it may be used: requests, and in how many seconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rate: Option<(u32, u32)>,
}

impl Settings {
    /// The hosts, each in its one form.
    ///
    /// # Errors
    /// One sentence that says what is wrong.
    pub fn hosts(&self, kind: &str) -> Result<Vec<AllowedHost>, String> {
        if self.hosts.is_empty() || self.hosts.len() > MOST_HOSTS {
            return Err(format!("`hosts` must name 1 to {MOST_HOSTS} hosts that the credential may be sent to"));
        }
        let hosts = self.hosts.iter().map(|host| AllowedHost::parse(host)).collect::<Result<Vec<_>, _>>()?;
        if let Some(host) = hosts.iter().find(|host| host.is_mail() != (kind == "smtp")) {
            return Err(match kind {
                "smtp" => format!("`{host}` is no mail server; write smtps://mail.example.com or smtp://mail.example.com"),
                _ => format!("`{host}` is a mail server, and this is a credential for web addresses; its type would be smtp"),
            });
        }
        if kind == "smtp" && hosts.len() > 1 {
            return Err("a credential of the type smtp has one host: the server that takes the mail".to_owned());
        }
        Ok(hosts)
    }

    /// Puts these settings and the secret together. `key` names the credential among all workspaces.
    ///
    /// # Errors
    /// One sentence that says what is wrong.
    pub fn credential(&self, key: String, name: &str, kind: &str, secret: Option<&str>) -> Result<Credential, String> {
        let Self { username, header, query, token_url, client_id, scope, .. } = self;
        let parts = Parts {
            kind,
            username: username.as_deref(),
            header: header.as_deref(),
            query: query.as_deref(),
            token_url: token_url.as_deref(),
            client_id: client_id.as_deref(),
            scope: scope.as_deref(),
        };
        let built = Kind::new(parts, secret)?;
        let hosts = self.hosts(kind)?;
        if matches!(built, Kind::Smtp(Some(_))) && hosts.iter().any(|host| host.scheme == "smtp+plain") {
            return Err(
                "a password is not sent without encryption; use smtps:// or smtp://, or leave user and secret out".to_owned()
            );
        }
        let rate = match self.rate {
            Some((0, _) | (_, 0)) => return Err("`rate_limit` needs at least one request and one second".to_owned()),
            Some((requests, seconds)) => Some(Rate { requests, seconds }),
            None => None,
        };
        Ok(Credential { key, name: name.to_owned(), kind: built, hosts, rate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(hosts: &[&str]) -> Settings {
        Settings { hosts: hosts.iter().map(|host| (*host).to_owned()).collect(), ..Settings::default() }
    }

    #[test]
    fn a_credential_is_bound_to_hosts_of_its_kind() {
        let bearer = |hosts: &[&str]| settings(hosts).credential("k".to_owned(), "shop", "bearer", Some("canary"));
        assert_eq!(bearer(&["a.example", "http://b"]).unwrap().bound_to(), "https://a.example, http://b");
        for hosts in [&[] as &[&str], &["*"], &["smtps://a"], &["a b"]] {
            assert!(!bearer(hosts).unwrap_err().contains("canary"));
        }
        let smtp = |host: &str, user: Option<&str>| {
            Settings { username: user.map(str::to_owned), ..settings(&[host]) }.credential("k".to_owned(), "m", "smtp", user)
        };
        assert!(smtp("smtp://mail.example", Some("ada")).is_ok() && smtp("smtp+plain://relay", None).is_ok());
        assert!(smtp("smtp+plain://relay", Some("ada")).unwrap_err().contains("without encryption"));
        assert!(smtp("mail.example", None).unwrap_err().contains("no mail server"));
    }
}
