//! A webhook came: a payment is deposited, a refund withdrawn, anything else let be.

use postroom::{Command, Envelope, Listener, Outcome, Tx};

use super::object::{Charge, PaymentIntent, read};
use crate::ledger::{DepositMoney, LedgerError, Movement, WithdrawMoney};
use crate::money::Money;
use crate::payments::{Payment, SettleError, SettlePayments};
use crate::webhooks::{ProviderId, WebhookReceived};

const PAID: &str = "payment_intent.succeeded";
const REFUNDED: &str = "charge.refunded";

impl Listener<WebhookReceived> for SettlePayments {
    const NAME: &'static str = Self::NAME;
    type Error = SettleError;

    async fn on(
        &self,
        event: &Envelope<WebhookReceived>,
        tx: &mut Tx,
    ) -> Result<Outcome, SettleError> {
        match event.data.kind.as_str() {
            PAID => settle(&read(&event.data)?, tx).await,
            REFUNDED => give_back(&read(&event.data)?, tx).await,
            _ => Ok(Outcome::Skipped { reason: "no money follows from this kind" }),
        }
    }
}

/// Deposits what was paid, once for each payment, however many events tell of it.
async fn settle(paid: &PaymentIntent, tx: &mut Tx) -> Result<Outcome, SettleError> {
    let (payment_id, account_id, amount) = (&paid.id, paid.account_id(), paid.received());
    let failed = |source| SettleError::Tx { payment_id: payment_id.clone(), source };
    if tx.load(&Payment::at(payment_id)).await.map_err(failed)?.is_some() {
        return Ok(Outcome::Skipped { reason: "the payment is settled" });
    }
    let movement = Movement { amount, description: format!("Payment {payment_id}") };
    let booked = DepositMoney { account_id, movement }.handle(tx).await;
    booked.map_err(|error| refused(payment_id.clone(), error))?;
    let payment = Payment { id: payment_id.clone(), account_id, amount, refunded_minor: 0 };
    tx.save(&payment).map_err(failed)?;
    Ok(Outcome::DONE)
}

/// Withdraws what was given back and is not withdrawn yet. The provider tells the sum of all refunds, so whichever of its
/// events come, and in whatever order, it is withdrawn once.
async fn give_back(charge: &Charge, tx: &mut Tx) -> Result<Outcome, SettleError> {
    let (payment_id, refunded) = (charge.payment_intent.clone(), charge.refunded());
    let failed = |source| SettleError::Tx { payment_id: payment_id.clone(), source };
    let Some(payment) = tx.load(&Payment::at(&payment_id)).await.map_err(failed)? else {
        return Err(SettleError::NotSettled { payment_id });
    };
    let (account_id, paid) = (payment.account_id, payment.amount);
    if refunded.currency != paid.currency {
        let (paid, refunded) = (paid.currency, refunded.currency);
        return Err(SettleError::RefundCurrency { payment_id, paid, refunded });
    }
    if refunded.amount_minor > paid.amount_minor {
        return Err(SettleError::RefundTooLarge { payment_id, paid, refunded });
    }
    if refunded.amount_minor <= payment.refunded_minor {
        return Ok(Outcome::Skipped { reason: "as much was withdrawn before" });
    }
    // Between what was withdrawn, which is nothing or more, and what was paid.
    let amount_minor = refunded.amount_minor - payment.refunded_minor;
    let amount = Money { amount_minor, currency: paid.currency };
    let movement = Movement { amount, description: format!("Refund of payment {payment_id}") };
    let booked = WithdrawMoney { account_id, movement }.handle(tx).await;
    booked.map_err(|error| refused(payment_id.clone(), error))?;
    let payment = Payment { refunded_minor: refunded.amount_minor, ..payment };
    tx.save(&payment).map_err(failed)?;
    Ok(Outcome::DONE)
}

fn refused(payment_id: ProviderId, error: LedgerError) -> SettleError {
    SettleError::Ledger { payment_id, source: Box::new(error) }
}
