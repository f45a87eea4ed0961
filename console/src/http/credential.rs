//! A token on its way: the secret, and the name that stands for it wherever people look.

use std::sync::{Arc, OnceLock};

use secrecy::{ExposeSecret as _, SecretString};

use super::vault::{Needle, needles};

/// Something that authenticates a request. Its value goes only into requests to the target's own host.
#[derive(Clone, Debug)]
pub struct Credential {
    name: String,
    secret: SecretString,
    /// What to look for in answers; made when first asked for, once for all clones.
    needles: Arc<OnceLock<Vec<Needle>>>,
}

impl Credential {
    /// A credential that evidence calls `name`: `$POSTFLIGHT_TOKEN_A` for a given token, `<A's token, alg none>` for a forged one.
    pub fn new(name: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self { name: name.into(), secret: secret.into(), needles: Arc::default() }
    }

    /// What evidence calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, for the request itself and for deriving forgeries from it.
    pub fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    /// The forms in which an answer may say it back, and its signature alone.
    pub(super) fn needles(&self) -> &[Needle] {
        self.needles.get_or_init(|| {
            let whole = self.expose();
            let signature = whole.rsplit_once('.').map(|(_, signature)| signature);
            let of_signature =
                signature.into_iter().flat_map(|signature| needles(&format!("<signature of {}>", self.name), signature));
            needles(&self.name, whole).into_iter().chain(of_signature).collect()
        })
    }
}
