//! Workflows and their versions.

use reqwest::Method;
use reqwest::header::{HeaderValue, IF_MATCH};
use serde_json::json;
use tidemill_common::api::workflow::{
    ValidationView, VersionList, VersionView, WorkflowApplied, WorkflowDetail, WorkflowPage, WorkflowView,
};

use super::{Client, Error};

/// How a workflow file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// `application/yaml`.
    Yaml,
    /// `application/json`.
    Json,
}

impl FileFormat {
    fn media_type(self) -> &'static str {
        match self {
            Self::Yaml => "application/yaml",
            Self::Json => "application/json",
        }
    }
}

impl Client {
    /// A page of workflows, by id; `limit` up to [`tidemill_common::limits::PAGE_ITEMS`].
    pub async fn workflows(&self, limit: Option<usize>, cursor: Option<&str>) -> Result<WorkflowPage, Error> {
        self.fetch(self.call(Method::GET, &["api", "workflows"]).query("limit", limit).query("cursor", cursor)).await
    }

    /// A workflow with the file of its newest version.
    pub async fn workflow(&self, id: &str) -> Result<WorkflowDetail, Error> {
        self.fetch(self.call(Method::GET, &["api", "workflows", id])).await
    }

    /// Makes the workflow, or a new version of it when the file differs. With `if_version`, only when that is the newest.
    pub async fn workflow_apply(
        &self,
        id: &str,
        source: &str,
        format: FileFormat,
        if_version: Option<i32>,
    ) -> Result<WorkflowApplied, Error> {
        let mut call = self.call(Method::PUT, &["api", "workflows", id]);
        if let Some(version) = if_version {
            let tag = HeaderValue::from_str(&format!("\"{version}\"")).map_err(|error| Error::Setup(error.into()))?;
            call = call.header(IF_MATCH, tag);
        }
        self.fetch(call.content(source.into(), format.media_type())).await
    }

    /// Checks a file without keeping it.
    pub async fn workflow_validate(&self, source: &str, format: FileFormat) -> Result<ValidationView, Error> {
        let call = self.call(Method::POST, &["api", "workflows", "validate"]);
        self.fetch(call.content(source.into(), format.media_type())).await
    }

    /// Removes a workflow; its executions stay.
    pub async fn workflow_delete(&self, id: &str) -> Result<(), Error> {
        self.done(self.call(Method::DELETE, &["api", "workflows", id])).await
    }

    /// Makes the triggers of `version` live, or those of the newest version.
    pub async fn workflow_activate(&self, id: &str, version: Option<i32>) -> Result<WorkflowView, Error> {
        let call = self.call(Method::POST, &["api", "workflows", id, "activate"]);
        let call = match version {
            Some(version) => call.json(&json!({ "version": version })),
            None => call,
        };
        self.fetch(call).await
    }

    /// Switches the workflow's triggers off.
    pub async fn workflow_deactivate(&self, id: &str) -> Result<WorkflowView, Error> {
        self.fetch(self.call(Method::POST, &["api", "workflows", id, "deactivate"])).await
    }

    /// The workflow's versions, newest first, without their files.
    pub async fn workflow_versions(&self, id: &str) -> Result<VersionList, Error> {
        self.fetch(self.call(Method::GET, &["api", "workflows", id, "versions"])).await
    }

    /// One version with its file.
    pub async fn workflow_version(&self, id: &str, version: i32) -> Result<VersionView, Error> {
        self.fetch(self.call(Method::GET, &["api", "workflows", id, "versions", &version.to_string()])).await
    }
}
