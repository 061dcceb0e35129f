//! What a test does to the ad provider, and asks it; and what is in the mailbox beside it.

use serde_json::Value;

use crate::{Reply, World};

impl World {
    /// Makes calls to the ad provider go wrong; see `POST /faults` of the provider.
    pub async fn provider_fault(&self, fault: Value) {
        let request =
            self.http.post(format!("{}/faults", self.system().provider_url())).json(&fault);
        let reply = self.send(request).await;
        assert!(reply.status < 300, "{reply:?}");
    }

    /// Takes back everything that makes calls to the ad provider go wrong.
    pub async fn provider_heals(&self) {
        let url = format!("{}/faults", self.system().provider_url());
        let reply = self.send(self.http.delete(url)).await;
        assert!(reply.status < 300, "{reply:?}");
    }

    /// The calls the ad provider got about a campaign.
    pub async fn provider_calls(&self, id: &str) -> Vec<Value> {
        let url = format!("{}/calls", self.system().provider_url());
        let reply = self.send(self.http.get(url)).await.expect(200);
        let calls = reply.body.as_array().unwrap().iter();
        calls.filter(|call| call["path"].as_str().unwrap().contains(id)).cloned().collect()
    }

    /// Those of them that asked for its figures.
    pub async fn figures_asked(&self, id: &str) -> Vec<Value> {
        let mut calls = self.provider_calls(id).await;
        calls.retain(|call| call["path"].as_str().unwrap().ends_with("/insights"));
        calls
    }

    /// Those of them that told it the campaign's state.
    pub async fn states_pushed(&self, id: &str) -> Vec<Value> {
        let mut calls = self.provider_calls(id).await;
        calls.retain(|call| call["method"] == "PUT");
        calls
    }

    /// What was mailed to an address, oldest first.
    pub async fn mailbox(&self, to: &str) -> Vec<Value> {
        let url = format!("{}/mailbox?to={to}", self.system().provider_url());
        let reply = self.send(self.http.get(url)).await.expect(200);
        reply.body.as_array().unwrap().clone()
    }

    /// What the ad provider knows of a campaign.
    pub async fn provider_state(&self, id: &str) -> Reply {
        let url = format!("{}/v1/campaigns/{id}", self.system().provider_url());
        self.send(self.http.get(url)).await
    }
}
