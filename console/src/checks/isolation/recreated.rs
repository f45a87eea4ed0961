//! An address that changes hands: who signs up under it anew gets nothing of whoever had it before.

use crate::checks::{Checked, Context, Judgement, Object, Outcome, Session, SignedUp, User};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, Finding};

use super::plain::{is_open_to_b, unless_plain};
use super::stage::{Victim, conclude, piece};

/// Why an account cannot change hands.
const NOT_DECLARED: &str =
    "an account must be made and deleted: describe both under `tokens.signup` and `tokens.delete` in postflight.toml";

/// An account makes an object and is deleted; another one is signed up with the same name and address.
pub(super) async fn inherits_nothing(cx: Context) -> Checked {
    let Some(delete) = cx.target.accounts.delete.clone() else { return Ok(Outcome::skip(NOT_DECLARED)) };
    let Some(first) = cx.registry.spare().await? else { return Ok(Outcome::skip(NOT_DECLARED)) };
    let first = Session { user: cx.objects.housed(&first.user).await?, ..first };
    let object = cx.objects.create(&first.user).await?;
    let gone = cx.send(&cx.registry.probe(&delete, &first, &first.login.password).bearer(&first.user.token)).await;
    let gone = match gone {
        Ok(gone) if gone.is_success() => gone.status,
        other => {
            removed(&cx, &first, &object).await;
            let answer = other?;
            let words = format!("the account is not deleted: {}", answer.status);
            return Ok(Outcome::inconclusive(words.clone()).seen(&answer, "an account is deleted", words));
        }
    };
    cx.registry.deleted(&first).await;
    // Nobody can delete it any more, and whoever deletes an account has asked for that of all it holds.
    cx.objects.deleted(&object.id).await;
    match cx.registry.sign_up_again(&first.login).await? {
        Some(SignedUp::Made(second, _)) => {
            let second = Session { user: cx.objects.housed(&second.user).await?, ..*second };
            of_the_heir(&cx, &first, &second, &object).await
        }
        Some(SignedUp::Refused(answer)) => Ok(kept_back(gone, &answer)),
        None => Ok(Outcome::skip(NOT_DECLARED)),
    }
}

/// Deletes an object while the account that made it can still do that.
async fn removed(cx: &Context, owner: &Session, object: &Object) {
    let deletion = Probe::new("DELETE", cx.item_path(&owner.user, &object.id)).bearer(&owner.user.token);
    if cx.target.resource.offers.delete && cx.send(&deletion).await.is_ok_and(|answer| answer.is_success()) {
        cx.objects.deleted(&object.id).await;
    }
}

/// A service may keep the address of a deleted account back: then nobody inherits anything.
fn kept_back(deletion: u16, answer: &Answer) -> Outcome {
    let refuses = matches!(answer.status, 400 | 403 | 409 | 410 | 422);
    let words = format!("the account is deleted ({deletion}), and signing up under its name is answered {}", answer.status);
    let judgement = if refuses { Judgement::held(words.clone()) } else { Judgement::unclear(words.clone()) };
    Outcome::of(words, vec![judgement.seen(answer, "a second sign-up")])
}

/// The heir's list and the object's own route; and whether the token of the account before opens what is the heir's.
async fn of_the_heir(cx: &Context, first: &Session, second: &Session, object: &Object) -> Checked {
    let mut pieces = Vec::new();
    if cx.target.resource.offers.list {
        let list = cx.send(&cx.list(&second.user)).await?;
        pieces.push(piece(&list, "the list of the new account", inherited(&list, object)));
    }
    if cx.target.resource.offers.get {
        let item = cx.send(&cx.item(&second.user, &object.id)).await?;
        let mut judgement = inherited(&item, object);
        if judgement.finding == Finding::Broken {
            let victim = Victim::shared(cx).await?;
            if is_open_to_b(cx, &victim, &victim.object.path).await? {
                judgement = unless_plain(judgement);
            }
        }
        pieces.push(piece(&item, "the object of the old account, read by the new one", judgement));
    }
    if pieces.iter().any(|piece| piece.finding != Finding::Held) {
        removed(cx, second, object).await;
    }
    let own = cx.objects.create(&second.user).await?;
    let opened = of_the_old_token(cx, first, second, &own).await;
    removed(cx, second, &own).await;
    pieces.push(opened?);
    Ok(conclude("nothing is inherited from a deleted account", pieces))
}

fn inherited(answer: &Answer, object: &Object) -> Judgement {
    match answer.status {
        status if answer.contains(&object.canary) => Judgement::broken(format!("{status} with what the deleted account made")),
        500.. => Judgement::unclear(format!("{}: an error of the service", answer.status)),
        status => Judgement::held(format!("{status}, nothing of the deleted account in it")),
    }
}

/// A token may name its account by something that the new one has as well, a name or an address: then it opens the new one for as long as it
/// lives.
async fn of_the_old_token(cx: &Context, first: &Session, second: &Session, own: &Object) -> Result<Evidence, Trouble> {
    let old = User { token: first.user.token.clone(), ..second.user.clone() };
    let probe = if cx.target.resource.offers.get { cx.item(&old, &own.id) } else { cx.list(&old) };
    let answer = cx.send(&probe).await?;
    let demanded = cx.target.policy.revocation || cx.target.policy.known_subjects;
    let judgement = if answer.contains(&own.canary) {
        let finding = if demanded { Finding::Broken } else { Finding::Weak };
        Judgement { finding, observed: format!("{}: it reads what the new account made", answer.status) }
    } else {
        Judgement::held(answer.status.to_string())
    };
    Ok(piece(&answer, "the token of the deleted account, on an object of the new one", judgement))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::run::Verdict;

    #[rstest]
    #[case::taken(409, Verdict::Pass)]
    #[case::invalid(422, Verdict::Pass)]
    #[case::too_many(429, Verdict::Inconclusive)]
    #[case::fell_over(500, Verdict::Inconclusive)]
    fn an_address_may_be_kept_back(#[case] status: u16, #[case] verdict: Verdict) {
        assert_eq!(kept_back(204, &Answer::canned(status, &[], "{}")).verdict, verdict);
    }
}
