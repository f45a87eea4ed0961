//! Who wrote an answer: the application, or something in front of it (a platform's edge, a firewall, a rate limiter).
//!
//! Rests on what vendors document of their own answers, on what the common frameworks write by themselves, and on two observations: an API that
//! answers in JSON does not refuse in a page for people that none of those frameworks writes, and one whose answers all have a header in common
//! does not refuse without it in a form of its own (`manner`).

use super::answer::Headers;
use crate::run::Source;

/// Headers that a platform or firewall sets only on answers of its own.
const OF_THE_EDGE: [&str; 8] = [
    "x-railway-fallback",
    "x-vercel-error",
    "x-vercel-mitigated",
    "cf-mitigated",
    "x-amzn-waf-action",
    "x-amzn-errortype",
    "x-sucuri-block",
    "x-kong-response-latency",
];
/// Headers that platforms, content networks and proxies set on what passes through them.
const OF_A_FRONT: [&str; 12] = [
    "via",
    "cf-ray",
    "x-vercel-id",
    "x-railway-edge",
    "x-railway-request-id",
    "fly-request-id",
    "x-amz-cf-id",
    "x-amzn-trace-id",
    "x-azure-ref",
    "x-served-by",
    "rndr-id",
    "x-kong-upstream-latency",
];
/// Statuses with which a firewall, a limiter or a proxy turns a request away.
const TURNED_AWAY: [u16; 6] = [403, 405, 406, 418, 429, 503];
/// How far into a page is looked.
const LOOK: usize = 4 * 1024;
/// What the pages of frameworks have in them, in lower case: Express, Werkzeug (Flask), Django, Bottle, Sanic, Spring, Tomcat, Rails,
/// Starlette's debugger.
const OF_A_FRAMEWORK: [&str; 9] = [
    "<title>error</title>",
    "<title>error: 4",
    "<title>⚠️ 4",
    "<html lang=en>\n<title>",
    "<h1>403 forbidden</h1><p></p>",
    "whitelabel error page",
    "<title>http status ",
    "class=\"rails-default-error-page",
    "<title>starlette debugger",
];

/// What is known of the application's own way of answering.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits<'a> {
    /// A header that it sets on everything it answers.
    pub(super) app_header: Option<&'a str>,
    /// Whether it was seen to answer in JSON.
    pub(super) speaks_json: bool,
    /// Whether an answer has nothing of the application's own manner.
    pub(super) out_of_manner: bool,
}

/// Tells the application from what stands in front of it.
pub(super) fn source_of(status: u16, headers: &Headers, body: &[u8], habits: Habits<'_>) -> Source {
    let edge = OF_THE_EDGE.iter().any(|name| headers.has(name));
    match habits.app_header {
        _ if edge => Source::Edge,
        Some(name) if headers.has(name) => Source::App,
        // What a framework answers to an exception of the application comes from outside its middleware, which would set the header
        // (Starlette's `ServerErrorMiddleware`).
        Some(_) if matches!(status, 403 | 404 | 429 | 501..=599) => Source::Edge,
        // A router knows which methods there are (RFC 9110, 15.5.6); what stands in front of one does not.
        _ if status == 405 && headers.has("allow") => Source::Unknown,
        None if habits.out_of_manner && TURNED_AWAY.contains(&status) => Source::Edge,
        _ if habits.speaks_json && TURNED_AWAY.contains(&status) && is_foreign_page(headers, body) => Source::Edge,
        _ => Source::Unknown,
    }
}

/// A page for people, with something on it, that no common framework writes by itself.
fn is_foreign_page(headers: &Headers, body: &[u8]) -> bool {
    let html = headers.text("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
    let text = String::from_utf8_lossy(body.get(..LOOK).unwrap_or(body)).to_ascii_lowercase();
    html && !text.trim().is_empty() && !OF_A_FRAMEWORK.iter().any(|mark| text.contains(mark))
}

/// Whether something in front of the application passed its answer on.
pub(super) fn came_through_a_front(headers: &Headers) -> bool {
    OF_A_FRONT.iter().any(|name| headers.has(name))
}

/// Whether whatever stands in front of applications sets a header of this name, in lower case.
pub(super) fn is_of_a_front(name: &str) -> bool {
    OF_A_FRONT.contains(&name) || OF_THE_EDGE.contains(&name)
}

/// Whether an answer shows that the application answers in JSON.
pub(super) fn is_json(status: u16, headers: &Headers) -> bool {
    (200..300).contains(&status) && headers.text("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");
    const NGINX: &str =
        "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n";
    const WERKZEUG: &str = "<!doctype html>\n<html lang=en>\n<title>403 Forbidden</title>\n<h1>Forbidden</h1>\n<p>You don't have";
    const EXPRESS: &str =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<title>Error</title>\n</head>\n<body>\n<pre>Forbidden</pre>";
    const DJANGO: &str = "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>403 Forbidden</title>\n</head>\n<body>\n  <h1>403 Forbidden</h1><p></p>";
    const BLOCK: &str = "<html><title>Request blocked</title><h1>Your request looks suspicious</h1></html>";

    #[rstest]
    #[case::firewall(403, &[HTML], BLOCK, None, Source::Edge)]
    #[case::proxy(403, &[HTML], NGINX, None, Source::Edge)]
    #[case::flask(403, &[HTML], WERKZEUG, None, Source::Unknown)]
    #[case::express(403, &[HTML], EXPRESS, None, Source::Unknown)]
    #[case::django(403, &[HTML], DJANGO, None, Source::Unknown)]
    #[case::router(405, &[HTML, ("allow", "GET, HEAD")], NGINX, None, Source::Unknown)]
    #[case::bottle(405, &[HTML], "<html><head><title>Error: 405 Method Not Allowed</title>", None, Source::Unknown)]
    #[case::sanic(403, &[HTML], "<!DOCTYPE html><html lang=en><meta charset=UTF-8><title>⚠️ 403 — Forbidden</title>", None, Source::Unknown)]
    #[case::method(405, &[HTML], NGINX, Some("x-request-id"), Source::Edge)]
    #[case::own_error(401, &[HTML], BLOCK, None, Source::Unknown)]
    #[case::json(403, &[("content-type", "application/json")], "{}", None, Source::Unknown)]
    #[case::vendor(403, &[("cf-mitigated", "challenge")], "", None, Source::Edge)]
    #[case::marked(403, &[HTML, ("x-request-id", "1")], BLOCK, Some("x-request-id"), Source::App)]
    #[case::exception(500, &[], "", Some("x-request-id"), Source::Unknown)]
    #[case::unmarked(503, &[], "", Some("x-request-id"), Source::Edge)]
    fn a_refusal_is_the_applications_unless_something_in_front_of_it_wrote_it(
        #[case] status: u16,
        #[case] fields: &[(&str, &str)],
        #[case] body: &str,
        #[case] app_header: Option<&str>,
        #[case] source: Source,
    ) {
        let answer = crate::http::Answer::canned(status, fields, body);
        assert_eq!(
            source_of(status, &answer.headers, &answer.body, Habits { app_header, speaks_json: true, out_of_manner: false }),
            source
        );
    }
}
