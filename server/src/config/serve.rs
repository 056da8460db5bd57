//! The configuration of a server, complete and checked.

use std::env;
use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use ipnet::IpNet;
use tidemill_common::limits::{
    CODE_LOG_KIB_MOST, CODE_MEMORY_MIB_LEAST, CODE_MEMORY_MIB_MOST, CODE_OUTPUT_KIB_MOST, CODE_SECONDS, CODE_SECONDS_MOST,
    EXECUTION_PAYLOAD_MIB, EXECUTION_PAYLOAD_MIB_MOST, NODE_PAYLOAD_MIB, NODE_PAYLOAD_MIB_LEAST, NODE_PAYLOAD_MIB_MOST,
    PAYLOAD_MIB, PAYLOAD_MIB_MOST,
};
use tidemill_common::step_protocol::Level;
use url::Url;

use super::tls::tls;
use super::{DatabaseUrl, Error, Loaded, LogFormat, ProxyUrl, Role, SecretText, ServeArgs, Settings, Tls, key};
use crate::domain::payload::PayloadLimits;
use crate::domain::trace::Sampling;
use crate::payments::StripeOptions;
use crate::runner::code::CodeLimits;
use crate::runner::outbound::OutboundProxy;
use crate::telemetry::{OtlpOptions, otlp_headers};

/// Port of the server, unless set otherwise.
const PORT: u16 = 7700;

/// How long what has ended is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Executions with their events, and the deliveries by which duplicates are known.
    pub executions: TimeDelta,
    /// Dead letters.
    pub dead_letters: TimeDelta,
}

/// The configuration of a server. What each value means is said in [`Settings`].
#[derive(Debug, Clone, PartialEq)]
pub struct ServeConfig {
    /// Directory of everything that the server keeps.
    pub data_dir: PathBuf,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The certificate of the listener; `None` means HTTP without TLS.
    pub tls: Option<Tls>,
    /// Where others reach this server; `None` means the address that it listens on.
    pub public_url: Option<Url>,
    /// The database; `None` means a private Postgres in the data directory.
    pub database_url: Option<DatabaseUrl>,
    /// Directory of the Postgres programs; `None` means that they are searched for.
    pub postgres_bin: Option<PathBuf>,
    /// The directories of `PATH`, where the Postgres programs are searched for.
    pub search_path: Vec<PathBuf>,
    /// Migrations that stand for the next release, in the project's own tests of upgrades.
    pub next_release: Option<PathBuf>,
    /// The name of this node, for people: the machine's.
    pub node_name: String,
    /// Networks that workflows may reach besides the public internet.
    pub outbound_allow: Vec<IpNet>,
    /// Requests that may be under way to one host at once.
    pub outbound_per_host: usize,
    /// The proxy that requests of workflows go through, and what doesn't.
    pub outbound_proxy: Option<OutboundProxy>,
    /// File with certificate authorities that are trusted besides the machine's.
    pub outbound_ca: Option<PathBuf>,
    /// How Stripe is spoken to; `None` means that people take the money.
    pub stripe: Option<StripeOptions>,
    /// What this node does; sorted, each once, at least one.
    pub roles: Vec<Role>,
    /// How long what has ended is kept.
    pub retention: Retention,
    /// Networks of the proxies in front whose word about the sender's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// What is logged: a level, or directives.
    pub log_level: String,
    /// Where traces and metrics are sent; `None` means nowhere.
    pub otlp: Option<OtlpOptions>,
    /// Threads that write the journal.
    pub journal_writers: usize,
    /// Database connections for the API.
    pub api_connections: u32,
    /// Database connections for the executor.
    pub executor_connections: u32,
    /// Executions that run at the same time on this node.
    pub max_running_executions: usize,
    /// Webhook deliveries that are answered at the same time.
    pub max_inflight_webhooks: usize,
    /// How large inputs and outputs may be.
    pub payload_limits: PayloadLimits,
    /// Memory for large inputs and outputs, in bytes.
    pub payload_memory: u64,
    /// Below this level of the sandbox code steps are refused.
    pub code_level: Level,
    /// What a code step can ask for at most.
    pub code_limits: CodeLimits,
    /// Node.js, for steps that ask for it; `None` means that they are refused.
    pub code_node: Option<PathBuf>,
    /// Directory with `node_modules` for those steps.
    pub code_node_packages: Option<PathBuf>,
    /// Code steps that run at the same time.
    pub code_concurrency: usize,
}

/// What the default data directory depends on.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    pub(super) is_root: bool,
    pub(super) xdg_data_home: Option<PathBuf>,
    pub(super) home: Option<PathBuf>,
    pub(super) search_path: Vec<PathBuf>,
    pub(super) node_name: String,
    pub(super) next_release: Option<PathBuf>,
    /// The configuration file of the machine.
    pub(super) machine_file: PathBuf,
}

impl Surroundings {
    pub(super) fn of_this_process() -> Self {
        let path = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Self {
            is_root: rustix::process::geteuid().is_root(),
            xdg_data_home: path("XDG_DATA_HOME"),
            home: path("HOME"),
            search_path: env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default(),
            next_release: path("TIDEMILL_TEST_NEXT_RELEASE"),
            node_name: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            machine_file: PathBuf::from("/etc/tidemill/tidemill.toml"),
        }
    }

    pub(super) fn data_dir(&self) -> Result<PathBuf, Error> {
        if self.is_root {
            return Ok(PathBuf::from("/var/lib/tidemill"));
        }
        let base = self.xdg_data_home.clone().or_else(|| self.home.as_ref().map(|home| home.join(".local/share")));
        base.map(|base| base.join("tidemill")).ok_or(Error::NoDataDir)
    }
}

impl ServeConfig {
    /// The configuration that `args` (which carry the environment already), the file and the defaults give together.
    ///
    /// # Errors
    /// Every [`Error`]; each says where and what to do.
    pub fn load(args: ServeArgs) -> Result<Self, Error> {
        Loaded::load(args).map(|loaded| loaded.config)
    }

    pub(super) fn complete(settings: Settings, data_dir: PathBuf, surroundings: Surroundings) -> Result<Self, Error> {
        if let Some(url) = &settings.public_url {
            check_public_url(url)?;
        }
        if settings.database_url.as_ref().is_some_and(|url| !url.is_postgres()) {
            let expected = "a URL such as postgres://user:password@host:5432/database".to_owned();
            return Err(Error::wrong("database_url", expected, "another text"));
        }
        let (payload_limits, payload_memory) = (payload_limits(&settings)?, payload_memory(&settings)?);
        let (code_limits, otlp, tls) = (code_limits(&settings)?, otlp(&settings)?, tls(&settings)?);
        Ok(Self {
            data_dir,
            listen: settings.listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))),
            public_url: settings.public_url.or_else(|| tls.as_ref().and_then(Tls::url)),
            tls,
            database_url: settings.database_url,
            postgres_bin: settings.postgres_bin,
            search_path: surroundings.search_path,
            next_release: surroundings.next_release,
            node_name: surroundings.node_name,
            outbound_allow: settings.outbound_allow.unwrap_or_default(),
            outbound_per_host: within("outbound_per_host", settings.outbound_per_host.unwrap_or(100), 1..=10_000)?,
            outbound_proxy: proxy(settings.outbound_proxy, settings.outbound_no_proxy)?,
            outbound_ca: settings.outbound_ca,
            stripe: stripe(settings.stripe_key, settings.stripe_webhook_secret, settings.stripe_url)?,
            roles: roles(settings.roles)?,
            retention: Retention {
                executions: days("retention_days", settings.retention_days)?,
                dead_letters: days("dead_letter_days", settings.dead_letter_days)?,
            },
            trusted_proxies: settings.trusted_proxies.unwrap_or_default(),
            log_format: settings.log_format.unwrap_or_default(),
            log_level: settings.log_level.unwrap_or_else(|| "info".to_owned()),
            otlp,
            journal_writers: within("journal_writers", settings.journal_writers.unwrap_or(1), 1..=16)?,
            api_connections: within("api_connections", settings.api_connections.unwrap_or(8), 1..=200)?,
            executor_connections: within("executor_connections", settings.executor_connections.unwrap_or(4), 1..=200)?,
            max_running_executions: within(
                "max_running_executions",
                settings.max_running_executions.unwrap_or(1000),
                1..=100_000,
            )?,
            max_inflight_webhooks: within(
                "max_inflight_webhooks",
                settings.max_inflight_webhooks.unwrap_or(1000),
                1..=100_000,
            )?,
            payload_limits,
            payload_memory,
            code_level: settings.code_level.unwrap_or(Level::L2),
            code_limits,
            code_node: settings.code_node.map(|path| absolute("code_node", path)).transpose()?,
            code_node_packages: settings.code_node_packages.map(|path| absolute("code_node_packages", path)).transpose()?,
            code_concurrency: within(
                "code_concurrency",
                settings.code_concurrency.unwrap_or_else(default_concurrency),
                1..=1000,
            )?,
        })
    }
}

/// How long executions and dead letters are kept, unless set otherwise.
const KEPT_DAYS: u16 = 90;

fn days(key: &'static str, chosen: Option<u16>) -> Result<TimeDelta, Error> {
    Ok(TimeDelta::days(i64::from(within(key, chosen.unwrap_or(KEPT_DAYS), 1..=3650)?)))
}

fn stripe(
    key: Option<SecretText>,
    webhook_secret: Option<SecretText>,
    url: Option<Url>,
) -> Result<Option<StripeOptions>, Error> {
    let (key, webhook_secret) = match (key, webhook_secret) {
        (None, None) => return Ok(None),
        (Some(key), Some(secret)) if !key.expose().is_empty() && !secret.expose().is_empty() => (key, secret),
        (None, _) => {
            let expected = "set together with stripe_key".to_owned();
            return Err(Error::wrong("stripe_webhook_secret", expected, "one of the two"));
        }
        (Some(_), _) => {
            let expected = "set together with stripe_webhook_secret, both not empty".to_owned();
            return Err(Error::wrong("stripe_key", expected, "one of the two"));
        }
    };
    let url = match url {
        Some(url) => url,
        None => Url::parse("https://api.stripe.com").expect("it is a URL"),
    };
    Ok(Some(StripeOptions { key: key.expose().to_owned(), webhook_secret: webhook_secret.expose().to_owned(), url }))
}

fn otlp(settings: &Settings) -> Result<Option<OtlpOptions>, Error> {
    let percent = within("otlp_traces_percent", settings.otlp_traces_percent.unwrap_or(100), 0..=100)?;
    let seconds = within("otlp_metrics_seconds", settings.otlp_metrics_seconds.unwrap_or(60), 1..=3600)?;
    let said = settings.otlp_headers.as_ref().map_or("", SecretText::expose);
    let wrong = || Error::wrong("otlp_headers", "name=value,name=value".to_owned(), "another text");
    let headers = otlp_headers(said).ok_or_else(wrong)?;
    let Some(endpoint) = settings.otlp_endpoint.clone() else { return Ok(None) };
    if !matches!(endpoint.scheme(), "http" | "https") || !endpoint.has_host() || !endpoint.username().is_empty() {
        let expected = "a URL such as http://collector:4318, without user and password (see otlp_headers)".to_owned();
        return Err(Error::wrong("otlp_endpoint", expected, "a URL of another form"));
    }
    Ok(Some(OtlpOptions { endpoint, headers, sampling: Sampling { percent }, metrics_every: Duration::from_secs(seconds) }))
}

fn roles(chosen: Option<Vec<Role>>) -> Result<Vec<Role>, Error> {
    let mut roles = chosen.unwrap_or_else(|| Role::ALL.to_vec());
    roles.sort_unstable();
    roles.dedup();
    if roles.is_empty() {
        let expected = Role::ALL.map(Role::as_str).join(", ");
        return Err(Error::wrong("roles", format!("at least one of {expected}"), "none"));
    }
    Ok(roles)
}

/// Code steps at the same time: they wait for each other's processors, not for the world.
fn default_concurrency() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from) * 4
}

fn payload_limits(settings: &Settings) -> Result<PayloadLimits, Error> {
    let one = within("payload_mib", settings.payload_mib.unwrap_or(PAYLOAD_MIB), 1..=PAYLOAD_MIB_MOST)?;
    let all = settings.execution_payload_mib.unwrap_or(EXECUTION_PAYLOAD_MIB);
    Ok(PayloadLimits::of_mib(one, within("execution_payload_mib", all, 1..=EXECUTION_PAYLOAD_MIB_MOST)?))
}

fn payload_memory(settings: &Settings) -> Result<u64, Error> {
    let most = settings.node_payload_mib.unwrap_or(NODE_PAYLOAD_MIB);
    Ok(u64::from(within("node_payload_mib", most, NODE_PAYLOAD_MIB_LEAST..=NODE_PAYLOAD_MIB_MOST)?) << 20)
}

fn code_limits(settings: &Settings) -> Result<CodeLimits, Error> {
    let usual = CodeLimits::default();
    let bytes = |key, value: Option<u32>, usual: u64, range: RangeInclusive<u32>, unit: u32| {
        value.map_or(Ok(usual), |value| within(key, value, range).map(|value| u64::from(value) << unit))
    };
    let memory = CODE_MEMORY_MIB_LEAST..=CODE_MEMORY_MIB_MOST;
    let seconds = settings.code_seconds.unwrap_or(CODE_SECONDS);
    Ok(CodeLimits {
        time: Duration::from_secs(within("code_seconds", seconds, 1..=CODE_SECONDS_MOST)?),
        memory_bytes: bytes("code_memory_mib", settings.code_memory_mib, usual.memory_bytes, memory, 20)?,
        output_bytes: bytes("code_output_kib", settings.code_output_kib, usual.output_bytes, 1..=CODE_OUTPUT_KIB_MOST, 10)?,
        log_bytes: bytes("code_log_kib", settings.code_log_kib, usual.log_bytes, 0..=CODE_LOG_KIB_MOST, 10)?,
    })
}

/// A path that means the same wherever the server was started.
pub(super) fn absolute(key: &'static str, path: PathBuf) -> Result<PathBuf, Error> {
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Error::wrong(key, "a path that begins with /".to_owned(), path.display()))
}

fn within<T: PartialOrd + Display>(key: &'static str, value: T, range: RangeInclusive<T>) -> Result<T, Error> {
    if range.contains(&value) {
        return Ok(value);
    }
    let expected = format!("from {} to {}{}", range.start(), range.end(), key::unit(key));
    Err(Error::wrong(key, expected, value))
}

fn proxy(url: Option<ProxyUrl>, except: Option<Vec<String>>) -> Result<Option<OutboundProxy>, Error> {
    let wrong = || Error::wrong("outbound_proxy", "a URL such as http://proxy.example:3128".to_owned(), "another text");
    let Some(given) = url else { return Ok(None) };
    Ok(Some(OutboundProxy { url: given.url().ok_or_else(wrong)?, except: except.unwrap_or_default() }))
}

fn check_public_url(url: &Url) -> Result<(), Error> {
    let has_more = !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && !has_more {
        return Ok(());
    }
    let expected = "an http or https URL without user, query and fragment".to_owned();
    Err(Error::wrong("public_url", expected, format!("a URL of another form ({})", url.scheme())))
}
