//! Every setting of `tidemill serve`, declared once: flag, environment variable and key of the file.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer};
use tidemill_common::step_protocol::Level;
use url::Url;

use super::{DatabaseUrl, ProxyUrl};

/// The arguments of `tidemill serve`.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeArgs {
    /// Configuration file (TOML) [default: tidemill.toml in the data directory, when there is one]
    #[arg(long, value_name = "FILE", env = "TIDEMILL_CONFIG")]
    pub config: Option<PathBuf>,
    /// The settings that can also be in the file.
    #[command(flatten)]
    pub settings: Settings,
}

/// What can be set; absent means the default.
#[derive(Debug, Clone, Default, PartialEq, Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Directory of everything that the server keeps [default: `/var/lib/tidemill` as root, else `$XDG_DATA_HOME/tidemill` or `~/.local/share/tidemill`]
    #[arg(long, value_name = "DIR", env = "TIDEMILL_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:7700]
    #[arg(long, value_name = "ADDRESS", env = "TIDEMILL_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Where others reach this server, for links and webhook addresses [default: the address it listens on]
    #[arg(long, value_name = "URL", env = "TIDEMILL_PUBLIC_URL")]
    pub public_url: Option<Url>,
    /// Postgres 15 or newer [default: a private Postgres in the data directory]
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
    /// What is reached without the proxy: names, domains such as .internal.example, networks [default: none]
    #[arg(long, value_name = "HOSTS", env = "TIDEMILL_OUTBOUND_NO_PROXY", value_delimiter = ',')]
    pub outbound_no_proxy: Option<Vec<String>>,
    /// File with certificate authorities (PEM) that requests of workflows trust besides the machine's [default: none]
    #[arg(long, value_name = "FILE", env = "TIDEMILL_OUTBOUND_CA")]
    pub outbound_ca: Option<PathBuf>,
    /// What this node does, where several share a database: api (API and webhooks), executor, scheduler [default: all]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Deserialize)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

impl Settings {
    /// These settings, and those of `other` where these say nothing.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            data_dir: self.data_dir.or(other.data_dir),
            listen: self.listen.or(other.listen),
            public_url: self.public_url.or(other.public_url),
            database_url: self.database_url.or(other.database_url),
            postgres_bin: self.postgres_bin.or(other.postgres_bin),
            outbound_allow: self.outbound_allow.or(other.outbound_allow),
            outbound_per_host: self.outbound_per_host.or(other.outbound_per_host),
            outbound_proxy: self.outbound_proxy.or(other.outbound_proxy),
            outbound_no_proxy: self.outbound_no_proxy.or(other.outbound_no_proxy),
            outbound_ca: self.outbound_ca.or(other.outbound_ca),
            roles: self.roles.or(other.roles),
            retention_days: self.retention_days.or(other.retention_days),
            dead_letter_days: self.dead_letter_days.or(other.dead_letter_days),
            trusted_proxies: self.trusted_proxies.or(other.trusted_proxies),
            log_format: self.log_format.or(other.log_format),
            log_level: self.log_level.or(other.log_level),
            journal_writers: self.journal_writers.or(other.journal_writers),
            api_connections: self.api_connections.or(other.api_connections),
            executor_connections: self.executor_connections.or(other.executor_connections),
            max_running_executions: self.max_running_executions.or(other.max_running_executions),
            max_inflight_webhooks: self.max_inflight_webhooks.or(other.max_inflight_webhooks),
            payload_mib: self.payload_mib.or(other.payload_mib),
            execution_payload_mib: self.execution_payload_mib.or(other.execution_payload_mib),
            node_payload_mib: self.node_payload_mib.or(other.node_payload_mib),
            code_level: self.code_level.or(other.code_level),
            code_seconds: self.code_seconds.or(other.code_seconds),
            code_memory_mib: self.code_memory_mib.or(other.code_memory_mib),
            code_output_kib: self.code_output_kib.or(other.code_output_kib),
            code_log_kib: self.code_log_kib.or(other.code_log_kib),
            code_node: self.code_node.or(other.code_node),
            code_node_packages: self.code_node_packages.or(other.code_node_packages),
            code_concurrency: self.code_concurrency.or(other.code_concurrency),
        }
    }
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
