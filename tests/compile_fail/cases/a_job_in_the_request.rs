//! A job acts outside the transaction: the table does not take it in the request.

use postroom::doc_example::{ChargeCard, NoBank, OrderPaid, OrderPlaced};

struct Settings;

mod table {
    use super::*;

    // A table of its own would implement `Routed` twice for these events: the rows are built by hand.
    pub fn reactions(_: &Settings) -> postroom::Reactions {
        let mut table = postroom::Reactions::default();
        table.row::<OrderPlaced>().in_request(ChargeCard { bank: NoBank });
        let _ = table.row::<OrderPaid>();
        table
    }
}

fn main() {
    table::reactions(&Settings);
}
