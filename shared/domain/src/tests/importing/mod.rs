//! The job `import-contacts`, from the upload of a file to the last of its rows.

mod failing;
mod interleaving;
mod running;
mod stepped;
mod world;

/// A file of so many rows, made by their numbers from 0.
fn file(rows: usize, row: impl Fn(usize) -> String) -> String {
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("email,name,phone\n{}\n", rows.join("\n"))
}

/// A row of somebody of their own.
fn somebody(number: usize) -> String {
    format!("p{number}@example.com,Person {number},")
}
