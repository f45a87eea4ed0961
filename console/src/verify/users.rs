//! Gets the two users of a run: tokens given, minted, or obtained by signing in or up.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use time::OffsetDateTime;

use super::csrf;
use super::registrar::Registrar;
use crate::checks::{Context, Forge, User, Users};
use crate::http::{Credential, Probe, Trouble};
use crate::target::{Algorithm, Mint, Target, Tokens};
use crate::token::Compact;

const NAMES: [&str; 2] = ["A", "B"];
/// Fixed synthetic subjects, so that a later run on another machine can find what this one left.
const SUBJECTS: [&str; 2] = ["postflight-user-a", "postflight-user-b"];

/// The users of a run, as far as the target's token source gives them.
pub(super) async fn obtain(registrar: &Registrar, target: &Target) -> Result<Users, Trouble> {
    let users = match &target.tokens {
        Tokens::None => Users::default(),
        Tokens::Given { a, b, subjects } => {
            let told = |index: usize| subjects.as_ref().and_then(|subjects| subjects.get(index).cloned());
            let user = |index, token| given(index, token, told(index));
            Users { a: Some(user(0, a)), b: b.as_ref().map(|b| user(1, b)) }
        }
        Tokens::Mint(mint) => minted(mint),
        // The registrar gets what their writes carry as well.
        Tokens::Login => return signed_in(registrar, target).await,
        Tokens::Signup => return signed_up(registrar).await,
    };
    for user in users.a.iter().chain(&users.b) {
        csrf::provide_any(registrar.client(), target, user, None).await?;
    }
    Ok(users)
}

/// The users whose objects an earlier run may have left. None is signed up for that: where every run has accounts of its own, only the
/// journal of the machine that it ran on names them.
pub(super) async fn returning(registrar: &Registrar, target: &Target) -> Result<Users, Trouble> {
    match target.tokens {
        Tokens::Signup => Ok(registrar.returning().await),
        _ => obtain(registrar, target).await,
    }
}

/// The forge, where the signing key was given. Beside users who got their tokens otherwise, it mints what looks like the token of `a`.
pub(super) fn forge(target: &Target, a: Option<&User>) -> Option<Forge> {
    let mint = target.mint()?;
    if matches!(target.tokens, Tokens::Mint(_)) {
        return Some(Forge::new(mint.clone()));
    }
    let a = a?;
    let issued = Compact::parse(a.token.expose())?;
    Some(Forge::new(mint.like(&issued, &a.claimed_subject()?)))
}

/// Why the signing key mints nothing that proves anything: what it signs for A is refused where the token that the service gave A is let in.
/// Services that keep what they issued, and look every token up, do so as well.
pub(super) async fn key_is_refused(cx: &Context) -> Option<String> {
    let (forge, a) = (cx.forge.as_ref()?, cx.users.a.as_ref()?);
    if matches!(cx.target.tokens, Tokens::Mint(_)) {
        return None;
    }
    let subject = a.claimed_subject()?;
    let now = || forge.good(&subject, OffsetDateTime::now_utc());
    let mut minted = now();
    if minted == a.token.expose() {
        // The very same that the service signed in this second: a later one is the forge's own.
        cx.client.until(tokio::time::sleep(Duration::from_millis(1_100))).await.ok()?;
        minted = now();
    }
    let minted = Credential::new("<minted now for A>", minted);
    let (own, minted) = (cx.read(a), Probe::get(cx.read_path(a)).bearer(&minted));
    let (own, minted) = tokio::join!(cx.send(&own), cx.send(&minted));
    let (Ok(own), Ok(minted)) = (own, minted) else { return None };
    if !own.is_success() || !cx.target.policy.refused_token.contains(minted.status) {
        return None;
    }
    let variable = &forge.mint().variable;
    Some(if signed_otherwise(forge, a) {
        format!("the key in {variable} did not sign the token that the service gave A")
    } else {
        format!(
            "a token that the key in {variable} signs for A is answered {}, though the service's own is let in: it may keep those it issued",
            minted.status
        )
    })
}

/// Whether the token of A, with the same header, would have another signature under the given key. Those of RSA and ECDSA are not repeatable.
fn signed_otherwise(forge: &Forge, a: &User) -> bool {
    let repeats = !matches!(forge.mint().key.algorithm(), Algorithm::Es256 | Algorithm::Rs256);
    let token = Compact::parse(a.token.expose()).filter(|_| repeats);
    token.is_some_and(|token| forge.sign_encoded(&token.header, &token.payload) != a.token.expose())
}

/// The subjects that minted tokens name.
pub(super) fn subjects(mint: &Mint) -> [String; 2] {
    mint.subjects.clone().unwrap_or_else(|| SUBJECTS.map(str::to_owned))
}

fn user(index: usize, token: SecretString, subject: Option<String>) -> User {
    let name = NAMES.get(index).copied().unwrap_or("?");
    User {
        name,
        token: Credential::new(format!("$POSTFLIGHT_TOKEN_{name}"), token),
        subject,
        username: None,
        email: None,
        parent: None,
        cookies: None,
    }
}

fn given(index: usize, token: &SecretString, subject: Option<String>) -> User {
    let told = || Compact::parse(token.expose_secret())?.subject();
    user(index, token.clone(), subject.or_else(told))
}

fn minted(mint: &Mint) -> Users {
    let forge = Forge::new(mint.clone());
    let [a, b] = subjects(mint);
    let make = |index, subject: String| user(index, forge.good(&subject, OffsetDateTime::now_utc()).into(), Some(subject));
    Users { a: Some(make(0, a)), b: Some(make(1, b)) }
}

/// A user with a minted token for a subject of an earlier run.
pub(super) fn minted_for(mint: &Mint, name: &str, subject: &str) -> User {
    let token = Forge::new(mint.clone()).good(subject, OffsetDateTime::now_utc());
    user(usize::from(name == "B"), token.into(), Some(subject.to_owned()))
}

/// Signs in with the two accounts that the target names.
async fn signed_in(registrar: &Registrar, target: &Target) -> Result<Users, Trouble> {
    let none = || Trouble::NotGiven("the target names no accounts to sign in with".into());
    let [a, b] = target.accounts.users.as_ref().ok_or_else(none)?;
    let (a, b) = tokio::join!(registrar.sign_in_as("A", a), registrar.sign_in_as("B", b));
    Ok(Users { a: Some(a?.user), b: Some(b?.user) })
}

/// Makes two accounts for this run.
async fn signed_up(registrar: &Registrar) -> Result<Users, Trouble> {
    let (a, b) = tokio::join!(registrar.sign_up_as("A", Some(0)), registrar.sign_up_as("B", Some(1)));
    Ok(Users { a: Some(a?.user), b: Some(b?.user) })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;
    use serde_json::json;
    use tokio_util::sync::CancellationToken;
    use wiremock::matchers::{body_string, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::http::{Client, Limits};
    use crate::target::{Accounts, BaseUrl, Call, Grant, NamedUser, TokenAt};

    fn login(form: bool) -> Accounts {
        let user = |name: &str| NamedUser { username: format!("{name}@x.example"), password: format!("pass of {name}").into() };
        let body = json!({ "email": "{username}", "password": "{password}" });
        let call = Call { method: "POST".into(), path: "/login".into(), body, form, headers: Vec::new() };
        let grant = Grant { call, token: Some(TokenAt::Body("/data/token".into())), subject: None, refresh_token: None };
        Accounts { login: Some(grant), users: Some([user("ann"), user("bob")]), ..Accounts::default() }
    }

    async fn signs_in(server: &MockServer, accounts: Accounts) -> Result<Users, Trouble> {
        let base = BaseUrl::parse(&server.uri()).unwrap();
        let target = Arc::new(Target { accounts, tokens: Tokens::Login, ..Target::new(base) });
        let client = Client::new(Arc::clone(&target), Limits::default(), "test", CancellationToken::new())?;
        obtain(&Registrar::new(Arc::clone(&target), client, None), &target).await
    }

    #[rstest]
    #[case::json(false, [r#"{"email":"ann@x.example","password":"pass of ann"}"#, r#"{"email":"bob@x.example","password":"pass of bob"}"#])]
    #[case::form(true, ["email=ann%40x.example&password=pass+of+ann", "email=bob%40x.example&password=pass+of+bob"])]
    #[tokio::test]
    async fn both_users_sign_in_and_their_tokens_name_their_subjects(#[case] form: bool, #[case] bodies: [&str; 2]) {
        let server = MockServer::start().await;
        for (body, subject) in bodies.into_iter().zip(["u-1", "u-2"]) {
            let token = format!(
                "{}.{}.c2ln",
                crate::token::encode(r#"{"alg":"HS256"}"#),
                crate::token::encode(format!(r#"{{"sub":"{subject}"}}"#))
            );
            let answer = ResponseTemplate::new(200).set_body_json(json!({ "data": { "token": token } }));
            Mock::given(method("POST")).and(path("/login")).and(body_string(body)).respond_with(answer).mount(&server).await;
        }
        let users = signs_in(&server, login(form)).await.unwrap();
        let seen = [users.a, users.b].map(|user| user.map(|user| (user.name, user.subject)));
        assert_eq!(seen, [Some(("A", Some("u-1".to_owned()))), Some(("B", Some("u-2".to_owned())))]);
    }

    #[tokio::test]
    async fn a_refused_sign_in_says_who_where_and_what_came_without_the_password() {
        let server = MockServer::start().await;
        let trouble = signs_in(&server, login(false)).await.unwrap_err().to_string();
        assert_eq!(trouble, "signing in as `ann@x.example` at /login was answered 404 without a token at /data/token");
    }
}
