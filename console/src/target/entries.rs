//! The table `[targets.NAME.tokens]` as written; see [`super::file`].

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// `[targets.NAME.tokens]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokensEntry {
    /// Variable with the token of user A.
    pub a: Option<String>,
    /// Variable with the token of user B.
    pub b: Option<String>,
    /// Subjects of the given tokens, where these do not say.
    pub subjects: Option<[SubjectEntry; 2]>,
    /// Mint with the signing key.
    pub mint: Option<MintEntry>,
    /// Sign in.
    pub login: Option<GrantEntry>,
    /// Sign up.
    pub signup: Option<SignupEntry>,
    /// Exchange a refresh token.
    pub refresh: Option<GrantEntry>,
    /// Sign out.
    pub logout: Option<CallEntry>,
    /// Change the password.
    pub password: Option<CallEntry>,
    /// Delete the account.
    pub delete: Option<CallEntry>,
    /// An account that was disabled.
    pub disabled: Option<DisabledEntry>,
    /// Variable with a token that has ended.
    pub expired: Option<String>,
    /// How a token travels; bearer when absent.
    pub carrier: Option<CarrierEntry>,
    /// What goes beside a token in a cookie with every write.
    pub csrf: Option<CsrfEntry>,
    /// Variable with the public key, as PEM or JWK.
    pub public_key: Option<String>,
    /// Variable with the secret before the last rotation.
    pub previous_secret: Option<String>,
    /// Variables with secrets of other stages.
    #[serde(default)]
    pub foreign_secrets: Vec<String>,
}

/// `tokens.disabled`: an account that was disabled.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisabledEntry {
    /// `{ token = "VARIABLE" }`: a token that it was issued, and that has not ended by itself.
    Token(String),
    /// `{ subject = "42" }`: its subject, for the signing key to mint one.
    Subject(SubjectEntry),
}

/// `tokens.carrier`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CarrierEntry {
    /// `"bearer"`.
    Bearer,
    /// `{ scheme = "Token" }`.
    Scheme(String),
    /// `{ cookie = "name" }`.
    Cookie(String),
    /// `{ header = "name" }`.
    Header(String),
}

/// `[targets.NAME.tokens.csrf]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsrfEntry {
    /// Request header that carries it.
    pub header: String,
    /// Where the answer holds it.
    pub token: TokenAtEntry,
    /// The route that hands it out; the sign-in when absent.
    pub path: Option<String>,
}

/// A subject: a text or a number.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum SubjectEntry {
    /// `"user-1"`.
    Text(String),
    /// `1`.
    Number(i64),
}

/// `[targets.NAME.tokens.mint]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MintEntry {
    /// Variable with the shared secret.
    pub secret: Option<String>,
    /// Variable with the private key, as PEM or JWK.
    pub key: Option<String>,
    /// How the secret is written in its variable.
    #[serde(default)]
    pub encoding: EncodingEntry,
    /// `HS256` (default), `HS384`, `HS512`, `RS256`, `ES256` or `EdDSA`.
    #[serde(default)]
    pub algorithm: AlgorithmEntry,
    /// `kid` header.
    pub kid: Option<String>,
    /// `typ` header; `JWT` when absent, none when empty.
    pub typ: Option<String>,
    /// Subjects of users A and B.
    pub subjects: Option<[SubjectEntry; 2]>,
    /// Claim that holds the subject; `sub` when absent.
    pub subject_claim: Option<String>,
    /// Further claims of every token.
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// Lifetime in seconds; 900 when absent.
    pub lifetime: Option<u64>,
    /// Shortest lifetime that the service takes.
    pub lifetime_min: Option<u64>,
    /// Longest lifetime that the service takes.
    pub lifetime_max: Option<u64>,
    /// Whether tokens carry `iat`; they do when absent.
    pub iat: Option<bool>,
}

/// `mint.algorithm`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub enum AlgorithmEntry {
    /// HMAC with SHA-256.
    #[default]
    #[serde(rename = "HS256")]
    Hs256,
    /// HMAC with SHA-384.
    #[serde(rename = "HS384")]
    Hs384,
    /// HMAC with SHA-512.
    #[serde(rename = "HS512")]
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// `mint.encoding`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EncodingEntry {
    /// As it is.
    #[default]
    Text,
    /// Base64.
    Base64,
    /// Base64url.
    Base64Url,
    /// Hexadecimal.
    Hex,
}

/// `[targets.NAME.tokens.logout]` and its like.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallEntry {
    /// Method; POST when absent, DELETE for `delete`.
    pub method: Option<String>,
    /// Path.
    pub path: String,
    /// Body; placeholders are filled in.
    pub body: Option<Map<String, Value>>,
    /// Send the body as a form.
    #[serde(default)]
    pub form: bool,
    /// Further request headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// `[targets.NAME.tokens.login]`, `refresh`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantEntry {
    /// Method; POST when absent.
    pub method: Option<String>,
    /// Path.
    pub path: String,
    /// Body; placeholders are filled in.
    pub body: Option<Map<String, Value>>,
    /// Send the body as a form.
    #[serde(default)]
    pub form: bool,
    /// Further request headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Where the answer holds the token.
    pub token: Option<TokenAtEntry>,
    /// JSON pointer to the user's id in the answer.
    pub subject: Option<String>,
    /// Where the answer holds a refresh token.
    pub refresh_token: Option<TokenAtEntry>,
    /// The two users, for `login` without `signup`.
    pub users: Option<[LoginUserEntry; 2]>,
}

/// `token = "/pointer"`, `{ cookie = "name" }` or `{ header = "name" }`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum TokenAtEntry {
    /// A JSON pointer into the body.
    Body(String),
    /// A cookie or a header.
    Elsewhere(ElsewhereEntry),
}

/// A cookie or a header that holds a token.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ElsewhereEntry {
    /// A cookie that the answer sets.
    Cookie(String),
    /// A response header.
    Header(String),
}

/// `[targets.NAME.tokens.signup]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignupEntry {
    /// Method; POST when absent.
    pub method: Option<String>,
    /// Path.
    pub path: String,
    /// Body; placeholders are filled in.
    pub body: Map<String, Value>,
    /// Send the body as a form.
    #[serde(default)]
    pub form: bool,
    /// Further request headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Where the answer holds the token, if it does; else `login` follows.
    pub token: Option<TokenAtEntry>,
    /// JSON pointer to the user's id in the answer.
    pub subject: Option<String>,
    /// Where the answer holds a refresh token.
    pub refresh_token: Option<TokenAtEntry>,
    /// Fixed user names instead of new ones for every run.
    pub names: Option<[String; 2]>,
    /// Domain of the e-mail addresses; `example.com` when absent.
    pub domain: Option<String>,
    /// Variable with the password of the accounts; random ones when absent.
    pub password: Option<String>,
}

/// A user of a login.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginUserEntry {
    /// User name or e-mail.
    pub username: String,
    /// Variable with the password.
    pub password: String,
}
