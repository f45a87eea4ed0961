//! What a new account signs in with: its name, its address and its password.

use secrecy::SecretString;

use crate::checks::Login;
use crate::target::Signup;

/// A new account: letters and digits alone, short enough for every form.
pub(super) fn fresh(signup: &Signup, name: &str, index: Option<usize>) -> Login {
    let fixed = signup.names.as_ref().and_then(|names| names.get(index?).cloned());
    let username = fixed.unwrap_or_else(|| format!("postflight{}{}", name.to_ascii_lowercase(), random(8)));
    of_signup(signup, username, signup.password.clone().unwrap_or_else(password))
}

/// What an account signs in with that was signed up under `username`: its address is that name where it is one, else it is made of it.
pub(super) fn of_signup(signup: &Signup, username: String, password: SecretString) -> Login {
    let email = if username.contains('@') { username.clone() } else { format!("{username}@{}", signup.domain) };
    Login { username, email, password }
}

/// A password that every policy takes: 24 characters, of every class.
pub(crate) fn password() -> SecretString {
    format!("Pf7!{}", random(20)).into()
}

/// Lower-case letters and digits, five bits each.
fn random(length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes: [u8; 32] = rand::random();
    bytes.iter().take(length).filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).map(|byte| char::from(*byte)).collect()
}
