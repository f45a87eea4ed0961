//! What answers say to caches and of them (RFC 9111).

use crate::http::Headers;

/// Vendors' headers that say whether a cache answered.
const VENDORS: [&str; 7] =
    ["x-cache", "cf-cache-status", "x-vercel-cache", "cdn-cache", "cache-status", "x-railway-cache", "x-proxy-cache"];

/// What shows that a shared cache answered: `Age` (RFC 9111, 5.1) or the vendors' own words.
pub(super) fn hit(headers: &Headers) -> Option<String> {
    let says_hit = |value: &String| ["hit", "stale"].iter().any(|word| value.to_ascii_lowercase().contains(word));
    let named = VENDORS.iter().find_map(|name| headers.text(name).filter(says_hit).map(|value| format!("{name}: {value}")));
    named.or_else(|| headers.text("age").filter(|age| age.trim() != "0").map(|age| format!("age: {}", age.trim())))
}

/// The directives of `Cache-Control` (RFC 9111, 5.2.2), in lower case.
pub(super) struct Directives(Vec<String>);

impl Directives {
    /// Those of an answer.
    pub(super) fn of(headers: &Headers) -> Self {
        Self(headers.list("cache-control"))
    }

    /// Whether there is none.
    pub(super) fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `name` is among them.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|directive| directive == name)
    }

    /// Whether a cache may keep the answer for some time without asking again: `public`, or an age above nothing.
    pub(super) fn keep(&self) -> bool {
        !self.has("no-store") && (self.has("public") || self.seconds("s-maxage") > 0 || self.seconds("max-age") > 0)
    }

    /// Whether a cache that several share may do so.
    pub(super) fn share(&self) -> bool {
        self.keep() && !self.has("private")
    }

    fn seconds(&self, name: &str) -> u64 {
        let said = |directive: &String| directive.strip_prefix(name)?.strip_prefix('=')?.trim_matches('"').parse().ok();
        self.0.iter().find_map(said).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::http::Answer;

    #[rstest]
    #[case("max-age=60", (true, true))]
    #[case("private, max-age=60", (true, false))]
    #[case("public", (true, true))]
    #[case("no-store, public", (false, false))]
    #[case("max-age=0, s-maxage=\"30\"", (true, true))]
    #[case("no-cache", (false, false))]
    fn who_may_keep_an_answer_is_read_out_of_its_directives(#[case] said: &str, #[case] kept: (bool, bool)) {
        let answer = Answer::canned(200, &[("cache-control", said)], "");
        let directives = Directives::of(&answer.headers);
        assert_eq!((directives.keep(), directives.share()), kept);
    }

    #[rstest]
    #[case("age", "0", None)]
    #[case("age", " 12", Some("age: 12"))]
    #[case("x-cache", "Hit from cloudfront", Some("x-cache: Hit from cloudfront"))]
    #[case("cf-cache-status", "MISS", None)]
    #[case("cache-status", "edge; hit", Some("cache-status: edge; hit"))]
    fn a_cache_that_answered_gives_itself_away(#[case] name: &str, #[case] value: &str, #[case] said: Option<&str>) {
        assert_eq!(hit(&Answer::canned(200, &[(name, value)], "").headers).as_deref(), said);
    }
}
