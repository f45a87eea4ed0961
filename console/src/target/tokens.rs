//! Where tokens come from and how they are carried. Holds secrets only in types that do not print.

use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::token::{Key, PublicKey};

/// Lifetime of minted tokens unless the target says otherwise: what Better Auth issues.
const LIFETIME_SECS: u64 = 900;

/// Tokens minted with the service's own key.
#[derive(Clone, Debug)]
pub struct Mint {
    /// The key, and with it the algorithm.
    pub key: Key,
    /// Variable that it came from, for evidence.
    pub variable: String,
    /// `kid` header, where the service needs one.
    pub kid: Option<String>,
    /// `typ` header; `None` for none.
    pub typ: Option<String>,
    /// Subjects of the two synthetic users; fixed synthetic ones when absent.
    pub subjects: Option<[String; 2]>,
    /// Whether tokens write subjects as numbers.
    pub numeric_subjects: bool,
    /// Claim that holds the subject: `sub`, another name, or a JSON pointer (RFC 6901) that begins with a slash.
    pub subject_claim: String,
    /// Further claims of every token; the text `{subject}` in them is filled in.
    pub claims: Map<String, Value>,
    /// Lifetime in seconds.
    pub lifetime_secs: u64,
    /// Whether tokens say when they were issued.
    pub iat: bool,
}

impl Mint {
    /// Tokens signed with `key` from `variable`: subject in `sub`, 900 seconds of life, nothing else.
    pub fn new(key: Key, variable: &str) -> Self {
        Self {
            key,
            variable: variable.to_owned(),
            kid: None,
            typ: Some("JWT".to_owned()),
            subjects: None,
            numeric_subjects: false,
            subject_claim: "sub".to_owned(),
            claims: Map::new(),
            lifetime_secs: LIFETIME_SECS,
            iat: true,
        }
    }
}

/// Keys beside the one that signs: those that must not verify anything, and the public half that anybody may know.
#[derive(Clone, Debug, Default)]
pub struct OtherKeys {
    /// The secret before the last rotation, with its variable.
    pub previous: Option<(String, SecretString)>,
    /// Secrets of other stages, with their variables.
    pub foreign: Vec<(String, SecretString)>,
    /// The public key that verifies tokens, where it is given rather than published.
    pub public: Option<PublicKey>,
}

/// Where the tokens of users A and B come from.
#[derive(Clone, Debug)]
pub enum Tokens {
    /// None: public checks only.
    None,
    /// Two tokens from named variables; `b` may be absent, then isolation cannot be judged.
    Given {
        /// Token of user A.
        a: SecretString,
        /// Token of user B.
        b: Option<SecretString>,
        /// Subjects of both, where the tokens themselves do not say.
        subjects: Option<[String; 2]>,
    },
    /// Obtained by signing in with the accounts that the target names; see [`Accounts`](super::Accounts).
    Login,
    /// Obtained by signing up first; needs consent to write.
    Signup,
    /// Minted with the signing key: every JWT check can be asked.
    Mint(Box<Mint>),
}

impl OtherKeys {
    /// The secret ones, each with the name that stands for it.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (String, SecretString)> {
        let all = self.previous.iter().chain(&self.foreign);
        all.map(|(variable, secret)| (format!("${variable}"), secret.clone()))
    }
}

impl Tokens {
    /// What of it was given rather than obtained, with the names that stand for it.
    pub(super) fn secrets(&self) -> Vec<(String, SecretString)> {
        let token = |name: &str, token: &SecretString| (format!("$POSTFLIGHT_TOKEN_{name}"), token.clone());
        match self {
            Self::None | Self::Login | Self::Signup => Vec::new(),
            Self::Given { a, b, .. } => std::iter::once(token("A", a)).chain(b.iter().map(|b| token("B", b))).collect(),
            Self::Mint(mint) => mint.key.shared_text().map(|secret| (format!("${}", mint.variable), secret)).into_iter().collect(),
        }
    }

    /// The word for reports: `none`, `environment`, `login`, `sign-up` or `minted`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Given { .. } => "environment",
            Self::Login => "login",
            Self::Signup => "sign-up",
            Self::Mint(_) => "minted",
        }
    }
}

/// How a token travels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Carrier {
    /// `Authorization: Bearer` (RFC 6750).
    #[default]
    Bearer,
    /// A cookie of this name.
    Cookie(String),
    /// A header of this name, the bare token as its value.
    Header(String),
}
