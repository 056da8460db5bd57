//! `/api/nodes`.

use poem_openapi::OpenApi;
use tidemill_common::api::node::NodeList;

use super::Tag;
use super::authenticate::Token;
use super::failure::ReadFailure;
use super::payload::Json;
use crate::app::Nodes;

/// The server processes on one database.
pub struct NodeApi(pub Nodes);

#[OpenApi(tag = "Tag::Server")]
impl NodeApi {
    /// List nodes
    ///
    /// The server processes on this database, those that were lost included; one that stopped in order is gone.
    #[oai(path = "/api/nodes", method = "get", operation_id = "node_list")]
    async fn node_list(&self, token: Token) -> Result<Json<NodeList>, ReadFailure> {
        Ok(Json(self.0.list(&token.0).await?))
    }
}
