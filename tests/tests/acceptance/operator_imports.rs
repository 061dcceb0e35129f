//! `postroom import`: a file becomes contacts, and whoever imports it is told what has become of every row.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tests::{World, WorldOptions};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::operator::{Ran, run, tool};

const PEOPLE: &str = "email,name\nann@example.com,Ann\nbob@example.com,Bob\nAnn@Example.com,Ann again\n\
    nobody,Nobody\nc@example.com,\n,D\ne,E\nf,F\ng,G\n";

/// A file of this name and content, in a folder of its own.
fn file(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

async fn import(world: &World, arguments: &[&str]) -> Command {
    let mut command = tool(&["import"]).await;
    command.args(arguments).args(["--api", &world.system().api_url()]);
    command
}

async fn imported(world: &World, file: &Path, options: &[&str]) -> Ran {
    run(import(world, &[&[file.to_str().unwrap()], options].concat()).await).await
}

/// An import that waits for its file, and will for ever; its id.
async fn waiting(world: &World) -> String {
    let input = json!({ "file_name": "people.csv", "size_bytes": 10 });
    let request = world.request(reqwest::Method::POST, "/contact-imports").json(&input);
    world.send(request).await.expect(201).text("/id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_and_every_row_of_it_accounted_for() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let people = file(folder.path(), "people.csv", PEOPLE);

    let first = imported(&world, &people, &[]).await;
    let again = imported(&world, &people, &["--json"]).await;

    assert_eq!(first.code, 0, "{}", first.err);
    for row in [
        "people.csv: completed",
        "       9 rows in all",
        "       2 imported",
        "       1 duplicates",
        "       6 rejected",
        "line 5: email ",
        "line 6: name ",
        "and 1 more: GET http://",
        "/rejected",
    ] {
        assert!(first.out.contains(row), "no {row} in {}", first.out);
    }
    assert!(first.err.starts_with("uploading, 0 of 1 KiB\n"), "{}", first.err);
    let controls = |text: &str| text.chars().any(|letter| letter != '\n' && letter.is_control());
    assert!(!controls(&first.err) && !controls(&first.out), "{:?}{:?}", first.err, first.out);
    let again = again.json();
    let counted =
        ["total", "imported", "duplicates", "rejected"].map(|name| &again["import"][name]);
    assert_eq!(counted, [9, 0, 3, 6]);
    assert_eq!(again["rejected_rows"].as_array().unwrap().len(), 5);
    assert_eq!(again["rejected_rows"][0]["line"], 5);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_imported_is_told_why_and_by_its_exit_code() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let no_people = file(folder.path(), "no.csv", "first,second\n1,2\n");
    let empty = file(folder.path(), "empty.csv", "");
    // As much as it says and a byte more, none of which is on any disk.
    let huge = file(folder.path(), "huge.csv", "");
    std::fs::File::options()
        .write(true)
        .open(&huge)
        .unwrap()
        .set_len(100 * 1024 * 1024 + 1)
        .unwrap();

    imported(&world, &no_people, &[])
        .await
        .ends(1, "it failed: the header has no column \"email\"");
    imported(&world, &empty, &[]).await.ends(3, "/size_bytes");
    imported(&world, &huge, &[]).await.ends(3, "/size_bytes");
    imported(&world, &folder.path().join("none.csv"), &[]).await.ends(1, "none.csv");
    imported(&world, folder.path(), &[]).await.ends(1, "is not a file");
    let unknown = ["--watch", "019aa4c2-7b10-7c3e-8a41-5d0f6e2b9c11"];
    run(import(&world, &unknown).await).await.ends(3, "404");
    run(import(&world, &["--watch", "1"]).await).await.ends(2, "--watch: ");
    imported(&world, &no_people, &["--stack", "shop"]).await.ends(2, "`import` takes no --stack");
    let mut nobody = tool(&["import", no_people.to_str().unwrap(), "--json"]).await;
    nobody.args(["--api", "http://127.0.0.1:1"]);
    let nobody = run(nobody).await;
    nobody.ends(1, "there is no answer");
    let document: Value = serde_json::from_str(&nobody.out).unwrap();
    assert_eq!(document["error"]["exit_code"], 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_wait_or_no_longer_is_told_how_to_go_on_and_the_import_does() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let people = file(folder.path(), "people.csv", PEOPLE);
    let waiting = waiting(&world).await;
    let go_on =
        |id: &str| format!("`postroom import --watch {id} --api {}`", world.system().api_url());

    let left = imported(&world, &people, &["--no-wait", "--json"]).await.json();
    let id = left["import"]["id"].as_str().unwrap();
    let watched = run(import(&world, &["--watch", id, "--json"]).await).await.json();
    let late = run(import(&world, &["--watch", &waiting, "--timeout", "1", "--json"]).await).await;
    let interrupted = interrupted(import(&world, &["--watch", &waiting]).await).await;

    assert_eq!(
        (&watched["import"]["status"], &watched["import"]["imported"]),
        (&json!("completed"), &json!(2))
    );
    late.ends(1, "it takes longer than --timeout");
    late.ends(1, &go_on(&waiting));
    let document: Value = serde_json::from_str(&late.out).unwrap();
    assert_eq!(document["import"]["id"], waiting.as_str());
    interrupted.ends(1, "it was interrupted");
    interrupted.ends(1, &go_on(&waiting));
    world.stop().await;
}

/// Ctrl-C as soon as it shows something.
async fn interrupted(mut command: Command) -> Ran {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    let mut err = running.stderr.take().unwrap();
    let mut shown = vec![0; 256];
    let length = err.read(&mut shown).await.unwrap();
    shown.truncate(length);
    let pid = running.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    err.read_to_end(&mut shown).await.unwrap();
    let mut output = running.wait_with_output().await.unwrap();
    output.stderr = shown;
    Ran::of(output)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_sent_and_never_told() {
    let options = WorldOptions { require_auth: true, ..WorldOptions::default() };
    let world = World::with(options).await;
    let folder = tempfile::tempdir().unwrap();
    let people = file(folder.path(), "people.csv", PEOPLE);
    let token = world.get("/dev/token?tenant=acme").await.expect(200).text("/token");

    let nobody = imported(&world, &people, &[]).await;
    let mut by_variable = import(&world, &[people.to_str().unwrap()]).await;
    by_variable.env("POSTROOM_TOKEN", &token);
    let by_variable = run(by_variable).await;
    let by_option = imported(&world, &people, &["--token", &token, "--json"]).await;

    nobody.ends(3, "401");
    assert_eq!(by_variable.code, 0, "{}", by_variable.err);
    assert_eq!(by_option.json()["import"]["duplicates"], 3, "{}", by_option.err);
    for told in [&nobody, &by_variable, &by_option] {
        assert!(!told.out.contains(&token) && !told.err.contains(&token));
    }
    world.stop().await;
}
