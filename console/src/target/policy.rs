//! Policy: the secure answer where it depends on the service rather than on a standard.

use std::collections::BTreeSet;

/// A set of acceptable status codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses(BTreeSet<u16>);

impl Statuses {
    /// The set of exactly these codes.
    pub fn of(codes: impl IntoIterator<Item = u16>) -> Self {
        Self(codes.into_iter().collect())
    }

    /// Whether `status` is acceptable.
    pub fn contains(&self, status: u16) -> bool {
        self.0.contains(&status)
    }

    /// The codes of both.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).copied().collect())
    }

    /// The codes for a sentence: `401 or 403`.
    pub fn words(&self) -> String {
        self.0.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ")
    }
}

/// What counts as secure on this target. The defaults fit a correct stock backend.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Answers to a request without a token. Default 401 or 403 (older FastAPI answers 403).
    pub unauthenticated: Statuses,
    /// Answers to a token that must be refused. Default 401 or 403.
    pub refused_token: Statuses,
    /// Answers to somebody else's object. Default 404 or 403.
    pub foreign: Statuses,
    /// Answers to an id that nothing has. Default 404. A foreign object may be answered so as well.
    pub missing: Statuses,
    /// Answers to the owner who asks for an object after deleting it. Default 404 or 410; with 200 where objects are only marked.
    pub deleted: Statuses,
    /// Whether a foreign object must be indistinguishable from a missing one. Default: judged when both are 404.
    pub uniform_foreign: bool,
    /// Answers to a write in a content type that needs no preflight. Default 400, 403, 415 or 422.
    pub plain_write: Statuses,
    /// Largest clock skew that the service may tolerate, in seconds. Default 60.
    pub max_leeway_secs: u64,
    /// Longest acceptable life of a token, in seconds; `None` where the service sets no bound.
    pub max_lifetime_secs: Option<u64>,
    /// Issuer that the service requires; `None` where it requires none.
    pub issuer: Option<String>,
    /// Audience that the service requires; `None` where it requires none.
    pub audience: Option<String>,
    /// Whether the service requires `sub` to be a user that it knows. Default false (stateless services accept any subject).
    pub known_subjects: bool,
    /// Whether the secret before the last rotation still signs, as it may while rotating. Default false.
    pub previous_secret_valid: bool,
    /// Whether a token that bears a `jti` is good for one request (RFC 7519, 4.1.7). Default false.
    pub single_use: bool,
    /// Whether signing out and changing the password must end the tokens issued before. Default false (stateless tokens live on).
    pub revocation: bool,
    /// Failed sign-ins after which the service must ask to wait; `None` where none is declared.
    pub login_limit: Option<u32>,
    /// Methods that a preflight may grant. Default: those of the declared routes.
    pub methods: Vec<String>,
    /// Request headers that a preflight may grant (lower case).
    pub request_headers: Vec<String>,
    /// Response headers that may be exposed (lower case).
    pub exposed_headers: Vec<String>,
    /// Whether the API uses cookies, so that `Access-Control-Allow-Credentials: true` is right. Default false.
    pub credentials: bool,
    /// Whether interactive docs are authorised in public. Default false (FR-006).
    pub docs_public: bool,
    /// Paths that are public on purpose.
    pub public: Vec<String>,
    /// Paths that every signed-in user may read on purpose.
    pub shared: Vec<String>,
    /// Which security headers are expected.
    pub headers: HeaderPolicy,
    /// Limits and habits that the service declares.
    pub declared: Declared,
}

/// Limits and habits that a service may have and says so. What is not declared is not judged, or only remarked: stock stacks differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// Requests that one user may send at once before 429.
    pub rate_limit: Option<u32>,
    /// Largest request body, in bytes, before 413.
    pub max_body: Option<u64>,
    /// JSON pointers (RFC 6901) that every error body has, such as `/detail`.
    pub problem: Vec<String>,
    /// Response header that carries the id of the request (lower case).
    pub request_id: Option<String>,
    /// Request header by which a repeated creation makes one object (lower case).
    pub idempotency_header: Option<String>,
    /// Seconds until a connection is closed whose header section does not end.
    pub header_timeout: Option<u64>,
    /// Seconds until a request is given up whose body does not end.
    pub body_timeout: Option<u64>,
}

/// Headers that have a check of their own, which also says when they are missing.
const JUDGED: [&str; 7] = [
    "x-content-type-options",
    "content-security-policy",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-resource-policy",
    "strict-transport-security",
    "cache-control",
];

/// Which of the optional security headers the operator insists on: absent ones are FAIL when listed, WARN or a note otherwise.
#[derive(Clone, Debug, Default)]
pub struct HeaderPolicy {
    /// Lower-case names that must be there with a secure value.
    pub required: Vec<String>,
    /// Lower-case names whose absence is not even a remark.
    pub optional: Vec<String>,
    /// Lower-case names that must not be there.
    pub forbidden: Vec<String>,
    /// Lower-case names with the one value that they must have, compared without regard to case and outer space.
    pub exact: Vec<(String, String)>,
}

impl HeaderPolicy {
    /// Whether it says more of any header than which value of it is secure.
    pub fn has_rules(&self) -> bool {
        let required = self.required.iter().any(|name| !JUDGED.contains(&name.as_str()));
        required || !(self.forbidden.is_empty() && self.exact.is_empty())
    }

    /// What an answer breaks of this, beside what checks of their own judge, by a lookup of the values of a name joined with commas; `None` when nothing.
    pub fn broken(&self, value: impl Fn(&str) -> Option<String>) -> Option<String> {
        let others = self.required.iter().filter(|name| !JUDGED.contains(&name.as_str()));
        let missing =
            others.into_iter().find(|name| value(name).is_none()).map(|name| format!("no {name}, which the policy requires"));
        let unwanted =
            || self.forbidden.iter().find(|name| value(name).is_some()).map(|name| format!("{name}, which the policy forbids"));
        let other = || {
            self.exact.iter().find_map(|(name, wanted)| match value(name) {
                Some(seen) if seen.trim().eq_ignore_ascii_case(wanted.trim()) => None,
                Some(seen) => Some(format!("{name}: {seen:?} instead of {wanted:?}")),
                None => Some(format!("no {name}, which must be {wanted:?}")),
            })
        };
        missing.or_else(unwanted).or_else(other)
    }
}

impl Policy {
    /// Answers by which B learns nothing of A's object: those for a foreign one and those for one that is not there.
    pub fn no_such(&self) -> Statuses {
        self.foreign.or(&self.missing)
    }
}

impl Default for Policy {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Self {
            unauthenticated: Statuses::of([401, 403]),
            refused_token: Statuses::of([401, 403]),
            foreign: Statuses::of([403, 404]),
            missing: Statuses::of([404]),
            deleted: Statuses::of([404, 410]),
            uniform_foreign: true,
            plain_write: Statuses::of([400, 403, 415, 422]),
            max_leeway_secs: 60,
            max_lifetime_secs: None,
            issuer: None,
            audience: None,
            known_subjects: false,
            previous_secret_valid: false,
            single_use: false,
            revocation: false,
            login_limit: None,
            methods: owned(&["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
            request_headers: owned(&[
                "authorization",
                "content-type",
                "if-match",
                "if-none-match",
                "accept",
                "accept-language",
                "content-language",
            ]),
            exposed_headers: owned(&["etag", "link", "location", "retry-after", "x-correlation-id", "x-request-id"]),
            credentials: false,
            docs_public: false,
            public: Vec::new(),
            shared: Vec::new(),
            headers: HeaderPolicy::default(),
            declared: Declared::default(),
        }
    }
}
