//! Where the provider is.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::Scheme;

/// An `http` or `https` URL that paths can be put behind: `https://ads.example/api`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// Without a slash at its end.
    text: String,
    https: bool,
}

/// A text that is no base URL. Permanent: the same text never becomes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the provider's base URL has to be http or https, without user, query or fragment")]
pub struct InvalidBaseUrl;

impl BaseUrl {
    pub(crate) fn is_https(&self) -> bool {
        self.https
    }

    /// `path` behind the base; it starts with a slash and needs no escaping.
    pub(crate) fn join(&self, path: &str) -> Result<Uri, http::uri::InvalidUri> {
        format!("{}{path}", self.text).parse()
    }
}

impl FromStr for BaseUrl {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBaseUrl> {
        let uri: Uri = text.parse().map_err(|_| InvalidBaseUrl)?;
        let https = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(InvalidBaseUrl),
        };
        // A user would end up in logs; the parser has dropped a fragment already.
        let has_user = uri.authority().is_none_or(|authority| authority.as_str().contains('@'));
        if has_user || uri.query().is_some() || text.contains('#') {
            return Err(InvalidBaseUrl);
        }
        Ok(Self { text: text.trim_end_matches('/').to_owned(), https })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_behind_the_base() {
        let base: BaseUrl = "https://ads.example/api/".parse().unwrap();

        assert!(base.is_https());
        assert_eq!(base.join("/v1/campaigns").unwrap(), "https://ads.example/api/v1/campaigns");
    }

    #[test]
    fn only_a_plain_http_or_https_url_is_a_base() {
        for refused in [
            "",
            "ads.example",
            "/v1",
            "ftp://ads.example",
            "http://",
            "http://me:secret@ads.example",
            "http://ads.example/?a=b",
            "http://ads.example/#top",
        ] {
            assert_eq!(refused.parse::<BaseUrl>(), Err(InvalidBaseUrl), "{refused:?}");
        }
    }
}
