//! What ends a token before its time: signing out, another password, no account any more, a refresh. Asked with accounts of this run alone.

use std::time::Duration;

use crate::checks::battery::counted;
use crate::checks::{Checked, Context, Judgement, Login, Outcome, Session};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, EvidenceClass, Finding};
use crate::target::{Call, Carrier};
use crate::token::Compact;

use super::accounts::listed;
use super::claims::now;

/// Why nothing can be ended.
pub(super) const NO_SPARE: &str =
    "an account of its own is needed; describe how to make one under `tokens.signup` in postflight.toml";

/// Moments after which tokens are asked with again.
const SIGNED_OUT: &str = "after signing out";
const NEW_PASSWORD: &str = "of an earlier session, after a new password";

/// What an old token comes to when it still works: a breach where the operator says that tokens end, else a weakness of stateless tokens.
const fn alive(demanded: bool) -> Finding {
    if demanded { Finding::Broken } else { Finding::Weak }
}

/// Tokens after signing out, after a change of the password, and after the account is gone.
pub(super) async fn revoked(cx: Context) -> Checked {
    let accounts = &cx.target.accounts;
    if accounts.logout.is_none() && accounts.password.is_none() && accounts.delete.is_none() {
        let reason = "no route ends a token: declare `tokens.logout`, `tokens.password` or `tokens.delete` in postflight.toml";
        return Ok(Outcome::skip(reason));
    }
    let Some(session) = cx.registry.spare().await? else { return Ok(Outcome::skip(NO_SPARE)) };
    let before = listed(&cx, &session).await?;
    if !before.is_success() {
        return Ok(Outcome::inconclusive("a token that was just issued is not let in").seen(
            &before,
            "the new token",
            before.status.to_string(),
        ));
    }
    let mut pieces = Vec::new();
    match after_each(&cx, session, &mut pieces).await {
        // What was seen before a limit set in is not lost.
        Err(trouble) if trouble.is_limit() && !pieces.is_empty() => {
            pieces.push(Evidence::of(EvidenceClass::Live, "what else ends a token", Finding::Unclear, trouble.to_string()));
        }
        asked => asked?,
    }
    Ok(counted("old tokens", pieces))
}

/// How tokens fare after each declared call that ends them.
async fn after_each(cx: &Context, mut session: Session, pieces: &mut Vec<Evidence>) -> Result<(), Trouble> {
    let accounts = &cx.target.accounts;
    let demanded = cx.target.policy.revocation;
    if let Some(call) = &accounts.logout {
        let change = after_signing_out(cx, call, session, demanded).await?;
        pieces.extend(change.pieces);
        session = again(cx, change.login).await?;
    }
    if let Some(call) = &accounts.password {
        let mut change = after_new_password(cx, call, session, demanded).await?;
        if change.pieces.iter().any(|piece| piece.finding == Finding::Broken)
            && let Some(older) = aged(cx, &change.login).await?
        {
            change = after_new_password(cx, call, older, demanded).await?;
        }
        pieces.extend(change.pieces);
        session = again(cx, change.login).await?;
    }
    if let Some(call) = &accounts.delete {
        pieces.extend(after_deletion(cx, call, &mut session, demanded).await?);
    }
    Ok(())
}

/// What came of a session's end: how its tokens fared, and what signs in now.
struct Change {
    pieces: Vec<Evidence>,
    login: Login,
}

/// Signs the session out, and one that is older than a second where the token of this one still works.
async fn after_signing_out(cx: &Context, call: &Call, mut session: Session, demanded: bool) -> Result<Change, Trouble> {
    let mut ended = ended(cx, call, &mut session, SIGNED_OUT, demanded).await?;
    if ended.old.finding == Finding::Broken
        && let Some(older) = aged(cx, &session.login).await?
    {
        session = older;
        ended = self::ended(cx, call, &mut session, SIGNED_OUT, demanded).await?;
    }
    let mut pieces = vec![ended.old];
    pieces.extend(ended.done.and_then(|answer| left_with_the_browser(cx, &answer)));
    // A service that is not shown the refresh token at the sign-out may have no way to know it.
    let shown = format!("{:?}{}", call.headers, call.body).contains("{refresh_token}");
    pieces.extend(renewed(cx, &session, SIGNED_OUT, demanded && shown).await?);
    Ok(Change { pieces, login: session.login })
}

/// Changes the password in a second session, where there can be one: that may go on, while the one before it must end (OWASP ASVS 5.0, 7.4.3).
async fn after_new_password(cx: &Context, call: &Call, earlier: Session, demanded: bool) -> Result<Change, Trouble> {
    let mut current = if cx.target.accounts.login.is_some() { again(cx, earlier.login.clone()).await? } else { earlier.clone() };
    // A sign-in may end the session before it, and two tokens of one moment may be one.
    let two = earlier.user.token.expose() != current.user.token.expose() && listed(cx, &earlier).await?.is_success();
    let done = called(cx, call, &mut current).await?;
    if !done.is_success() {
        let piece = Judgement::unclear(format!("answered {}", done.status)).seen(&done, format!("{} {}", call.method, call.path));
        return Ok(Change { pieces: vec![piece], login: current.login });
    }
    let mut pieces = Vec::new();
    if two {
        pieces.push(outlived(cx, &earlier, NEW_PASSWORD, alive(demanded)).await?);
    }
    let own = if two { Finding::Held } else { Finding::Weak };
    let own = outlived(cx, &current, "of the session that set a new password, after that", own).await?;
    pieces.push(own);
    pieces.extend(renewed(cx, if two { &earlier } else { &current }, NEW_PASSWORD, demanded && two).await?);
    let password = current.login.next_password();
    Ok(Change { pieces, login: Login { password, ..current.login } })
}

/// Deletes the account: its token, and, where that was done, whether it still signs in.
async fn after_deletion(cx: &Context, call: &Call, session: &mut Session, demanded: bool) -> Result<Vec<Evidence>, Trouble> {
    let demanded = demanded || cx.target.policy.known_subjects;
    let ended = ended(cx, call, session, "after the account was deleted", demanded).await?;
    if ended.done.is_none() {
        return Ok(vec![ended.old]);
    }
    let still = match signs_in(cx, session).await {
        // The deletion was carried out, as the service says.
        Err(trouble) if trouble.is_limit() => {
            cx.registry.deleted(session).await;
            return Err(trouble);
        }
        still => still?,
    };
    if still.as_ref().is_none_or(|piece| piece.finding == Finding::Held) {
        cx.registry.deleted(session).await;
    }
    Ok(std::iter::once(ended.old).chain(still).collect())
}

async fn again(cx: &Context, login: Login) -> Result<Session, Trouble> {
    if cx.target.accounts.login.is_some() {
        return cx.registry.sign_in(&login).await;
    }
    let none = || Trouble::NotGiven("signing in again is not declared".into());
    cx.registry.spare().await?.ok_or_else(none)
}

/// Services that end every token issued before a moment know that moment by the second, and refuse, or spare, what was issued within it.
const NEXT_SECOND: Duration = Duration::from_millis(1_100);

/// Calls what should end the session's token, and says whether that was done; with a token of the next second where this one is refused.
async fn called(cx: &Context, call: &Call, session: &mut Session) -> Result<Answer, Trouble> {
    let probe = |session: &Session| cx.registry.probe(call, session, &session.login.next_password()).bearer(&session.user.token);
    let answer = cx.send(&probe(session)).await?;
    if answer.status != 401 || cx.target.accounts.login.is_none() {
        return Ok(answer);
    }
    tokio::time::sleep(NEXT_SECOND).await;
    *session = again(cx, session.login.clone()).await?;
    cx.send(&probe(session)).await
}

/// A session that was signed in to more than a second ago; `None` where no sign-in is declared.
async fn aged(cx: &Context, login: &Login) -> Result<Option<Session>, Trouble> {
    if cx.target.accounts.login.is_none() {
        return Ok(None);
    }
    let session = again(cx, login.clone()).await?;
    tokio::time::sleep(NEXT_SECOND).await;
    Ok(Some(session))
}

/// What came of ending a token.
struct Ended {
    /// What the old token comes to.
    old: Evidence,
    /// The answer to what ended it; `None` where that was not done.
    done: Option<Answer>,
}

/// Ends the session's token, and asks with it again.
async fn ended(cx: &Context, call: &Call, session: &mut Session, when: &str, demanded: bool) -> Result<Ended, Trouble> {
    let called = called(cx, call, session).await?;
    if !called.is_success() {
        let label = format!("{} {}", call.method, call.path);
        return Ok(Ended { old: Judgement::unclear(format!("answered {}", called.status)).seen(&called, label), done: None });
    }
    Ok(Ended { old: outlived(cx, session, when, alive(demanded)).await?, done: Some(called) })
}

/// The session's token after what ends tokens; `alive` is what it comes to where it still works.
async fn outlived(cx: &Context, session: &Session, when: &str, alive: Finding) -> Result<Evidence, Trouble> {
    let gone = |answer: &Answer| !answer.is_success() || answer.refuses_in_words();
    let old = cx.eventually(&Probe::get(cx.read_path(&session.user)).bearer(&session.user.token), gone).await?;
    let (finding, observed) = match old.status {
        status @ 200..=299 if !old.refuses_in_words() => (alive, format!("still works: {status}")),
        status @ 500..=599 => (Finding::Weak, format!("the service falls over: {status}")),
        status => (Finding::Held, format!("refused: {status}")),
    };
    Ok(Judgement { finding, observed }.seen(&old, format!("the token {when}")))
}

/// Whether the answer to a sign-out takes the cookie back that carries the token: by a `Set-Cookie` that ends it, or by `Clear-Site-Data`. Scripts
/// cannot do that to a cookie that is `HttpOnly`.
fn left_with_the_browser(cx: &Context, answer: &Answer) -> Option<Evidence> {
    let Carrier::Cookie(name) = &cx.target.carrier else { return None };
    let cleared =
        answer.headers.text("clear-site-data").is_some_and(|kinds| kinds.contains("\"cookies\"") || kinds.contains("\"*\""));
    let emptied = |field: &[u8]| {
        let field = String::from_utf8_lossy(field);
        let (pair, attributes) = field.split_once(';').unwrap_or((&field, ""));
        let own = pair.split_once('=').filter(|(key, _)| key.trim() == name);
        let attributes = attributes.to_ascii_lowercase().replace(' ', "");
        own.is_some_and(|(_, value)| {
            value.trim_matches('"').is_empty() || attributes.contains("max-age=0") || attributes.contains("1970")
        })
    };
    let judgement = if cleared || answer.headers.all("set-cookie").any(emptied) {
        Judgement::held("the answer takes the cookie back")
    } else {
        Judgement::weak(format!("the cookie {name} stays with the browser: neither Set-Cookie nor Clear-Site-Data takes it back"))
    };
    Some(judgement.seen(answer, "the cookie after signing out"))
}

/// Whether the deleted account still signs in; `None` where no sign-in is declared. Services may keep accounts for a while, and let their
/// holders come back.
async fn signs_in(cx: &Context, session: &Session) -> Result<Option<Evidence>, Trouble> {
    let Some(probe) = cx.registry.login_probe(&session.login) else { return Ok(None) };
    let answer = cx.send(&probe.impatient()).await?;
    let judgement = if cx.registry.brings_token(&answer) {
        Judgement::weak(format!("{}: the account that was deleted signs in as before", answer.status))
    } else {
        Judgement::held(format!("refused: {}", answer.status))
    };
    Ok(Some(judgement.seen(&answer, "signing in after the account was deleted")))
}

/// Whether the session's refresh token still brings a new token; `None` where there is none.
async fn renewed(cx: &Context, session: &Session, when: &str, demanded: bool) -> Result<Option<Evidence>, Trouble> {
    if cx.target.accounts.refresh.is_none() || session.refresh.is_none() {
        return Ok(None);
    }
    let exchanged = cx.registry.refresh(session).await?;
    let status = exchanged.answer.status;
    let (finding, observed) = match exchanged.token {
        Some(_) => (alive(demanded), format!("still brings a new token: {status}")),
        None => (Finding::Held, format!("refused: {status}")),
    };
    Ok(Some(Judgement { finding, observed }.seen(&exchanged.answer, format!("the refresh token {when}"))))
}

/// Refresh tokens are no access tokens, nor the other way round, and one that was exchanged is spent. What it brings lives no longer than
/// what the sign-in brought.
pub(super) async fn refresh(cx: Context) -> Checked {
    if cx.target.accounts.refresh.is_none() {
        return Ok(Outcome::skip("no refresh is declared; describe it under `tokens.refresh` in postflight.toml"));
    }
    let Some(session) = cx.registry.spare().await? else { return Ok(Outcome::skip(NO_SPARE)) };
    let Some(first) = session.refresh.clone() else {
        return Ok(Outcome::skip("the sign-in brought no refresh token; say where it is with `refresh_token`"));
    };
    let used = cx.send(&Probe::get(cx.read_path(&session.user)).bearer(&first)).await?;
    let mut pieces = vec![as_access(&used)];
    let swapped = Session { refresh: Some(session.user.token.clone()), ..session.clone() };
    let swapped = cx.registry.refresh(&swapped).await?;
    pieces.push(as_refresh(&swapped.answer, swapped.token.is_some()));
    let exchanged = cx.registry.refresh(&session).await?;
    let Some(token) = exchanged.token else {
        return Ok(unexchanged(pieces, &exchanged.answer, "a refresh token was not exchanged", "refresh"));
    };
    let renewed = Session { user: crate::checks::User { token, ..session.user.clone() }, ..session.clone() };
    let works = listed(&cx, &renewed).await?;
    if !works.is_success() {
        return Ok(unexchanged(pieces, &works, "a refreshed token is not let in", "the refreshed token"));
    }
    pieces.extend(lasting(&cx, [&session, &renewed], &exchanged.answer));
    let next = exchanged.refresh.filter(|next| next.expose() != first.expose());
    let rotates = next.is_some();
    let mut second = cx.registry.refresh(&session).await?;
    let graced = rotates && second.token.is_some();
    if graced {
        tokio::time::sleep(GRACE).await;
        second = cx.registry.refresh(&session).await?;
    }
    pieces.push(reused(&second.answer, second.token.is_some(), rotates, graced));
    if let Some(next) = next.filter(|_| second.token.is_none()) {
        let heir =
            cx.registry.refresh(&Session { refresh: Some(next), answer: exchanged.answer.clone(), ..session.clone() }).await?;
        pieces.push(inherited(&heir.answer, heir.token.is_some()));
    }
    Ok(counted("uses of a refresh token", pieces))
}

/// What comes of it where refreshing does not work: what was let in before is one all the same, and may be why (rotation ends what is reused).
fn unexchanged(pieces: Vec<Evidence>, answer: &Answer, words: &str, label: &str) -> Outcome {
    match pieces.iter().find(|piece| piece.finding == Finding::Broken) {
        Some(broken) => Outcome::of(format!("{}: {}; {words}", broken.label, broken.observed), pieces),
        None => Outcome::inconclusive(words).seen(answer, label, answer.status.to_string()),
    }
}

fn as_access(answer: &Answer) -> Evidence {
    let (finding, words) = match answer.status {
        200..=299 if !answer.refuses_in_words() => (Finding::Broken, "accepted"),
        500..=599 => (Finding::Weak, "refused by falling over"),
        _ => (Finding::Held, "refused"),
    };
    Judgement { finding, observed: format!("{words}: {}", answer.status) }
        .seen(answer, "a refresh token in the place of an access token")
}

fn as_refresh(answer: &Answer, token: bool) -> Evidence {
    let (finding, words) = if token { (Finding::Broken, "exchanged") } else { (Finding::Held, "refused") };
    Judgement { finding, observed: format!("{words}: {}", answer.status) }
        .seen(answer, "an access token in the place of a refresh token")
}

/// How long the token lives that a refresh brought; `None` for opaque ones.
fn lasting(cx: &Context, [first, next]: [&Session; 2], answer: &Answer) -> Option<Evidence> {
    let life = |session: &Session| Some(Compact::parse(session.user.token.expose())?.end().map(|end| end - now().unix_timestamp()));
    let (before, after) = (life(first)?, life(next)?);
    let most = cx.target.policy.max_lifetime_secs.and_then(|most| i64::try_from(most).ok());
    let (finding, observed) = match (before, after, most) {
        (_, None, _) => (Finding::Broken, "the token that a refresh brought never ends".to_owned()),
        (_, Some(after), Some(most)) if after > most.saturating_add(60) => {
            (Finding::Broken, format!("the token that a refresh brought lives {after} s, though {most} s are declared"))
        }
        (Some(before), Some(after), _) if after > before.saturating_mul(4) => {
            (Finding::Weak, format!("the token that a refresh brought lives {after} s, the one of the sign-in {before} s"))
        }
        (_, Some(after), _) => (Finding::Held, format!("it ends in {after} s")),
    };
    Some(Judgement { finding, observed }.seen(answer, "the life of a refreshed token"))
}

/// Services let a refresh token be exchanged once more for a moment, since tabs of a browser do so at the same time: ten seconds by default
/// in Supabase.
const GRACE: Duration = Duration::from_secs(11);

/// What became of the token that took the place of one that was used twice. Of the two who hold one, nobody knows which stole it, so both are
/// to sign in again (RFC 9700, 4.14.2).
fn inherited(answer: &Answer, token: bool) -> Evidence {
    let judgement = if token {
        Judgement::weak("exchanged, though the one before it had been used twice: a thief would go on with it")
    } else {
        Judgement::held(format!("refused since the one before it had been used twice: {}", answer.status))
    };
    judgement.seen(answer, "the refresh token after one that was used twice")
}

fn reused(answer: &Answer, token: bool, rotates: bool, graced: bool) -> Evidence {
    let (finding, observed) = match (token, rotates) {
        (false, _) if graced => (Finding::Weak, format!("exchanged once more for a moment, then refused: {}", answer.status)),
        (false, _) => (Finding::Held, format!("refused: {}", answer.status)),
        (true, true) => (Finding::Broken, "exchanged a second time, though a new refresh token had taken its place".to_owned()),
        (true, false) => (Finding::Weak, "exchanged as often as one likes: it does not rotate".to_owned()),
    };
    let piece = Judgement { finding, observed }.seen(answer, "a refresh token that was exchanged before");
    Evidence { class: EvidenceClass::Live, ..piece }
}
