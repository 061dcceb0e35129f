//! Which of the template's routes a request takes.

use axum::http::Method;

use crate::template::Route;

/// The most specific route: exact segments before variables, before a greedy tail, before
/// `$default`.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>,
/// named from memory 2026-11-21.
pub(super) fn find<'r>(routes: &'r [Route], method: &Method, path: &str) -> Option<&'r Route> {
    let fitting = routes.iter().filter_map(|route| Some((fit(&route.key, method, path)?, route)));
    fitting.max_by_key(|(fit, _)| *fit).map(|(_, route)| route)
}

/// How well a route fits: exact segments, variables, and whether the method is named.
fn fit(key: &str, method: &Method, path: &str) -> Option<(usize, usize, bool)> {
    let Some((route_method, pattern)) = key.split_once(' ') else {
        return (key == "$default").then_some((0, 0, false));
    };
    let any = route_method == "ANY";
    if !any && route_method != method.as_str() {
        return None;
    }
    let mut segments = path.trim_matches('/').split('/');
    // Each fitting segment counts one more, so that even `/` comes before `$default`.
    let (mut exact, mut variable) = (1, 0);
    for expected in pattern.trim_matches('/').split('/') {
        let segment = segments.next()?;
        if expected.ends_with("+}") {
            return Some((exact, variable, !any));
        } else if expected.starts_with('{') && !segment.is_empty() {
            variable += 1;
        } else if expected == segment {
            exact += 1;
        } else {
            return None;
        }
    }
    segments.next().is_none().then_some((exact, variable, !any))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_route_wins() {
        let keys = ["$default", "GET /a/b", "GET /a/{id}", "ANY /a/{id}", "POST /a/{rest+}"];
        let routes = keys.map(|key| Route {
            key: key.to_owned(),
            function: "api".to_owned(),
            needs_token: true,
        });
        let cases = [
            (Method::GET, "/a/b", "GET /a/b"),
            (Method::GET, "/a/c", "GET /a/{id}"),
            (Method::PUT, "/a/c", "ANY /a/{id}"),
            (Method::POST, "/a/c/d", "POST /a/{rest+}"),
            (Method::GET, "/a/c/d", "$default"),
            (Method::GET, "/", "$default"),
        ];

        for (method, path, key) in cases {
            assert_eq!(find(&routes, &method, path).unwrap().key, key, "{method} {path}");
        }
        assert!(find(&routes[1..2], &Method::GET, "/none").is_none());
    }
}
