//! One request, described: what will be sent, and how evidence will call it.

use bytes::Bytes;
use serde_json::Value;

use super::Credential;
use super::csrf::Carried;

/// Bytes of a head that every server takes; beyond, some close the connection with everything else on it.
const OVERSIZED: usize = 4 * 1024;

/// A request body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// `Content-Type` to send; `None` sends none.
    pub content_type: Option<String>,
    /// The bytes.
    pub bytes: Bytes,
    /// Whether evidence must not show them.
    pub secret: bool,
}

/// One header as it will be sent.
#[derive(Clone, Debug)]
pub(super) enum Field {
    Plain(String, Vec<u8>),
    /// The credential as the value of a header, after a prefix such as `Bearer `.
    Secret(String, String, Credential),
}

impl Field {
    fn name(&self) -> &str {
        match self {
            Self::Plain(name, _) | Self::Secret(name, ..) => name,
        }
    }
}

/// One request to the target, relative to its base URL. The path is sent byte for byte as far as an HTTP client allows.
#[derive(Clone, Debug)]
pub struct Probe {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) fields: Vec<Field>,
    pub(super) body: Option<Body>,
    pub(super) bearer: Option<Credential>,
    pub(super) patient: bool,
    /// Whether a 429 holds back this request alone.
    pub(super) alone: bool,
    pub(super) in_query: Option<Credential>,
    pub(super) csrf: Carried,
    shareable: bool,
    repeatable: bool,
}

impl Probe {
    /// A request with any method (RFC 9110 token, case kept).
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.into(),
            fields: Vec::new(),
            body: None,
            bearer: None,
            patient: true,
            alone: false,
            in_query: None,
            csrf: Carried::Whole,
            shareable: false,
            repeatable: false,
        }
    }

    /// GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// POST with a JSON body.
    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        Self::new("POST", path).json(body)
    }

    /// A CORS preflight (Fetch standard, "CORS-preflight fetch"): OPTIONS with the origin, the method and the headers asked for. Empty
    /// `headers` sends no `Access-Control-Request-Headers`.
    pub fn preflight(path: impl Into<String>, origin: &[u8], method: &str, headers: &str) -> Self {
        let probe = Self::new("OPTIONS", path).origin(origin).header("access-control-request-method", method);
        if headers.is_empty() { probe } else { probe.header("access-control-request-headers", headers) }
    }

    /// Carries `credential` the way the target carries its tokens (bearer header, cookie or other header).
    #[must_use]
    pub fn bearer(mut self, credential: &Credential) -> Self {
        self.bearer = Some(credential.clone());
        self
    }

    /// Carries no token.
    #[must_use]
    pub fn without_token(self) -> Self {
        Self { bearer: None, ..self }
    }

    /// Leaves out the CSRF token, but not the cookies that come with it: what a browser sends for a foreign page.
    #[must_use]
    pub fn of_a_foreign_page(mut self) -> Self {
        self.csrf = Carried::Cookies;
        self
    }

    /// Leaves out the CSRF token and its cookies.
    #[must_use]
    pub fn without_csrf(mut self) -> Self {
        self.csrf = Carried::Nothing;
        self
    }

    /// Adds an `Origin` header; call twice to send two.
    #[must_use]
    pub fn origin(self, origin: impl AsRef<[u8]>) -> Self {
        self.header("origin", origin)
    }

    /// Adds a header. Values may hold any byte that a field value may (RFC 9110, 5.5); duplicates are kept.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push(Field::Plain(name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Adds a header whose value is `prefix` followed by the credential, shown only by the credential's name.
    #[must_use]
    pub fn secret_header(mut self, name: &str, prefix: &str, credential: &Credential) -> Self {
        self.fields.push(Field::Secret(name.to_owned(), prefix.to_owned(), credential.clone()));
        self
    }

    /// Appends the credential to the path, which ends in `?name=` or `&name=`; evidence shows the path with its name instead. Tokens need
    /// no escaping there (RFC 7515, 3.1: base64url and dots).
    #[must_use]
    pub fn secret_query(mut self, credential: &Credential) -> Self {
        self.in_query = Some(credential.clone());
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body(Some("application/json"), body.to_string())
    }

    /// Sets a body of any type.
    #[must_use]
    pub fn body(mut self, content_type: Option<&str>, bytes: impl Into<Bytes>) -> Self {
        self.body = Some(Body { content_type: content_type.map(str::to_owned), bytes: bytes.into(), secret: false });
        self
    }

    /// Sets a body that evidence never shows, such as a sign-in.
    #[must_use]
    pub fn secret_body(mut self, content_type: &str, bytes: impl Into<Bytes>) -> Self {
        self.body = Some(Body { content_type: Some(content_type.to_owned()), bytes: bytes.into(), secret: true });
        self
    }

    /// Waits out a 429 alone, while the rest of the run goes on: routes of accounts have limits of their own.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Lets one answer serve all checks that send this although its method is not safe: nothing comes of it, or all of them look at what
    /// came of it.
    #[must_use]
    pub fn shareable(mut self) -> Self {
        self.shareable = true;
        self
    }

    /// Lets it be sent again where a connection broke before it was answered: nothing comes of it twice, or all that comes of it is found.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Takes a 429 as the answer instead of waiting and asking again: for checks of the rate limit itself.
    #[must_use]
    pub fn impatient(mut self) -> Self {
        self.patient = false;
        self.alone = false;
        self
    }

    /// Everything secret that it carries outside its body.
    pub(super) fn credentials(&self) -> impl Iterator<Item = &Credential> {
        let fields = self.fields.iter().filter_map(|field| match field {
            Field::Secret(_, _, credential) => Some(credential),
            Field::Plain(..) => None,
        });
        self.bearer.iter().chain(&self.in_query).chain(fields)
    }

    /// Every credential with what it stands for.
    #[cfg(test)]
    pub(crate) fn credentials_shown(&self) -> Vec<String> {
        self.credentials().map(|credential| format!("{} = {}", credential.name(), credential.expose())).collect()
    }

    /// The path as it goes on the wire.
    pub(super) fn wire_path(&self) -> String {
        self.in_query.as_ref().map_or_else(|| self.path.clone(), |credential| format!("{}{}", self.path, credential.expose()))
    }

    /// A digest of everything that goes on the wire, credentials included: the same for two probes that ask exactly the same.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        use sha2::{Digest as _, Sha256};
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        };
        add(self.method.as_bytes());
        add(self.wire_path().as_bytes());
        add(self.bearer.as_ref().map_or("", Credential::expose).as_bytes());
        // The order of fields with different names means nothing (RFC 9110, 5.3).
        let mut fields: Vec<_> = self.fields.iter().collect();
        fields.sort_by_key(|field| field.name());
        for field in fields {
            let (name, prefix, value) = match field {
                Field::Plain(name, value) => (name, "", value.as_slice()),
                Field::Secret(name, prefix, credential) => (name, prefix.as_str(), credential.expose().as_bytes()),
            };
            [name.as_bytes(), prefix.as_bytes(), value].into_iter().for_each(&mut add);
        }
        if let Some(body) = &self.body {
            add(body.content_type.as_deref().unwrap_or_default().as_bytes());
            add(&body.bytes);
        }
        digest.finalize().into()
    }

    /// The path as it may be shown.
    pub(super) fn shown_path(&self) -> String {
        self.in_query.as_ref().map_or_else(|| self.path.clone(), |credential| format!("{}{}", self.path, credential.name()))
    }

    /// The method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path and query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether a token goes along, the way the target carries its tokens.
    pub fn has_token(&self) -> bool {
        self.bearer.is_some()
    }

    /// Every value of the plain header `name` (lower case) that will be sent, in order; headers that carry a credential are left out.
    pub fn sent<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter_map(move |field| match field {
            Field::Plain(key, value) if key == name => Some(value.as_slice()),
            _ => None,
        })
    }

    /// Whether it says itself what the target's own header `name` says elsewhere. Cookies stand beside one another.
    pub(super) fn replaces(&self, name: &str) -> bool {
        let named = |field: &Field| match field {
            Field::Plain(own, _) | Field::Secret(own, ..) => own == name,
        };
        name != "cookie" && self.fields.iter().any(named)
    }

    /// Whether its head is so large that a server may drop the whole connection over it.
    pub(super) fn is_oversized(&self) -> bool {
        let field = |field: &Field| match field {
            Field::Plain(name, value) => name.len() + value.len(),
            Field::Secret(name, prefix, credential) => name.len() + prefix.len() + credential.expose().len(),
        };
        let credentials = self.bearer.iter().chain(&self.in_query).map(|credential| credential.expose().len());
        self.path.len() + self.fields.iter().map(field).sum::<usize>() + credentials.sum::<usize>() > OVERSIZED
    }

    /// Whether anything secret goes along: a credential anywhere, or a body that evidence never shows.
    pub(super) fn carries_credential(&self) -> bool {
        let secret = self.fields.iter().any(|field| matches!(field, Field::Secret(..)));
        secret || self.bearer.is_some() || self.in_query.is_some() || self.body.as_ref().is_some_and(|body| body.secret)
    }

    /// Whether one answer serves all who ask this.
    pub(crate) fn is_shareable(&self) -> bool {
        self.shareable || self.is_safe()
    }

    /// Whether sending it twice comes to the same as sending it once: what is safe, what sets an object to what the body says, and a body of
    /// which nothing comes. A body that says nothing may turn a state over, and back again the second time.
    pub(crate) fn is_repeatable(&self) -> bool {
        let says = self.body.as_ref().is_some_and(|body| !matches!(&*body.bytes, b"" | b"{}"));
        let sets = self.shareable || matches!(self.method.as_str(), "PUT" | "PATCH");
        self.is_safe() || self.method == "PROPFIND" || self.repeatable || (says && sets)
    }

    /// Whether sending it again cannot change anything (RFC 9110, 9.2.1).
    pub fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::read(Probe::get("/tasks"), true)]
    #[case::set(Probe::new("PATCH", "/tasks/1").json(&json!({ "title": "t" })), true)]
    #[case::unknown(Probe::new("PROPFIND", "/tasks"), true)]
    #[case::turned_over(Probe::new("PATCH", "/tasks/1/complete").json(&json!({})), false)]
    #[case::turned_over_by_nothing(Probe::new("PUT", "/tasks/1/complete"), false)]
    #[case::made(Probe::post("/tasks", &json!({ "title": "t" })), false)]
    #[case::unreadable(Probe::new("POST", "/tasks").body(None, "{").shareable(), true)]
    #[case::turned_over_by_nobody(Probe::new("PATCH", "/tasks/1/complete").json(&json!({})).shareable(), false)]
    fn what_sets_an_object_to_what_it_says_may_be_sent_twice(#[case] probe: Probe, #[case] repeatable: bool) {
        assert_eq!(probe.is_repeatable(), repeatable);
    }
}
