//! The actions on topics.

use super::form::Form;
use super::xml::Xml;
use crate::sns::{Sns, SnsError};

const ARN: &str = "TopicArn";

pub(super) fn create(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let arn = sns.lock().create(form.required("Name")?, &form.texts("Attributes")?)?;
    Ok(Xml::elements([(ARN, Xml::Text(arn))]))
}

pub(super) fn delete(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    sns.lock().delete(form.required(ARN)?);
    Ok(Xml::nothing())
}

pub(super) fn attributes(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let attributes = sns.lock().attributes(form.required(ARN)?)?;
    Ok(Xml::elements([("Attributes", Xml::entries(attributes))]))
}

/// All of them: there are no further pages.
pub(super) fn list(sns: &Sns) -> Xml {
    let topics = sns.lock();
    let each = topics.arns().map(|arn| Xml::elements([(ARN, Xml::Text(arn))]));
    Xml::elements([("Topics", Xml::members(each))])
}
