//! Files as people have them, and as nobody should.

mod fixtures;
mod limits;
mod properties;

use crate::contact_imports::csv::{FileError, Plan, Rejection, Row, Scan, rows_of};

/// Scans a file that comes in pieces of these sizes, again and again.
fn scan(file: &[u8], sizes: &[usize]) -> Result<Plan, FileError> {
    let mut scan = Scan::new();
    let mut rest = file;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, behind) = rest.split_at((*size).clamp(1, rest.len()));
        scan.read(piece)?;
        rest = behind;
    }
    scan.finish()
}

/// What becomes of each row of a file, each chunk read alone, the last one first.
fn rows(file: &[u8], plan: &Plan) -> Vec<Result<Row, Rejection>> {
    let mut all = Vec::new();
    for chunk in plan.chunks.iter().rev() {
        let [from, to] = [chunk.from, chunk.to].map(|at| usize::try_from(at).unwrap());
        let rows = rows_of(chunk, &plan.columns, &file[from..to]).unwrap();
        assert_eq!(rows.len(), usize::try_from(chunk.rows).unwrap(), "{chunk:?}");
        all.splice(0..0, rows);
    }
    assert_eq!(all.len(), usize::try_from(plan.rows).unwrap());
    all
}

fn row(line: u64, email: &str, name: &str, phone: &str) -> Row {
    let [email, name, phone] = [email, name, phone].map(str::to_owned);
    Row { line, email, name, phone }
}

fn rejection(line: u64, reason: &str) -> Rejection {
    Rejection { line, column: None, reason: reason.to_owned() }
}
