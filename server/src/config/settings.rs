//! Every setting of `tidemill serve`, declared once: flag, environment variable and key of the file.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize};
use tidemill_common::step_protocol::Level;
use url::Url;

use super::{DatabaseUrl, ProxyUrl, SecretText};

/// What can be set; absent means the default.
#[derive(Debug, Clone, Default, PartialEq, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Directory of everything that the server keeps [default: `/var/lib/tidemill` as root, else `$XDG_DATA_HOME/tidemill` or `~/.local/share/tidemill`]
    #[arg(long, value_name = "DIR", env = "TIDEMILL_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:7700]
    #[arg(long, value_name = "ADDRESS", env = "TIDEMILL_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Certificate of the server, followed by those of its issuers (PEM), for HTTPS [default: none, HTTP]
    #[arg(long, value_name = "FILE", env = "TIDEMILL_TLS_CERTIFICATE")]
    pub tls_certificate: Option<PathBuf>,
    /// Private key of the certificate (PEM), readable by the server only [default: none]
    #[arg(long, value_name = "FILE", env = "TIDEMILL_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// Names for which a certificate authority is asked for a certificate (ACME, TLS-ALPN-01), for example flows.example.com; port 443 of each must lead here [default: none]
    #[arg(long, value_name = "NAMES", env = "TIDEMILL_ACME_DOMAINS", value_delimiter = ',')]
    pub acme_domains: Option<Vec<String>>,
    /// Address that the certificate authority writes to, for example `ops@example.com` [default: none]
    #[arg(long, value_name = "ADDRESS", env = "TIDEMILL_ACME_EMAIL")]
    pub acme_email: Option<String>,
    /// Directory of the certificate authority; with `acme_domains` you agree to its terms [default: `https://acme-v02.api.letsencrypt.org/directory`]
    #[arg(long, value_name = "URL", env = "TIDEMILL_ACME_DIRECTORY")]
    pub acme_directory: Option<Url>,
    /// Where others reach this server, for links and webhook addresses, for example `https://flows.example.com` [default: the first of `acme_domains`, else the address it listens on]
    #[arg(long, value_name = "URL", env = "TIDEMILL_PUBLIC_URL")]
    pub public_url: Option<Url>,
    /// Postgres 15 or newer, for example `postgres://tidemill:password@db.example/tidemill?sslmode=verify-full` [default: a private Postgres in the data directory]
    #[arg(long, value_name = "URL", env = "TIDEMILL_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<DatabaseUrl>,
    /// Directory of the Postgres programs for the private Postgres [default: found by itself]
    #[arg(long, value_name = "DIR", env = "TIDEMILL_POSTGRES_BIN")]
    pub postgres_bin: Option<PathBuf>,
    /// Networks that workflows may reach besides the public internet, for example 10.1.0.0/16,127.0.0.1 [default: none]
    #[arg(long, value_name = "NETWORKS", env = "TIDEMILL_OUTBOUND_ALLOW", value_delimiter = ',', value_parser = network)]
    #[serde(deserialize_with = "networks")]
    pub outbound_allow: Option<Vec<IpNet>>,
    /// Requests that may be under way to one host at once, 1 to 10000; more wait [default: 100]
    #[arg(long, value_name = "COUNT", env = "TIDEMILL_OUTBOUND_PER_HOST")]
    pub outbound_per_host: Option<usize>,
    /// Proxy that requests of workflows go through, for example `http://proxy:3128`, perhaps with user and password [default: none]
    #[arg(long, value_name = "URL", env = "TIDEMILL_OUTBOUND_PROXY", hide_env_values = true)]
    pub outbound_proxy: Option<ProxyUrl>,
    /// What is reached without the proxy: names, domains, networks, for example .internal.example,10.1.0.0/16 [default: none]
    #[arg(long, value_name = "HOSTS", env = "TIDEMILL_OUTBOUND_NO_PROXY", value_delimiter = ',')]
    pub outbound_no_proxy: Option<Vec<String>>,
    /// Secret key of Stripe, which then takes the money for plans [default: none, people take it]
    #[arg(long, value_name = "KEY", env = "TIDEMILL_STRIPE_KEY", hide_env_values = true)]
    pub stripe_key: Option<SecretText>,
    /// Secret with which Stripe signs its events, which it sends to /api/billing/stripe
    #[arg(long, value_name = "SECRET", env = "TIDEMILL_STRIPE_WEBHOOK_SECRET", hide_env_values = true)]
    pub stripe_webhook_secret: Option<SecretText>,
    /// Where the API of Stripe is [default: `https://api.stripe.com`]
    #[arg(long, value_name = "URL", env = "TIDEMILL_STRIPE_URL")]
    pub stripe_url: Option<Url>,
    /// File with certificate authorities (PEM) that requests of workflows trust besides the machine's [default: none]
    #[arg(long, value_name = "FILE", env = "TIDEMILL_OUTBOUND_CA")]
    pub outbound_ca: Option<PathBuf>,
    /// What this node does, where several share a database: api (API and webhooks), executor, scheduler [default: all three]
    #[arg(long, value_name = "ROLES", env = "TIDEMILL_ROLES", value_delimiter = ',')]
    pub roles: Option<Vec<Role>>,
    /// Days that executions are kept after their beginning, 1 to 3650 [default: 90]
    #[arg(long, value_name = "DAYS", env = "TIDEMILL_RETENTION_DAYS")]
    pub retention_days: Option<u16>,
    /// Days that dead letters are kept, 1 to 3650 [default: 90]
    #[arg(long, value_name = "DAYS", env = "TIDEMILL_DEAD_LETTER_DAYS")]
    pub dead_letter_days: Option<u16>,
    /// Networks of the proxies in front, whose `X-Forwarded-For` is believed, for example 10.0.0.0/8 [default: none]
    #[arg(long, value_name = "NETWORKS", env = "TIDEMILL_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Option<Vec<IpNet>>,
    /// How log lines are written [default: human]
    #[arg(long, value_name = "FORMAT", env = "TIDEMILL_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
    /// What is logged: error, warn, info, debug, trace, or directives such as info,tidemill=debug [default: info]
    #[arg(long, value_name = "LEVEL", env = "TIDEMILL_LOG")]
    pub log_level: Option<String>,
    /// OpenTelemetry collector (OTLP over HTTP) that gets traces and metrics, for example `http://collector:4318`, or what the variable `OTEL_EXPORTER_OTLP_ENDPOINT` says [default: none, nothing is sent]
    #[arg(long, value_name = "URL", env = "TIDEMILL_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<Url>,
    /// Headers of what the collector is sent, as name=value,name=value; the variable `OTEL_EXPORTER_OTLP_HEADERS` is understood too [default: none]
    #[arg(long, value_name = "HEADERS", env = "TIDEMILL_OTLP_HEADERS", hide_env_values = true)]
    pub otlp_headers: Option<SecretText>,
    /// Of a hundred executions so many send a trace, 0 to 100; where the sender of a webhook names a trace, the sender decides [default: 100]
    #[arg(long, value_name = "PERCENT", env = "TIDEMILL_OTLP_TRACES_PERCENT")]
    pub otlp_traces_percent: Option<u8>,
    /// Seconds between two reports of the metrics to the collector, 1 to 3600 [default: 60]
    #[arg(long, value_name = "SECONDS", env = "TIDEMILL_OTLP_METRICS_SECONDS")]
    pub otlp_metrics_seconds: Option<u64>,
    /// Threads that write the journal, 1 to 16 [default: 1]
    #[arg(long, value_name = "COUNT", env = "TIDEMILL_JOURNAL_WRITERS")]
    pub journal_writers: Option<usize>,
    /// Database connections for the API, 1 to 200 [default: 8]
    #[arg(long, value_name = "COUNT", env = "TIDEMILL_API_CONNECTIONS")]
    pub api_connections: Option<u32>,
    /// Database connections for the executor, 1 to 200 [default: 4]
    #[arg(long, value_name = "COUNT", env = "TIDEMILL_EXECUTOR_CONNECTIONS")]
    pub executor_connections: Option<u32>,
    /// Executions that run at the same time on this node, 1 to 100000; more wait in the queue [default: 1000]
    #[arg(long, value_name = "COUNT", env = "TIDEMILL_MAX_RUNNING_EXECUTIONS")]
    pub max_running_executions: Option<usize>,
    /// Webhook deliveries that are answered at the same time, 1 to 100000; more get 429 [default: 1000]
    #[arg(long, value_name = "COUNT", env = "TIDEMILL_MAX_INFLIGHT_WEBHOOKS")]
    pub max_inflight_webhooks: Option<usize>,
    /// Largest input or output of an execution or a step in MiB of JSON, 1 to 64 [default: 16]
    #[arg(long, value_name = "MIB", env = "TIDEMILL_PAYLOAD_MIB")]
    pub payload_mib: Option<u32>,
    /// Largest inputs and outputs of one execution together in MiB of JSON, 1 to 4096 [default: 256]
    #[arg(long, value_name = "MIB", env = "TIDEMILL_EXECUTION_PAYLOAD_MIB")]
    pub execution_payload_mib: Option<u32>,
    /// Memory that this node gives to inputs and outputs of more than 32 KiB in MiB, 16 to 1048576; who finds none waits, and webhooks get 503 [default: 128]
    #[arg(long, value_name = "MIB", env = "TIDEMILL_NODE_PAYLOAD_MIB")]
    pub node_payload_mib: Option<u32>,
    /// Least level of the sandbox; below it code steps are refused: L1, L2, L3 [default: L2]
    #[arg(long, value_name = "LEVEL", env = "TIDEMILL_CODE_LEVEL")]
    pub code_level: Option<Level>,
    /// Longest time that a code step can ask for in seconds, 1 to 3600 [default: 30]
    #[arg(long, value_name = "SECONDS", env = "TIDEMILL_CODE_SECONDS")]
    pub code_seconds: Option<u64>,
    /// Most memory that a code step can ask for in MiB, 16 to 65536 [default: 512]
    #[arg(long, value_name = "MIB", env = "TIDEMILL_CODE_MEMORY_MIB")]
    pub code_memory_mib: Option<u32>,
    /// Largest output that a code step can ask for in KiB, 1 to 65536 [default: 8192]
    #[arg(long, value_name = "KIB", env = "TIDEMILL_CODE_OUTPUT_KIB")]
    pub code_output_kib: Option<u32>,
    /// Longest log that a code step can ask for in KiB, 0 to 16384 [default: 1024]
    #[arg(long, value_name = "KIB", env = "TIDEMILL_CODE_LOG_KIB")]
    pub code_log_kib: Option<u32>,
    /// Node.js 20 or newer, for JavaScript steps with `runtime: node` [default: none, such steps are refused]
    #[arg(long, value_name = "FILE", env = "TIDEMILL_CODE_NODE")]
    pub code_node: Option<PathBuf>,
    /// Directory with `node_modules` that steps with `runtime: node` can read [default: none]
    #[arg(long, value_name = "DIR", env = "TIDEMILL_CODE_NODE_PACKAGES")]
    pub code_node_packages: Option<PathBuf>,
    /// Code steps that run at the same time, 1 to 1000; more wait [default: 4 per processor]
    #[arg(long, value_name = "COUNT", env = "TIDEMILL_CODE_CONCURRENCY")]
    pub code_concurrency: Option<usize>,
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Answers the API and takes webhooks.
    Api,
    /// Carries out executions.
    Executor,
    /// Fires schedules, replays dead letters, rolls up metrics, keeps house.
    Scheduler,
}

impl Role {
    /// All of them, in their order.
    pub const ALL: [Self; 3] = [Self::Api, Self::Executor, Self::Scheduler];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Executor => "executor",
            Self::Scheduler => "scheduler",
        }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("`{text}` is neither a network such as 10.1.0.0/16 nor an address"))
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<IpNet>>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| network(text)).collect::<Result<_, _>>().map(Some).map_err(serde::de::Error::custom)
}
