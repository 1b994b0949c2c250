//! Which endpoint a verb and a path mean.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use http::Method;

use super::errors::Failure;
use super::routes::{ROUTES, Route};

/// Paths split once, by their first segment and how many they have.
static SPLIT: LazyLock<BTreeMap<(&'static str, usize), Vec<Split>>> = LazyLock::new(|| {
    let mut split: BTreeMap<(&'static str, usize), Vec<Split>> = BTreeMap::new();
    for route in ROUTES {
        let path: Vec<&'static str> = route.path.split('/').collect();
        split
            .entry((path[0], path.len()))
            .or_default()
            .push((path, route));
    }
    for routes in split.values_mut() {
        // Stable: routes with as many variable segments keep their order.
        routes.sort_by_key(|(path, _)| {
            path.iter()
                .filter(|segment| segment.starts_with('{'))
                .count()
        });
    }
    split
});

/// A path's segments, and its route.
type Split = (Vec<&'static str>, &'static Route);

/// A route with the path's variable segments.
pub(crate) struct Found<'a> {
    pub(crate) route: &'static Route,
    pub(crate) params: [&'a str; 2],
}

fn variables<'a>(pattern: &[&str], path: &[&'a str]) -> Option<[&'a str; 2]> {
    let mut params = [""; 2];
    let mut next = 0;
    for (wanted, actual) in pattern.iter().zip(path) {
        if wanted.starts_with('{') {
            params[next] = actual;
            next += 1;
        } else if wanted != actual {
            return None;
        }
    }
    Some(params)
}

/// The endpoint for a verb and path: 404 if there is no such path, 405 with
/// the verbs there are if there is no such verb.
pub(crate) fn find<'a>(
    method: &Method,
    path: &[&'a str],
) -> std::result::Result<Found<'a>, Failure> {
    let mut allowed: Vec<&str> = Vec::new();
    // A fixed path hides a variable one of the same length: `/tickets/merge` is no ticket.
    let mut shape: Option<&[&str]> = None;
    let first = path.first().copied().unwrap_or_default();
    for (pattern, route) in SPLIT.get(&(first, path.len())).into_iter().flatten() {
        let Some(params) = variables(pattern, path) else {
            continue;
        };
        if shape.is_some_and(|shape| shape != pattern.as_slice()) {
            continue;
        }
        shape = Some(pattern);
        if route.method == *method {
            return Ok(Found { route, params });
        }
        allowed.push(route.method.as_str());
    }
    if allowed.is_empty() {
        return Err(Failure::NOT_FOUND);
    }
    let allow = allowed.join(", ");
    let message =
        format!("{method} method is not allowed. It should be one of these method(s): {allow}");
    Err(Failure::Method { allow, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_paths_hide_variable_ones() {
        let found = |method, path: &[&str]| find(&method, path).map(|found| found.route.path);
        assert_eq!(found(Method::GET, &["agents", "me"]), Ok("agents/me"));
        assert_eq!(found(Method::GET, &["agents", "7"]), Ok("agents/{id}"));
        assert_eq!(
            found(Method::PUT, &["tickets", "merge"]),
            Ok("tickets/merge")
        );
        assert!(matches!(
            found(Method::GET, &["tickets", "merge"]),
            Err(Failure::Method { .. })
        ));
        assert!(
            matches!(found(Method::PUT, &["tickets"]), Err(Failure::Method { allow, .. }) if allow == "GET, POST")
        );
        assert_eq!(found(Method::GET, &["nosuch"]), Err(Failure::NOT_FOUND));
    }
}
