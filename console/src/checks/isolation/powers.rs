//! Mass assignment on the sign-up (OWASP API3:2023): may whoever makes an account say what it may do?

use futures::future::try_join_all;

use crate::checks::roles::{asked_for, gather, powers};
use crate::checks::{Checked, Context, Judgement, Outcome, Session, SignedUp};
use crate::http::{Answer, Probe, Trouble, evidence};
use crate::run::{Evidence, Finding, Source};

use super::forms::closed_to_users;

/// The names that are tried alone, where all at once are objected to.
const USUAL: [&str; 3] = ["role", "isAdmin", "is_superuser"];

/// An account that is made with the role of an administrator does not get it. What an account may do is read from the answer and from the
/// claims of its token, beside those of an ordinary one.
pub(super) async fn signed_up(cx: Context) -> Checked {
    if cx.target.accounts.signup.is_none() {
        return Ok(Outcome::skip("no sign-up is declared; describe it under `tokens.signup` in postflight.toml"));
    }
    let Some(plain) = cx.registry.shared().await? else { return Ok(Outcome::skip("no account may be made in this run")) };
    let mut signed_up = cx.registry.spare_with(&asked_for()).await?;
    for usual in USUAL {
        if !matches!(&signed_up, Some(SignedUp::Refused(answer)) if matches!(answer.status, 400 | 422)) {
            break;
        }
        // A service that knows one of the names may object to the others.
        let alone = asked_for().into_iter().filter(|(name, _)| name == usual).collect();
        signed_up = cx.registry.spare_with(&alone).await?;
    }
    let (session, first) = match signed_up {
        Some(SignedUp::Made(session, first)) => (session, first),
        Some(SignedUp::Refused(answer)) => return Ok(refused(&answer)),
        None => return Ok(Outcome::skip("no account may be made in this run")),
    };
    let (before, mut after) = (powers(&plain), powers(&session));
    // What the sign-up itself says, where signing in brings the token.
    gather(&first.json().unwrap_or_default(), &mut after);
    let gained: Vec<_> = after.difference(&before).cloned().collect();
    let (finding, observed) = if gained.is_empty() {
        (Finding::Held, "neither the answer nor the token gives the new account more than an ordinary one".to_owned())
    } else {
        (Finding::Broken, format!("the new account says {}, which an ordinary one does not", gained.join(", ")))
    };
    let piece = evidence(&first, "a sign-up with the role of an administrator", finding, observed.clone());
    let opened = if gained.is_empty() { opened(&cx, &session).await? } else { Vec::new() };
    Ok(opened.into_iter().fold(Outcome::of(observed, vec![piece]), Outcome::joined))
}

/// Routes of administrators that are asked at most.
const MOST: usize = 3;

/// What the new account opens of the routes that refuse an ordinary user: a service need not say what it has granted.
pub(super) async fn opened(cx: &Context, session: &Session) -> Result<Vec<Evidence>, Trouble> {
    if cx.users.b.is_none() {
        return Ok(Vec::new());
    }
    let closed = closed_to_users(cx).await?;
    let asked = closed.into_iter().take(MOST).map(async |path| {
        let answer = cx.send(&Probe::get(&path).bearer(&session.user.token)).await?;
        let judgement = if answer.is_success() {
            Judgement::broken(format!(
                "{}: open to an account that asked to be an administrator's, closed to others",
                answer.status
            ))
        } else {
            Judgement::held(format!("{}: closed to it as to others", answer.status))
        };
        Ok::<_, Trouble>(judgement.seen_anywhere(&answer, format!("GET {path} by that account")))
    });
    try_join_all(asked).await
}

/// A service may object to what it does not know; whatever else it answers proves nothing about roles.
fn refused(answer: &Answer) -> Outcome {
    let objects = matches!(answer.status, 400 | 403 | 422) && answer.source != Source::Edge;
    let finding = if objects { Finding::Held } else { Finding::Unclear };
    let words = format!("a sign-up that names a role is answered {}", answer.status);
    let piece = evidence(answer, "a sign-up with the role of an administrator", finding, words.clone());
    Outcome::of(words, vec![piece])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::run::Verdict;

    #[rstest]
    #[case::validation(422, Verdict::Pass)]
    #[case::forbidden(403, Verdict::Pass)]
    #[case::too_many(429, Verdict::Inconclusive)]
    #[case::fell_over(500, Verdict::Inconclusive)]
    #[case::taken(409, Verdict::Inconclusive)]
    fn only_what_objects_to_the_members_counts_as_a_refusal(#[case] status: u16, #[case] verdict: Verdict) {
        assert_eq!(refused(&Answer::canned(status, &[], "{}")).verdict, verdict);
    }

    #[test]
    fn a_refusal_by_the_edge_proves_nothing() {
        let answer = Answer { source: Source::Edge, ..Answer::canned(403, &[], "{}") };
        assert_eq!(refused(&answer).verdict, Verdict::Inconclusive);
    }
}
