//! The name of an account in other letters: who signs up under it has another account, or none.

use secrecy::ExposeSecret as _;

use crate::checks::{Context, Judgement, Login, Session, SignedUp};
use crate::http::{Answer, Trouble};
use crate::run::Evidence;

/// What is done to a name.
type Written = fn(&str) -> String;

/// Ways to write a name that services fold into one, and databases may not. A store that folds what the look for taken names did not keeps the
/// account and takes the new password.
const VARIANTS: [(&str, Written); 2] = [("in capitals", in_capitals), ("behind a space", |name| format!(" {name}"))];

/// The name in capitals; of an address what stands before the host, which knows no case anyhow (RFC 5321, 2.4).
fn in_capitals(name: &str) -> String {
    match name.split_once('@') {
        Some((mailbox, host)) => format!("{}@{host}", mailbox.to_uppercase()),
        None => name.to_uppercase(),
    }
}

/// Sign-ups under the name of the account, written otherwise; none where none is declared.
pub(super) async fn signed_up(cx: &Context, session: &Session) -> Result<Vec<Evidence>, Trouble> {
    let mut pieces = Vec::new();
    for (how, write) in VARIANTS {
        let login = &session.login;
        // A later run that finds the account by its name signs in to it.
        let password = login.next_password();
        let written = Login { username: write(&login.username), email: write(&login.email), password };
        let (judgement, answer) = match cx.registry.sign_up_again(&written).await {
            Ok(None) => return Ok(pieces),
            Ok(Some(SignedUp::Refused(answer))) => (refusal(&answer), answer),
            Ok(Some(SignedUp::Made(second, answer))) => {
                let taken = is_the_same(cx, session, &second, &written).await?;
                if taken {
                    // It is deleted with what signs in to it now.
                    cx.registry.deleted(session).await;
                }
                (of_second(&answer, taken), answer)
            }
            // It may have made nothing, as where an address is to be confirmed first, or nothing of that name.
            Err(Trouble::NotGiven(_)) => match opens(cx, login, &written).await? {
                Some(answer) => (of_second(&answer, true), Box::new(answer)),
                None => continue,
            },
            Err(trouble) => return Err(trouble),
        };
        let taken = judgement.finding == crate::run::Finding::Broken;
        pieces.push(judgement.seen(&answer, format!("a sign-up under the name of the account, {how}")));
        if taken {
            break;
        }
    }
    Ok(pieces)
}

/// Whether a sign-up under another name came to the account itself: by whom its token names, or else by what opens it now.
async fn is_the_same(cx: &Context, session: &Session, second: &Session, written: &Login) -> Result<bool, Trouble> {
    match have_one_subject(cx, session, second)? {
        Some(same) => Ok(same),
        None => Ok(opens(cx, &session.login, written).await?.is_some()),
    }
}

/// Whether the tokens of two sessions name the same account; `None` where they do not tell: a subject that A's token names as well is everybody's.
pub(super) fn have_one_subject(cx: &Context, session: &Session, second: &Session) -> Result<Option<bool>, Trouble> {
    let of_all = cx.a()?.claimed_subject();
    let (first, second) = (session.user.claimed_subject(), second.user.claimed_subject());
    Ok(first.zip(second).filter(|(first, _)| of_all.as_ref() != Some(first)).map(|(first, second)| first == second))
}

/// The answer to a sign-in to the account with the password of `other`; `None` where it brings no token.
pub(super) async fn opens(cx: &Context, login: &Login, other: &Login) -> Result<Option<Answer>, Trouble> {
    let password = other.password.expose_secret().into();
    let Some(probe) = cx.registry.login_probe(&Login { password, ..login.clone() }) else { return Ok(None) };
    Ok(Some(cx.send(&probe.impatient()).await?).filter(|answer| cx.registry.brings_token(answer)))
}

fn refusal(answer: &Answer) -> Judgement {
    match answer.status {
        status @ 500..=599 => Judgement::weak(format!("refused by falling over: {status}")),
        status => Judgement::held(format!("refused: {status}")),
    }
}

fn of_second(answer: &Answer, taken: bool) -> Judgement {
    if taken {
        Judgement::broken(format!("{}: its password opens the account from now on", answer.status))
    } else {
        Judgement::held(format!("{}: an account of its own", answer.status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::a_name("postflightc1", "POSTFLIGHTC1")]
    #[case::an_address("postflightc1@example.com", "POSTFLIGHTC1@example.com")]
    fn the_host_of_an_address_stays_as_it_is(#[case] name: &str, #[case] written: &str) {
        assert_eq!(in_capitals(name), written);
    }
}
