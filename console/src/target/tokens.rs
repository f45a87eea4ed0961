//! Where tokens come from and how they are carried. Holds secrets only in types that do not print.

use secrecy::SecretString;
use serde_json::{Map, Value};

/// Signature algorithms that tokens can be minted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl Algorithm {
    /// The `alg` value of RFC 7518.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }
}

/// Tokens minted with the service's own key.
#[derive(Clone, Debug)]
pub struct Mint {
    /// The shared secret.
    pub secret: SecretString,
    /// Variable that it came from, for evidence.
    pub variable: String,
    /// Algorithm.
    pub algorithm: Algorithm,
    /// `kid` header, where the service needs one.
    pub kid: Option<String>,
    /// Subjects of the two synthetic users; by default made anew for every run.
    pub subjects: Option<[String; 2]>,
    /// Further claims of every token.
    pub claims: Map<String, Value>,
    /// Lifetime in seconds.
    pub lifetime_secs: u64,
}

/// A user who signs in.
#[derive(Clone, Debug)]
pub struct NamedUser {
    /// User name or e-mail.
    pub username: String,
    /// Password.
    pub password: SecretString,
}

/// Tokens obtained by a login request.
#[derive(Clone, Debug)]
pub struct Login {
    /// Path of the login route.
    pub path: String,
    /// Body with `{username}` and `{password}` in string values.
    pub body: Value,
    /// Whether the body goes as a form (`application/x-www-form-urlencoded`) instead of JSON.
    pub form: bool,
    /// JSON pointer to the token in the answer.
    pub token: String,
    /// The two users.
    pub users: [NamedUser; 2],
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
    },
    /// Obtained by signing in.
    Login(Box<Login>),
    /// Minted with the signing key: every JWT check can be asked.
    Mint(Box<Mint>),
}

impl Tokens {
    /// Every secret in it that was given (not obtained later), with the name that stands for it.
    pub(crate) fn secrets(&self) -> Vec<(String, SecretString)> {
        match self {
            Self::None => Vec::new(),
            Self::Given { a, b } => {
                let named = |name: &str, token: &SecretString| (format!("$POSTFLIGHT_TOKEN_{name}"), token.clone());
                std::iter::once(named("A", a)).chain(b.iter().map(|b| named("B", b))).collect()
            }
            Self::Login(login) => {
                login.users.iter().map(|user| (format!("<password of {}>", user.username), user.password.clone())).collect()
            }
            Self::Mint(mint) => vec![(format!("${}", mint.variable), mint.secret.clone())],
        }
    }

    /// The word for reports: `none`, `environment`, `login` or `minted`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Given { .. } => "environment",
            Self::Login(_) => "login",
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
