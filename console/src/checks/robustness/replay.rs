//! Creations that are repeated with the same idempotency key (IETF draft-ietf-httpapi-idempotency-key-header) make one object.

use super::super::{Checked, Context, Judgement, Outcome};
use crate::http::{Answer, Probe, Trouble, evidence};

/// The same creation twice, another one under the same key, and one by another user.
pub(super) async fn once(cx: Context) -> Checked {
    let a = cx.a()?;
    let (first, second) = futures::try_join!(cx.objects.announce(a), cx.objects.announce(a))?;
    let header = cx.target.policy.declared.idempotency_header.clone().unwrap_or_default();
    let key = uuid::Uuid::new_v4().to_string();
    let create = |title: &str| Probe::post(cx.list_path(a), &cx.target.resource.body(title)).bearer(&a.token).header(&header, &key);
    let made = cx.send(&create(&first)).await?;
    let Some(original) = cx.made(a, &made).await else {
        return Ok(Outcome::inconclusive(format!("a creation with {header} was answered {}", made.status)));
    };
    let again = cx.send(&create(&first)).await?;
    let other = cx.send(&create(&second)).await?;
    let (of_again, of_other) = (further(&cx, &original, &again).await?, further(&cx, &original, &other).await?);
    let judged = [
        ("the same creation again", &again, judge(&original, of_again, &again)),
        ("another creation under the same key", &other, judge(&original, of_other, &other)),
    ];
    let pieces = judged.map(|(name, answer, judgement)| evidence(answer, name, judgement.finding, judgement.observed));
    let outcome = Outcome::of(format!("{header} makes a repeated creation one object"), pieces.into());
    let Some(b) = &cx.users.b else { return Ok(outcome) };
    let title = cx.objects.announce(b).await?;
    let of_b = Probe::post(cx.list_path(b), &cx.resource_of(b).body(&title)).bearer(&b.token).header(&header, &key);
    let of_b = cx.send(&of_b).await?;
    let got = cx.made(b, &of_b).await;
    let judgement = of_another(&original, got, &of_b);
    Ok(outcome.joined(evidence(&of_b, "a creation by B under A's key", judgement.finding, judgement.observed)))
}

/// The id that a further creation of A's names; where that is another object, it has to go as well.
async fn further(cx: &Context, original: &str, answer: &Answer) -> Result<Option<String>, Trouble> {
    let id = answer.json().filter(|_| answer.is_success()).and_then(|json| cx.target.resource.id(&json));
    if id.as_ref().is_some_and(|id| id != original) {
        cx.made(cx.a()?, answer).await;
    }
    Ok(id)
}

/// Keys belong to whoever sends them: the answer to A's is not B's to have.
fn of_another(original: &str, got: Option<String>, answer: &Answer) -> Judgement {
    match got {
        Some(id) if id == original => Judgement::broken(format!("{}: B is given A's object", answer.status)),
        Some(_) => Judgement::held(format!("{}: an object of B's own", answer.status)),
        None if answer.is_client_error() => Judgement::held(format!("{}: refused", answer.status)),
        None => Judgement::unclear(answer.status.to_string()),
    }
}

/// Judges a creation under a key that was used: the first object again, or a refusal (409, 422).
pub(super) fn judge(original: &str, made: Option<String>, answer: &Answer) -> Judgement {
    match made {
        Some(id) if id != original => Judgement::broken(format!("{}: a second object", answer.status)),
        Some(_) => Judgement::held(format!("{}: the first object again", answer.status)),
        None if answer.is_client_error() => Judgement::held(format!("{}: refused", answer.status)),
        None => Judgement::unclear(answer.status.to_string()),
    }
}
