//! XML as it is written.

use std::borrow::Cow;

use quick_xml::escape::escape;

/// What an element contains.
#[derive(Debug)]
pub(super) enum Xml {
    Text(String),
    Elements(Vec<(Cow<'static, str>, Xml)>),
}

impl Xml {
    pub(super) fn text(text: &(impl ToString + ?Sized)) -> Self {
        Self::Text(text.to_string())
    }

    pub(super) fn elements<const N: usize>(elements: [(&'static str, Self); N]) -> Self {
        Self::Elements(elements.into_iter().map(|(name, content)| (name.into(), content)).collect())
    }

    pub(super) fn nothing() -> Self {
        Self::Elements(Vec::new())
    }

    /// A list, as the query protocol has it: each in a `member`.
    pub(super) fn members(items: impl IntoIterator<Item = Self>) -> Self {
        Self::Elements(items.into_iter().map(|item| ("member".into(), item)).collect())
    }

    /// A map, as the query protocol has it: each in an `entry` with `key` and `value`.
    pub(super) fn entries<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let entry =
            |(key, value)| Self::elements([("key", Self::text(key)), ("value", Self::Text(value))]);
        Self::Elements(pairs.into_iter().map(|pair| ("entry".into(), entry(pair))).collect())
    }

    /// As the whole document, in an element of this name.
    pub(super) fn document(&self, name: &str, namespace: &str) -> String {
        let mut document = format!(r#"<{name} xmlns="{namespace}">"#);
        self.write(&mut document);
        document.extend(["</", name, ">"]);
        document
    }

    fn write(&self, document: &mut String) {
        match self {
            Self::Text(text) => document.push_str(&escape(text)),
            Self::Elements(elements) => {
                for (name, content) in elements {
                    document.extend(["<", name, ">"]);
                    content.write(document);
                    document.extend(["</", name, ">"]);
                }
            }
        }
    }
}
