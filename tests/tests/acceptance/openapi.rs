//! The OpenAPI document, as the deployed routes serve it; `tests/openapi` holds the running API against it.

use serde_json::Value;
use tests::{World, WorldOptions};

#[tokio::test(flavor = "multi_thread")]
async fn the_document_needs_no_token_and_everything_it_lists_does() {
    let world = World::with(WorldOptions { require_auth: true, ..WorldOptions::default() }).await;

    let document = world.get("/openapi.json").await.expect(200);

    assert_eq!(document.text("/openapi"), "3.1.0");
    let paths = document.body["paths"].as_object().unwrap();
    assert!(paths.len() > 1);
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            let request = world.request(method.to_uppercase().parse().unwrap(), path);
            let status = world.send(request).await.status;
            let needs_token = operation["security"] != Value::Null;
            assert_eq!(status == 401, needs_token, "{method} {path} answered {status}");
        }
    }
    world.stop().await;
}
