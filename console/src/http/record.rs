//! Turns a probe and its answer into evidence: secrets become names, hostile text becomes harmless, long text becomes short.

use super::answer::Headers;
use super::given_away::without_given_away;
use super::probe::Field;
use super::unsaid::Unsaid;
use super::{Answer, Body, Probe, clean};
use crate::run::{Evidence, EvidenceClass, Exchange, Finding, RequestRecord, ResponseRecord};
use crate::target::Carrier;

pub(super) const REQUEST_BODY: usize = 4 * 1024;
const RESPONSE_BODY: usize = 2 * 1024;
pub(super) const HEADER_VALUE: usize = 512;
/// How far behind what is shown an echoed token may reach and is still seen whole.
const ECHO: usize = 16 * 1024;
/// Response headers whose values are secrets by type.
const SECRET_HEADERS: [&str; 3] = ["set-cookie", "authorization", "proxy-authorization"];

/// Evidence of one answer.
pub fn evidence(answer: &Answer, label: impl Into<String>, finding: Finding, observed: impl Into<String>) -> Evidence {
    Evidence {
        label: label.into(),
        finding,
        class: EvidenceClass::Live,
        source: Some(answer.source),
        observed: clean(&without_given_away(&observed.into())),
        exchange: Some(answer.exchange.clone()),
    }
}

/// The header that carries a token, and what stands before the token in its value.
pub(super) fn carried(carrier: &Carrier) -> (&str, String) {
    match carrier {
        Carrier::Bearer => ("authorization", "Bearer ".to_owned()),
        Carrier::Scheme(name) => ("authorization", format!("{name} ")),
        Carrier::Cookie(name) => ("cookie", format!("{name}=")),
        Carrier::Header(name) => (name, String::new()),
    }
}

/// The same fields with all cookies in the first `Cookie` field, where a client puts them (RFC 6265, 5.4): many servers read one alone.
pub(super) fn one_cookie<T>(fields: Vec<(String, T)>, join: impl Fn(&T, &T) -> T) -> Vec<(String, T)> {
    let mut joined: Vec<(String, T)> = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        match joined.iter_mut().find(|(first, _)| name == "cookie" && *first == name) {
            Some((_, all)) => *all = join(all, &value),
            None => joined.push((name, value)),
        }
    }
    joined
}

/// The request as it may be shown. `extra` names the target's own extra headers, whose values are never shown.
pub(super) fn request(probe: &Probe, url: &str, carrier: &Carrier, extra: &[String]) -> RequestRecord {
    let extra = extra.iter().filter(|name| !probe.replaces(name));
    let mut headers: Vec<_> = extra.map(|name| (name.clone(), "<from postflight.toml>".to_owned())).collect();
    if let Some(credential) = &probe.bearer {
        let (name, prefix) = carried(carrier);
        headers.push((name.to_owned(), format!("{prefix}{}", credential.name())));
    }
    headers.extend(probe.fields.iter().map(shown_field));
    if let Some(content_type) = probe.body.as_ref().and_then(|body| body.content_type.clone()) {
        headers.push(("content-type".to_owned(), content_type));
    }
    let headers = one_cookie(headers, |all, value| format!("{all}; {value}"));
    let shown = |body: &Body| if body.secret { "<redacted>".to_owned() } else { excerpt(&body.bytes, REQUEST_BODY).0 };
    let body = probe.body.as_ref().map(shown);
    RequestRecord { method: clean(&probe.method), url: clean(url), headers, body }
}

fn shown_field(field: &Field) -> (String, String) {
    match field {
        Field::Plain(name, value) => (name.clone(), excerpt(value, HEADER_VALUE).0),
        Field::Secret(name, prefix, credential) => (name.clone(), format!("{prefix}{}", credential.name())),
    }
}

/// The answer as it may be shown.
pub(super) fn response(
    status: u16,
    headers: &Headers,
    body: &[u8],
    truncated: bool,
    elapsed_ms: f64,
    unsaid: &Unsaid,
) -> ResponseRecord {
    let said = |bytes: &[u8], cap: usize| {
        let window = bytes.get(..cap + ECHO).unwrap_or(bytes);
        let hidden = unsaid.hide(&String::from_utf8_lossy(window));
        let cut = window.len() < bytes.len() || hidden.len() > cap;
        shortened(hidden.get(..hidden.floor_char_boundary(cap)).unwrap_or(&hidden), cut, bytes.len())
    };
    let shown = |(name, value): (&str, &[u8])| {
        let secret = SECRET_HEADERS.contains(&name);
        (clean(name), if secret { "<redacted>".to_owned() } else { said(value, HEADER_VALUE).0 })
    };
    let (body, cut) = said(body, RESPONSE_BODY);
    ResponseRecord { status, headers: headers.iter().map(shown).collect(), body, truncated: truncated || cut, elapsed_ms }
}

/// The exchange of one probe.
pub(super) fn exchange(request: RequestRecord, response: Option<ResponseRecord>) -> Exchange {
    let curl = curl(&request);
    Exchange { request, response, curl }
}

/// A shell line that repeats `request`. Values are single-quoted, except `$POSTFLIGHT_…` names, which must expand.
fn curl(request: &RequestRecord) -> String {
    let mut line = format!("curl -i --path-as-is -X {}", quote(&request.method));
    for (name, value) in &request.headers {
        let separator = if value.is_empty() { ";" } else { ": " };
        line.push_str(&format!(" -H {}", quote(&format!("{name}{separator}{value}"))));
    }
    if let Some(body) = &request.body {
        line.push_str(&format!(" --data-binary {}", quote(body)));
    }
    format!("{line} {}", quote(&request.url))
}

pub(super) fn quote(text: &str) -> String {
    let quoted = format!("'{}'", text.replace('\'', r"'\''"));
    match text.find("$POSTFLIGHT_") {
        Some(at) => splice_variable(text, at),
        None => quoted,
    }
}

/// Quotes `text` so that the variable at `at` expands and nothing else does.
fn splice_variable(text: &str, at: usize) -> String {
    let (before, rest) = text.split_at(at);
    let end =
        rest.char_indices().skip(1).find(|(_, c)| !(c.is_ascii_alphanumeric() || *c == '_')).map_or(rest.len(), |(end, _)| end);
    let (variable, after) = rest.split_at(end);
    let single = |part: &str| if part.is_empty() { String::new() } else { format!("'{}'", part.replace('\'', r"'\''")) };
    format!("{}\"{variable}\"{}", single(before), single(after))
}

pub(super) fn excerpt(bytes: &[u8], cap: usize) -> (String, bool) {
    shortened(&String::from_utf8_lossy(bytes.get(..cap).unwrap_or(bytes)), bytes.len() > cap, bytes.len())
}

fn shortened(text: &str, cut: bool, total: usize) -> (String, bool) {
    let text = clean(text);
    (if cut { format!("{text} … ({total} bytes)") } else { text }, cut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Credential;

    #[test]
    fn all_cookies_of_a_request_travel_in_one_field_and_other_fields_stay_apart() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = vec![field("cookie", "a=1"), field("origin", "x"), field("cookie", "b=2"), field("origin", "y")];
        let joined = one_cookie(fields, |all, value| format!("{all}; {value}"));
        assert_eq!(joined, [field("cookie", "a=1; b=2"), field("origin", "x"), field("origin", "y")]);
    }

    #[test]
    fn a_token_is_shown_by_its_name_and_the_variable_expands_in_the_curl_line() {
        let token = Credential::new("$POSTFLIGHT_TOKEN_A", "eyJ-very-secret");
        let probe = Probe::get("/api/tasks").bearer(&token).origin("https://it's.example");
        let shown = request(&probe, "https://api.example/api/tasks", &Carrier::Bearer, &[]);
        insta::assert_snapshot!(curl(&shown), @r#"curl -i --path-as-is -X 'GET' -H 'authorization: Bearer '"$POSTFLIGHT_TOKEN_A" -H 'origin: https://it'\''s.example' 'https://api.example/api/tasks'"#);
        assert!(!format!("{shown:?}").contains("very-secret"));
    }
}
