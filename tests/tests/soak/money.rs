//! Money that callers move between the accounts of their tenant.

use serde_json::{Value, json};
use tests::OWNER;

use crate::book::{Fate, Movement};
use crate::callers::{Answer, Caller};

/// Accounts of a tenant: few, so that its callers meet at them.
const ACCOUNTS: usize = 4;
/// Movements in a row.
const MOST_MOVEMENTS: u64 = 4;
/// What a tenant's accounts belong to: two owners, of whom the first has every second account.
pub(crate) const OWNERS: [&str; 2] = [OWNER, "019aa4bf-0c00-7a1b-9c2d-3e4f5a6b7c8e"];

/// What is ordered, and what that does.
struct Order {
    path: String,
    body: Value,
    legs: Vec<(String, i64)>,
}

impl Caller {
    /// Opens an account while there are too few, and moves money between them.
    pub(crate) async fn money(&mut self, token: &str, ordered: &mut usize) -> Option<()> {
        let accounts = self.book().accounts_of(&self.tenant);
        if accounts.len() < ACCOUNTS {
            return self.open(OWNERS[accounts.len() % 2], token, ordered).await;
        }
        for _ in 0..self.seed.between(1, MOST_MOVEMENTS) {
            let description = format!("{} {ordered}", self.name);
            let order = self.draw(&accounts, &description);
            let answer = self.command(&order.path, Some(&order.body), token, ordered).await?;
            let fate = match answer {
                Answer::Acknowledged(_) => Fate::Done,
                Answer::Refused => Fate::Refused,
                Answer::GivenUp => Fate::Unknown,
            };
            self.book().movements.push(Movement { description, legs: order.legs, fate });
        }
        Some(())
    }

    async fn open(&mut self, owner: &str, token: &str, ordered: &mut usize) -> Option<()> {
        let body = json!({ "owner_id": owner, "currency": "NZD" });
        let answer = self.command("/accounts", Some(&body), token, ordered).await?;
        let tenant = self.tenant.clone();
        match answer {
            Answer::Acknowledged(opened) => {
                let id = opened.text("/id");
                self.book().accounts.push((tenant, id));
            }
            Answer::Refused | Answer::GivenUp => self.book().perhaps_opened += 1,
        }
        Some(())
    }

    /// More goes out than comes in, so that some of it is refused.
    fn draw(&mut self, accounts: &[String], description: &str) -> Order {
        let at = usize::try_from(self.seed.between(0, accounts.len() as u64 - 1)).unwrap();
        let (one, other) = (accounts[at].clone(), accounts[(at + 1) % accounts.len()].clone());
        let minor = self.seed.between(1, 500).cast_signed();
        let mut body = json!({
            "amount": { "amount_minor": minor, "currency": "NZD" }, "description": description,
        });
        match self.seed.between(0, 2) {
            0 => {
                let path = format!("/accounts/{one}/deposits");
                Order { path, body, legs: vec![(one, minor)] }
            }
            1 => {
                let path = format!("/accounts/{one}/withdrawals");
                Order { path, body, legs: vec![(one, -minor)] }
            }
            _ => {
                body["from_account_id"] = json!(one);
                body["to_account_id"] = json!(other);
                Order {
                    path: "/transfers".to_owned(),
                    body,
                    legs: vec![(one, -minor), (other, minor)],
                }
            }
        }
    }
}
