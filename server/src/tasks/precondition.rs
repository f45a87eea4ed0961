//! Entity tags and conditional requests (RFC 9110 sections 8.8.3 and 13).
//!
//! The strong `ETag` of a task is its version in quotes. A guard is only parsed here; whether it holds is asked by the
//! store, in the same statement that names the owner, so a foreign task answers 404 before any version is compared. A tag that
//! is not ours (weak, unquoted, nonsense) is a tag that matches nothing, not an error of its own.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::store::Guard;

/// A list of entity tags, or `*`.
#[derive(Debug, PartialEq, Eq)]
enum Tags {
    Any,
    Versions(Vec<i64>),
}

/// `If-None-Match` of a read.
#[derive(Debug)]
pub(crate) struct Known(Option<Tags>);

impl<S: Sync> FromRequestParts<S> for Guard {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(guard(&parts.headers))
    }
}

impl<S: Sync> FromRequestParts<S> for Known {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(tags(&parts.headers, &IF_NONE_MATCH)))
    }
}

impl Known {
    /// Whether the client has this version already, so 304 will do.
    pub(crate) fn covers(&self, version: i64) -> bool {
        match &self.0 {
            None => false,
            Some(Tags::Any) => true,
            Some(Tags::Versions(versions)) => versions.contains(&version),
        }
    }
}

/// The strong entity tag of a version.
pub(crate) fn etag(version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Both headers of a write as one guard.
fn guard(headers: &HeaderMap) -> Guard {
    let only = match tags(headers, &IF_MATCH) {
        None | Some(Tags::Any) => None,
        Some(Tags::Versions(versions)) => Some(versions),
    };
    match tags(headers, &IF_NONE_MATCH) {
        None => Guard { only, never: Vec::new() },
        // "Only if it does not exist": a task that can be written exists.
        Some(Tags::Any) => Guard { only: Some(Vec::new()), never: Vec::new() },
        Some(Tags::Versions(never)) => Guard { only, never },
    }
}

/// All tags of all headers of that name. Versions have no commas, so splitting at commas cannot tear one of ours.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Option<Tags> {
    let mut versions = Vec::new();
    let mut present = false;
    for value in headers.get_all(name) {
        present = true;
        for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
            if tag == "*" {
                return Some(Tags::Any);
            }
            versions.extend(version(tag));
        }
    }
    present.then_some(Tags::Versions(versions))
}

/// The version in `"7"`; exactly as [`etag`] writes it, so `"07"` and `"+7"` are not ours.
fn version(tag: &str) -> Option<i64> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn of(name: &HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[rstest]
    #[case(&[], None)]
    #[case(&["*"], None)]
    #[case(&["\"3\""], Some(vec![3]))]
    #[case(&["\"3\", \"4\""], Some(vec![3, 4]))]
    #[case(&["\"3\"", "\"4\""], Some(vec![3, 4]))]
    #[case(&["W/\"3\""], Some(vec![]))]
    #[case(&["3"], Some(vec![]))]
    #[case(&["\"03\""], Some(vec![]))]
    #[case(&["\"-3\""], Some(vec![]))]
    #[case(&["\"+3\""], Some(vec![]))]
    #[case(&["\"9999999999999999999999\""], Some(vec![]))]
    #[case(&[""], Some(vec![]))]
    fn if_match_compares_strongly_and_what_is_not_ours_matches_nothing(#[case] values: &[&str], #[case] only: Option<Vec<i64>>) {
        assert_eq!(guard(&of(&IF_MATCH, values)), Guard { only, never: vec![] });
    }

    #[test]
    fn if_none_match_star_lets_no_write_through() {
        assert_eq!(guard(&of(&IF_NONE_MATCH, &["*"])), Guard { only: Some(vec![]), never: vec![] });
        assert_eq!(guard(&of(&IF_NONE_MATCH, &["\"2\""])), Guard { only: None, never: vec![2] });
    }

    #[test]
    fn an_entity_tag_reads_back_as_its_version() {
        for known in [1, 42, i64::MAX] {
            assert_eq!(version(etag(known).to_str().unwrap()), Some(known));
        }
    }
}
