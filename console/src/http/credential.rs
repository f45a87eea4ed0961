//! A token on its way: the secret, and the name that stands for it wherever people look.

use secrecy::{ExposeSecret as _, SecretString};

/// Something that authenticates a request. Its value goes only into requests to the target's own host.
#[derive(Clone, Debug)]
pub struct Credential {
    name: String,
    secret: SecretString,
}

impl Credential {
    /// A credential that evidence calls `name`: `$POSTFLIGHT_TOKEN_A` for a given token, `<A's token, alg none>` for a forged one.
    pub fn new(name: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self { name: name.into(), secret: secret.into() }
    }

    /// What evidence calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, for the request itself and for deriving forgeries from it.
    pub fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}
