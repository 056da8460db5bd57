//! Plans: what an organization may have, and for how much.

use serde::{Deserialize, Serialize};

/// What is measured of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Executions that began in the period, whatever started them.
    Executions,
    /// Workflows with a live version.
    ActiveWorkflows,
    /// Credentials: connections to services.
    Integrations,
    /// People who are members of a workspace, each counted once.
    Members,
    /// Seconds that code steps ran in the period.
    CodeSeconds,
    /// Bytes that executions wrote on the days that are still kept.
    StorageBytes,
    /// Events of executions in the period.
    Events,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 7] = [
        Self::Executions,
        Self::ActiveWorkflows,
        Self::Integrations,
        Self::Members,
        Self::CodeSeconds,
        Self::StorageBytes,
        Self::Events,
    ];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Executions => "executions",
            Self::ActiveWorkflows => "active_workflows",
            Self::Integrations => "integrations",
            Self::Members => "members",
            Self::CodeSeconds => "code_seconds",
            Self::StorageBytes => "storage_bytes",
            Self::Events => "events",
        }
    }

    /// Whether it begins again with each period.
    #[must_use]
    pub fn resets(self) -> bool {
        matches!(self, Self::Executions | Self::CodeSeconds | Self::Events)
    }
}

/// What only some plans have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Analytics beyond counts and durations.
    AdvancedAnalytics,
    /// Signing in through a provider of identities.
    Sso,
    /// The audit log as a file.
    AuditExport,
    /// Integrations of one's own.
    CustomIntegrations,
    /// Another name and look.
    WhiteLabel,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 5] =
        [Self::AdvancedAnalytics, Self::Sso, Self::AuditExport, Self::CustomIntegrations, Self::WhiteLabel];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AdvancedAnalytics => "advanced_analytics",
            Self::Sso => "sso",
            Self::AuditExport => "audit_export",
            Self::CustomIntegrations => "custom_integrations",
            Self::WhiteLabel => "white_label",
        }
    }

    /// The feature with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.as_str() == word)
    }
}

/// What one code step can ask for, at most; what is absent is as much as the operator gives. A step that asks for nothing has the usual
/// limits on every plan, so none of these is below them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CodeStepLimits {
    /// Time, in seconds: 30 to 3600.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(
        feature = "openapi",
        oai(skip_serializing_if_is_none, validator(minimum(value = "30"), maximum(value = "3600")))
    )]
    pub seconds: Option<i64>,
    /// Memory, in MiB: 512 to 65536.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(
        feature = "openapi",
        oai(skip_serializing_if_is_none, validator(minimum(value = "512"), maximum(value = "65536")))
    )]
    pub memory_mib: Option<i64>,
    /// Output, in KiB of JSON: 8192 to 65536.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(
        feature = "openapi",
        oai(skip_serializing_if_is_none, validator(minimum(value = "8192"), maximum(value = "65536")))
    )]
    pub output_kib: Option<i64>,
    /// Log, in KiB: 1024 to 16384.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(
        feature = "openapi",
        oai(skip_serializing_if_is_none, validator(minimum(value = "1024"), maximum(value = "16384")))
    )]
    pub log_kib: Option<i64>,
}

impl CodeStepLimits {
    /// These, unless there is no limit among them.
    #[must_use]
    pub fn some(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }

    /// In words: `300 s, 2048 MiB`; empty when there is no limit.
    #[must_use]
    pub fn words(&self) -> String {
        let word = |limit: Option<i64>, unit| limit.map(|limit| format!("{limit} {unit}"));
        let words = [
            word(self.seconds, "s"),
            word(self.memory_mib, "MiB"),
            word(self.output_kib, "KiB output"),
            word(self.log_kib, "KiB log"),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// The limits of a plan; what is absent is unlimited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PlanLimits {
    /// Workflows with a live version.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none, validator(minimum(value = "0"))))]
    pub active_workflows: Option<i64>,
    /// Executions in a month.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none, validator(minimum(value = "0"))))]
    pub executions: Option<i64>,
    /// Credentials: connections to services.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none, validator(minimum(value = "0"))))]
    pub integrations: Option<i64>,
    /// People who are members of a workspace.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none, validator(minimum(value = "0"))))]
    pub members: Option<i64>,
    /// What one code step can ask for; absent: as much as the operator gives.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub code_step: Option<CodeStepLimits>,
}

impl PlanLimits {
    /// The limit of a metric, if there is one.
    #[must_use]
    pub fn of(&self, metric: Metric) -> Option<i64> {
        match metric {
            Metric::Executions => self.executions,
            Metric::ActiveWorkflows => self.active_workflows,
            Metric::Integrations => self.integrations,
            Metric::Members => self.members,
            Metric::CodeSeconds | Metric::StorageBytes | Metric::Events => None,
        }
    }
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PlanView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it stands in lists: a greater one is an upgrade.
    pub place: i32,
    /// What a month costs, in hundredths of the currency; absent: on request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub price_cents: Option<i64>,
    /// The currency, ISO 4217 in small letters.
    pub currency: String,
    /// Its limits.
    pub limits: PlanLimits,
    /// What it has that others don't.
    pub features: Vec<Feature>,
    /// How long it can be tried for nothing, in days.
    pub trial_days: i32,
    /// Whether organizations can choose it themselves.
    pub offered: bool,
    /// Whether new organizations get it.
    pub is_default: bool,
    /// The price of Stripe that it is paid by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub stripe_price: Option<String>,
}

/// Plans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PlanList {
    /// By their place.
    pub items: Vec<PlanView>,
}

/// A plan as it shall be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PlanPut {
    /// Its name: 1 to 100 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub name: String,
    /// Where it stands in lists: a greater one is an upgrade. No two plans have the same.
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "0"), maximum(value = "1000000"))))]
    pub place: i32,
    /// What a month costs, in hundredths of the currency; absent: on request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "0"), maximum(value = "1000000000"))))]
    pub price_cents: Option<i64>,
    /// The currency, ISO 4217 in small letters [default: usd].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(pattern = "^[a-z]{3}$")))]
    pub currency: Option<String>,
    /// Its limits; what is absent is unlimited.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limits: Option<PlanLimits>,
    /// What it has that others don't.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub features: Vec<Feature>,
    /// How long it can be tried for nothing, in days [default: 0].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "0"), maximum(value = "365"))))]
    pub trial_days: Option<i32>,
    /// Whether organizations can choose it themselves [default: true].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offered: Option<bool>,
    /// Makes it the plan of new organizations, instead of the one that was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub is_default: Option<bool>,
    /// The price of Stripe that it is paid by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 200)))]
    pub stripe_price: Option<String>,
}
