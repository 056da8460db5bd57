//! How code steps are run on this node.

use std::path::PathBuf;

use tidemill_common::step_protocol::Level;

use super::limits::CodeLimits;
use crate::telemetry::CodeMetrics;

/// How code steps are run on this node.
#[derive(Debug, Clone)]
pub struct CodeOptions {
    /// The binary that has the command `step-host`: this one.
    pub binary: PathBuf,
    /// Where the standard library of the Python in that binary is; `None` means that the machine's is used.
    pub python_home: Option<PathBuf>,
    /// Below this level code steps are refused.
    pub minimum_level: Level,
    /// What a step may take at most.
    pub limits: CodeLimits,
    /// Steps that run at the same time; more wait.
    pub concurrency: usize,
    /// Children that wait for a job, warm and locked up.
    pub reserve: usize,
    /// Whether `open`, `eval` and imports are refused by name. Only tests switch this off, to attack what is behind it.
    pub language_layer: bool,
    /// The machine's Node.js, when JavaScript may ask for it.
    pub node: Option<NodeOptions>,
    /// Counts.
    pub metrics: CodeMetrics,
}

/// The machine's Node.js.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeOptions {
    /// The program.
    pub binary: PathBuf,
    /// A directory with `node_modules`, which steps can read.
    pub packages: Option<PathBuf>,
}

impl CodeOptions {
    /// The defaults, with the step host in `binary`.
    #[must_use]
    pub fn new(binary: PathBuf) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            binary,
            python_home: None,
            minimum_level: Level::L2,
            limits: CodeLimits::default(),
            concurrency: cores * 4,
            reserve: cores * 2,
            language_layer: true,
            node: None,
            metrics: CodeMetrics::default(),
        }
    }

    /// The arguments of the step host for Python, JavaScript and SQL; `groups` is where it makes control groups, or why not.
    pub(super) fn inside_arguments(&self, groups: &Result<PathBuf, String>) -> Vec<String> {
        let mut arguments = match groups {
            Ok(place) => vec!["--control-groups".to_owned(), place.to_string_lossy().into_owned()],
            Err(why) => vec!["--without-control-groups".to_owned(), why.clone()],
        };
        let home = self.python_home.iter().flat_map(|home| ["--python-home".to_owned(), home.to_string_lossy().into_owned()]);
        arguments.extend(home);
        arguments.extend((!self.language_layer).then(|| "--without-language-layer".to_owned()));
        arguments
    }

    /// The arguments of the step host for Node.js.
    pub(super) fn node_arguments(&self, node: &NodeOptions, groups: &Result<PathBuf, String>) -> Vec<String> {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let mut arguments = self.inside_arguments(groups);
        arguments.extend(["--node".to_owned(), path(&node.binary)]);
        arguments.extend(node.packages.iter().flat_map(|packages| ["--packages".to_owned(), path(packages)]));
        arguments
    }
}
