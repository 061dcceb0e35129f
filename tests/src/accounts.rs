//! Accounts as a test opens them.

use reqwest::Method;
use serde_json::json;

use crate::World;

/// Whose accounts they are, where that does not matter.
pub const OWNER: &str = "019aa4bf-0c00-7a1b-9c2d-3e4f5a6b7c8d";

impl World {
    /// Opens an account in New Zealand dollars and answers its id.
    pub async fn account(&self, owner: &str) -> String {
        let body = json!({ "owner_id": owner, "currency": "NZD" });
        let request = self.request(Method::POST, "/accounts").json(&body);
        self.send(request).await.expect(201).text("/id")
    }
}
