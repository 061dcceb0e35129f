//! Filters as a template gives them, on bodies as they arrive.

use serde_json::{Value, json};

use super::{FilterError, Filters};

fn filters(patterns: &[Value]) -> Result<Filters, FilterError> {
    let patterns = patterns.iter().map(|pattern| json!({ "Pattern": pattern.to_string() }));
    Filters::read(&json!({ "Filters": patterns.collect::<Vec<_>>() }))
}

/// Whether a body passes one filter on it.
fn passes(pattern: &Value, body: &str) -> bool {
    filters(&[json!({ "body": pattern })]).expect("understood").pass(body)
}

#[test]
fn text_and_json_pass_only_filters_of_their_own_kind() {
    let (text, any_text) = ("Result: 5", json!([{ "prefix": "" }]));
    let (json, any_json) = (r#"{"a": 1}"#, json!({ "a": [{ "exists": true }] }));

    assert!(passes(&any_text, text));
    assert!(!passes(&any_json, text));
    assert!(!passes(&any_text, json));
    assert!(passes(&any_json, json));
    let unfiltered = filters(&[json!({})]).expect("understood");
    assert!(unfiltered.pass(text) && unfiltered.pass(json));
    assert!(Filters::default().pass(text) && Filters::default().pass(json));
}

#[test]
fn every_rule_matches_what_it_says_and_nothing_else() {
    let cases = [
        (json!("a"), vec![json!("a"), json!(["b", "a"])], vec![json!("A"), json!(""), json!(null)]),
        (json!(""), vec![json!("")], vec![json!("a"), json!(null)]),
        (json!(300), vec![json!(300)], vec![json!(300.0), json!("300")]),
        (json!(true), vec![json!(true)], vec![json!(false), json!("true")]),
        (json!(null), vec![json!(null)], vec![json!(""), json!({})]),
        (
            json!({ "equals-ignore-case": "Ab" }),
            vec![json!("ab"), json!("AB")],
            vec![json!("abc"), json!(1)],
        ),
        (json!({ "prefix": "a." }), vec![json!("a.b")], vec![json!("ba."), json!(1)]),
        (json!({ "suffix": ".b" }), vec![json!("a.b")], vec![json!(".bc"), json!(1)]),
        (
            json!({ "anything-but": "a" }),
            vec![json!("b"), json!(1), json!(["a", "b"])],
            vec![json!("a"), json!(null), json!([])],
        ),
        (json!({ "anything-but": [1, 2] }), vec![json!(3), json!("1")], vec![json!(1), json!(2)]),
        (json!({ "numeric": ["=", 5] }), vec![json!(5), json!(5.0)], vec![json!(4), json!("5")]),
        (
            json!({ "numeric": [">", 10, "<=", 20] }),
            vec![json!(10.5), json!(20)],
            vec![json!(10), json!(20.5)],
        ),
        (json!({ "numeric": ["<", 0] }), vec![json!(-1)], vec![json!(0)]),
        (json!({ "numeric": [">=", 0] }), vec![json!(0)], vec![json!(-1)]),
        (
            json!({ "exists": true }),
            vec![json!("a"), json!(null)],
            vec![json!({ "b": 1 }), json!([])],
        ),
        (json!({ "exists": false }), vec![json!({ "b": 1 })], vec![json!("a")]),
    ];

    for (rule, matching, others) in cases {
        let passes =
            |value: &Value| passes(&json!({ "m": [rule] }), &json!({ "m": value }).to_string());

        for value in &matching {
            assert!(passes(value), "{rule} does not match {value}");
        }
        for value in &others {
            assert!(!passes(value), "{rule} matches {value}");
        }
    }
}

#[test]
fn a_member_that_is_missing_matches_nothing_but_that_it_does_not_exist() {
    let body = r#"{"other": 1}"#;

    assert!(passes(&json!({ "m": [{ "exists": false }] }), body));
    assert!(passes(&json!({ "m": { "n": [{ "exists": false }] } }), body));
    for rule in [json!(null), json!({ "anything-but": "a" }), json!({ "prefix": "" })] {
        assert!(!passes(&json!({ "m": [rule] }), body), "{rule}");
    }
}

#[test]
fn all_members_have_to_match_and_one_of_the_rules_and_one_of_the_alternatives() {
    let pattern = json!({
        "kind": ["order", "refund"],
        "detail": { "country": ["NZ"] },
        "$or": [{ "amount": [{ "numeric": [">", 100] }] }, { "urgent": [true] }],
    });
    let order = json!({ "kind": "order", "detail": { "country": "NZ" }, "amount": 500 });
    let with = |member: &str, value: Value| {
        let mut changed = order.clone();
        changed[member] = value;
        changed.to_string()
    };

    assert!(passes(&pattern, &order.to_string()));
    assert!(passes(&pattern, &with("kind", json!("refund"))));
    assert!(!passes(&pattern, &with("kind", json!("visit"))));
    assert!(!passes(&pattern, &with("detail", json!({ "country": "AU" }))));
    assert!(passes(&pattern, &with("detail", json!([{ "country": "AU" }, { "country": "NZ" }]))));
    assert!(!passes(&pattern, &with("amount", json!(5))));
    assert!(passes(&pattern, &with("urgent", json!(true))));
}

#[test]
fn a_message_passes_if_one_filter_lets_it() {
    let either = filters(&[json!({ "body": ["a"] }), json!({ "body": { "m": ["b"] } })]);
    let either = either.expect("understood");

    assert!(either.pass("a") && either.pass(r#"{"m": "b"}"#));
    assert!(!either.pass("b"));
}

#[test]
fn what_is_not_understood_is_named() {
    let cases = [
        (
            json!({ "messageAttributes": { "type": ["a"] } }),
            "`messageAttributes` cannot be filtered on",
        ),
        (json!({ "body": "a" }), "`\"a\"` at `body`"),
        (json!({ "body": [] }), "`[]` at `body`"),
        (json!({ "body": { "m": { "n": 5 } } }), "`5` at `body.m.n`"),
        (json!({ "body": { "m": [{ "wildcard": "a*" }] } }), r#"`{"wildcard":"a*"}` at `body.m`"#),
        (json!({ "body": { "m": [{ "anything-but": { "prefix": "a" } }] } }), "at `body.m`"),
        (json!({ "body": { "m": [{ "numeric": [">"] }] } }), "at `body.m`"),
        (json!({ "body": { "m": [{ "numeric": ["~", 1] }] } }), "at `body.m`"),
        (json!({ "body": { "m": [{ "prefix": 1 }] } }), "at `body.m`"),
        (json!({ "body": { "$or": [{ "m": ["a"] }] } }), "at `body.$or`"),
        (json!([]), "the pattern `[]` is not a JSON object"),
        (json!({ "body": ["x".repeat(4_096)] }), "of at most 4096 bytes"),
    ];

    for (pattern, expected) in cases {
        let error = filters(std::slice::from_ref(&pattern)).expect_err("refused").to_string();

        assert!(error.contains(expected), "{pattern}: {error}");
    }
    let criteria =
        [json!({}), json!({ "Filters": [] }), json!({ "Filters": [{ "Patern": "{}" }] })];
    for criteria in criteria {
        assert_eq!(Filters::read(&criteria), Err(FilterError::Criteria), "{criteria}");
    }
    assert_eq!(filters(&vec![json!({}); 11]), Err(FilterError::Criteria));
}
