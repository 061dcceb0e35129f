//! Figures as a table for people and as JSON lines for programs.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// Everything one run found out.
#[derive(Debug)]
pub struct Report {
    /// What it ran on; the first of the JSON lines.
    pub machine: Value,
    /// Whether budgets are judged: in an optimised build that measured long enough.
    pub judged: bool,
    /// The figures.
    pub tables: Vec<Table>,
}

/// Figures of one kind.
#[derive(Debug)]
pub struct Table {
    /// Its name in JSON: `cold_start`.
    pub figure: &'static str,
    /// What it says and how it was measured, for people.
    pub title: String,
    /// What is measured of each subject.
    pub columns: &'static [Column],
    /// One subject each.
    pub rows: Vec<Row>,
}

/// One measured property.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in JSON, unit last: `cpu_us_per_record`.
    pub key: &'static str,
    /// Its heading.
    pub label: &'static str,
    /// How exact it is, for people.
    pub decimals: usize,
}

/// The figures of one subject.
#[derive(Debug)]
pub struct Row {
    /// What was measured.
    pub subject: String,
    /// One for each column, where there is one.
    pub values: Vec<Option<f64>>,
    /// What it is held to.
    pub budgets: Vec<Budget>,
}

/// The most that a figure may be.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// The column's key.
    pub column: &'static str,
    /// The limit; reaching it is allowed.
    pub most: f64,
}

impl Report {
    /// One JSON object a line: the machine, then one for each row.
    ///
    /// `{"figure": "cold_start", "subject": "api", "ratio": 1.2, …, "budgets": {"ratio": {"most": 2.0, "met": true}}}`
    pub fn json_lines(&self) -> String {
        let rows =
            self.tables.iter().flat_map(|table| table.rows.iter().map(move |row| (table, row)));
        let rows = rows.map(|(table, row)| table.json(row, self.judged));
        let lines = std::iter::once(self.machine.clone()).chain(rows);
        let lines: Vec<_> = lines.map(|line| line.to_string()).collect();
        lines.join("\n") + "\n"
    }

    /// All tables, for people.
    pub fn text(&self) -> String {
        let tables: Vec<_> = self.tables.iter().map(|table| table.text(self.judged)).collect();
        tables.join("\n")
    }
}

impl Table {
    fn json(&self, row: &Row, judged: bool) -> Value {
        let mut line = Map::new();
        line.insert("figure".to_owned(), json!(self.figure));
        line.insert("subject".to_owned(), json!(row.subject));
        for (column, value) in self.columns.iter().zip(&row.values) {
            line.insert(column.key.to_owned(), json!(value));
        }
        let budgets = row.budgets.iter().map(|budget| {
            let met = judged.then(|| self.is_met(row, budget));
            (budget.column.to_owned(), json!({"most": budget.most, "met": met}))
        });
        line.insert("budgets".to_owned(), Value::Object(budgets.collect()));
        Value::Object(line)
    }

    fn text(&self, judged: bool) -> String {
        let mut text = format!("{}\n", self.title);
        let labels = self.columns.iter().map(|column| column.label.to_owned()).collect();
        self.line(&mut text, "", labels, "");
        for row in &self.rows {
            let cells = self.columns.iter().zip(&row.values);
            let cells = cells.map(|(column, value)| {
                value.map_or(String::new(), |value| format!("{value:.*}", column.decimals))
            });
            let budgets: Vec<_> =
                row.budgets.iter().map(|budget| self.judgement(row, budget, judged)).collect();
            self.line(&mut text, &row.subject, cells.collect(), &budgets.join(", "));
        }
        text
    }

    fn line(&self, text: &mut String, subject: &str, cells: Vec<String>, end: &str) {
        let first = self.rows.iter().map(|row| row.subject.chars().count()).max().unwrap_or(0);
        let mut line = format!("  {subject:first$}");
        for (column, cell) in self.columns.iter().zip(cells) {
            let width = column.label.chars().count().max(8);
            // Writing to a `String` cannot fail.
            let _ = write!(line, "  {cell:>width$}");
        }
        let _ = writeln!(text, "{}", format!("{line}  {end}").trim_end());
    }

    fn judgement(&self, row: &Row, budget: &Budget, judged: bool) -> String {
        let column = self.column(budget);
        let (label, decimals) = (column.label, column.decimals);
        let verdict = match (judged, self.is_met(row, budget)) {
            (false, _) => "",
            (true, true) => ": met",
            (true, false) => ": MISSED",
        };
        format!("{label} ≤ {:.decimals$}{verdict}", budget.most)
    }

    fn is_met(&self, row: &Row, budget: &Budget) -> bool {
        let position = self.columns.iter().position(|column| column.key == budget.column);
        let value = position.and_then(|position| row.values[position]);
        value.is_some_and(|value| value <= budget.most)
    }

    fn column(&self, budget: &Budget) -> Column {
        let found = self.columns.iter().find(|column| column.key == budget.column);
        found.copied().unwrap_or(Column { key: "", label: "", decimals: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(judged: bool) -> Report {
        let row = |subject: &str, ratio, most| Row {
            subject: subject.to_owned(),
            values: vec![Some(ratio), None],
            budgets: vec![Budget { column: "ratio", most }],
        };
        Report {
            machine: json!({"figure": "machine"}),
            judged,
            tables: vec![Table {
                figure: "cold_start",
                title: "cold start".to_owned(),
                columns: &[
                    Column { key: "ratio", label: "× echo", decimals: 2 },
                    Column { key: "median_ms", label: "ms", decimals: 1 },
                ],
                rows: vec![row("api", 2.0, 2.0), row("relay-outbox", 2.01, 2.0)],
            }],
        }
    }

    #[test]
    fn people_read_aligned_columns_with_budgets_behind_them() {
        let text = report(true).text();

        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "cold start",
                "                  × echo        ms",
                "  api               2.00            × echo ≤ 2.00: met",
                "  relay-outbox      2.01            × echo ≤ 2.00: MISSED",
            ]
        );
    }

    #[test]
    fn programs_read_one_object_a_line() {
        let lines = report(true).json_lines();

        let lines: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            lines[2],
            json!({"figure": "cold_start", "subject": "relay-outbox", "ratio": 2.01,
                "median_ms": null, "budgets": {"ratio": {"most": 2.0, "met": false}}})
        );
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn what_was_not_measured_properly_is_not_judged() {
        assert!(!report(false).text().contains("met"));
        assert!(report(false).json_lines().contains(r#""met":null"#));
    }
}
