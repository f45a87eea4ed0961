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
    /// Which security headers are expected.
    pub headers: HeaderPolicy,
}

/// Which of the optional security headers the operator insists on: absent ones are FAIL when listed, WARN or a note otherwise.
#[derive(Clone, Debug, Default)]
pub struct HeaderPolicy {
    /// Lower-case names that must be there with a secure value.
    pub required: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Self {
            unauthenticated: Statuses::of([401, 403]),
            refused_token: Statuses::of([401, 403]),
            foreign: Statuses::of([403, 404]),
            uniform_foreign: true,
            plain_write: Statuses::of([400, 403, 415, 422]),
            max_leeway_secs: 60,
            max_lifetime_secs: None,
            issuer: None,
            audience: None,
            known_subjects: false,
            previous_secret_valid: false,
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
            exposed_headers: owned(&["etag", "location", "retry-after", "x-request-id"]),
            credentials: false,
            docs_public: false,
            public: Vec::new(),
            headers: HeaderPolicy::default(),
        }
    }
}
