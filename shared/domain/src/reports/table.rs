//! A table that is written while its rows are found, as CSV or as JSON.

use std::borrow::Cow;

use jiff::Timestamp;
use postroom::ObjectWriter;
use postroom::port::ObjectError;
use serde_json::Value;

use crate::reports::ReportFormat;
use crate::reports::limits::MAX_ROWS;
use crate::spreadsheet::{push_row, text};

/// What stands in one column of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// Somebody's words.
    Text(String),
    /// How many.
    Count(u64),
    /// Minor units of money. What it is of stands in a column beside.
    Minor(i64),
    /// In UTC.
    At(Timestamp),
    /// Empty in CSV, `null` in JSON.
    Absent,
}

/// A table on its way into its object.
pub(super) struct Table<'a> {
    object: ObjectWriter<'a>,
    format: ReportFormat,
    columns: &'static [&'static str],
    looked_at: u64,
    rows: u64,
}

/// Why a row was not taken.
#[derive(Debug)]
pub(super) enum NotWritten {
    /// There are too many.
    TooMany,
    /// They cannot be put where they belong.
    Object(ObjectError),
}

impl<'a> Table<'a> {
    pub(super) fn new(
        object: ObjectWriter<'a>,
        format: ReportFormat,
        columns: &'static [&'static str],
    ) -> Self {
        Self { object, format, columns, looked_at: 0, rows: 0 }
    }

    /// Counts what was looked at, in the table or not.
    pub(super) fn look_at(&mut self, rows: usize) -> Result<(), NotWritten> {
        self.looked_at = self.looked_at.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
        if self.looked_at <= MAX_ROWS { Ok(()) } else { Err(NotWritten::TooMany) }
    }

    /// How many rows it has.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes a row: a cell for each column.
    pub(super) async fn row(&mut self, cells: Vec<Cell>) -> Result<(), NotWritten> {
        let mut line = Vec::new();
        match self.format {
            ReportFormat::Csv => {
                if self.rows == 0 {
                    self.header(&mut line);
                }
                push_row(&mut line, cells.iter().map(Cell::as_csv));
            }
            ReportFormat::Json => {
                line.extend_from_slice(if self.rows == 0 { b"[\n" } else { b",\n" });
                line.extend_from_slice(self.object_of(cells).as_bytes());
            }
        }
        self.rows += 1;
        self.object.write(&line).await.map_err(NotWritten::Object)
    }

    /// Puts it; how many rows it has.
    pub(super) async fn finish(mut self) -> Result<u64, ObjectError> {
        let mut line = Vec::new();
        match (self.format, self.rows) {
            (ReportFormat::Csv, 0) => self.header(&mut line),
            (ReportFormat::Csv, _) => {}
            (ReportFormat::Json, 0) => line.extend_from_slice(b"[]\n"),
            (ReportFormat::Json, _) => line.extend_from_slice(b"\n]\n"),
        }
        self.object.write(&line).await?;
        self.object.finish().await?;
        Ok(self.rows)
    }

    /// Leaves nothing of it.
    pub(super) async fn abort(self) {
        self.object.abort().await;
    }

    fn header(&self, line: &mut Vec<u8>) {
        push_row(line, self.columns.iter().map(|column| Cow::Borrowed(*column)));
    }

    /// A row as an object, whose members stand in the order of the columns.
    fn object_of(&self, cells: Vec<Cell>) -> String {
        let members = self.columns.iter().zip(cells);
        let member = |(column, cell): (&&str, Cell)| format!("\"{column}\":{}", cell.into_json());
        format!("{{{}}}", members.map(member).collect::<Vec<_>>().join(","))
    }
}

impl Cell {
    /// What may be absent.
    pub(super) fn or_absent<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Absent, cell)
    }

    fn as_csv(&self) -> Cow<'_, str> {
        match self {
            // Only words are somebody's: a number may begin with a minus.
            Self::Text(words) => text(words),
            Self::Count(count) => count.to_string().into(),
            Self::Minor(amount) => amount.to_string().into(),
            Self::At(at) => at.to_string().into(),
            Self::Absent => Cow::Borrowed(""),
        }
    }

    fn into_json(self) -> Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Count(count) => count.into(),
            Self::Minor(amount) => amount.into(),
            Self::At(at) => at.to_string().into(),
            Self::Absent => Value::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use postroom::memory::MemoryObjects;

    use super::*;

    async fn written(format: ReportFormat, rows: Vec<Vec<Cell>>) -> String {
        let (objects, key) = (MemoryObjects::default(), "reports/demo/1".parse().unwrap());
        let object = ObjectWriter::new(&objects, &key, format.content_type());
        let mut table = Table::new(object, format, &["name", "n"]);
        for row in rows {
            table.row(row).await.unwrap();
        }
        table.finish().await.unwrap();
        let body = objects.body(&key).unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn text(words: &str) -> Cell {
        Cell::Text(words.to_owned())
    }

    #[tokio::test]
    async fn a_table_is_csv_as_others_read_it() {
        let names = ["plain", "a,b", "say \"hi\"", "two\nlines", "", " blank ", "Größe"];
        let rows = names.map(|name| vec![text(name), Cell::Count(1)]).to_vec();

        let csv = written(ReportFormat::Csv, rows).await;

        assert!(
            csv.starts_with("name,n\r\nplain,1\r\n\"a,b\",1\r\n\"say \"\"hi\"\"\",1\r\n"),
            "{csv}"
        );
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let read: Vec<_> = reader.records().map(|row| row.unwrap()[0].to_owned()).collect();
        assert_eq!(read, names);
    }

    #[tokio::test]
    async fn no_spreadsheet_takes_a_text_for_a_formula_and_numbers_stay_numbers() {
        let formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"];
        let rows = formulas.map(|name| vec![text(name), Cell::Minor(-5)]).to_vec();

        let csv = written(ReportFormat::Csv, rows.clone()).await;
        let json = written(ReportFormat::Json, rows).await;

        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        for (row, formula) in reader.records().zip(formulas) {
            let row = row.unwrap();
            assert_eq!((&row[0], &row[1]), (&*format!("'{formula}"), "-5"));
        }
        let json: Vec<Value> = serde_json::from_str(&json).unwrap();
        assert!(json.iter().zip(formulas).all(|(row, formula)| row["name"] == formula));
    }

    #[tokio::test]
    async fn a_table_is_json_a_row_a_line() {
        let rows = vec![vec![text("a\"b"), Cell::Minor(-5)], vec![Cell::Absent, Cell::Count(7)]];

        let json = written(ReportFormat::Json, rows).await;

        assert_eq!(json, "[\n{\"name\":\"a\\\"b\",\"n\":-5},\n{\"name\":null,\"n\":7}\n]\n");
    }

    #[test]
    fn as_many_rows_are_looked_at_as_there_may_be() {
        let (objects, key) = (MemoryObjects::default(), "reports/demo/1".parse().unwrap());
        let object = ObjectWriter::new(&objects, &key, "text/csv");
        let mut table = Table::new(object, ReportFormat::Csv, &[]);

        let most = usize::try_from(MAX_ROWS).unwrap();
        assert!(table.look_at(1).is_ok() && table.look_at(most - 1).is_ok());
        assert!(matches!(table.look_at(1), Err(NotWritten::TooMany)));
    }

    #[tokio::test]
    async fn a_table_without_rows_is_one() {
        assert_eq!(written(ReportFormat::Csv, vec![]).await, "name,n\r\n");
        assert_eq!(written(ReportFormat::Json, vec![]).await, "[]\n");
    }
}
