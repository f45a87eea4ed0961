//! A token of one user and a session cookie of the other in one request: all of the service takes it for the same user's.

use futures::future::try_join3;

use crate::checks::{Checked, Context, Judgement, Outcome, User};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, Finding};

use super::stage::{Victim, conclude, piece};
use super::whose::reads_all;

/// Whom an answer takes the request for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum As {
    A,
    B,
    Nobody,
}

/// A's token beside the cookies that B's sign-in set: reads and a creation.
pub(super) async fn mixed(cx: Context) -> Checked {
    let (a, b) = (cx.a()?, cx.b()?);
    let Some(cookies) = b.cookies.as_ref() else {
        let signs_in = cx.target.accounts.login.is_some() || cx.target.accounts.signup.is_some();
        let told = if signs_in { "a sign-in of this service sets no cookie beside the token" } else { "no sign-in is declared" };
        return Ok(Outcome::skip(told));
    };
    let mixed = |probe: Probe| probe.bearer(&a.token).secret_header("cookie", "", cookies);
    let (of_a, of_b) = (Victim::shared(&cx).await?, cx.objects.witness(b).await?);
    let list = mixed(Probe::get(cx.list_path(a)));
    let (as_a, as_b, listed) = try_join3(
        cx.send(&mixed(Probe::get(cx.item_path(a, &of_a.object.id)))),
        cx.send(&mixed(Probe::get(cx.item_path(b, &of_b.id)))),
        cx.send(&list),
    )
    .await?;
    let shown = |answer: &Answer| match (answer.contains(of_a.canary()), answer.contains(&of_b.canary)) {
        (true, _) => As::A,
        (_, true) => As::B,
        _ => As::Nobody,
    };
    let seen = [shown(&as_a), shown(&as_b), shown(&listed)];
    let both = seen.contains(&As::A) && seen.contains(&As::B);
    if both && reads_all(&cx).await? {
        return Ok(Outcome::inconclusive("A's token alone reads what is B's, so nothing tells whom a request is taken for"));
    }
    let of = |answer: &Answer, label: &str| piece(answer, label, of_read(shown(answer), both, answer.status));
    let mut pieces = vec![
        of(&as_a, "A's object, by A's token beside B's cookies"),
        of(&as_b, "B's object, by A's token beside B's cookies"),
        of(&listed, "the list, by A's token beside B's cookies"),
    ];
    let reads_as = if seen.contains(&As::A) { Some(a) } else { seen.contains(&As::B).then_some(b) };
    if let Some(reader) = reads_as.filter(|_| !both) {
        pieces.extend(created(&cx, reader, &mixed).await?);
    }
    Ok(conclude("a token and a session of two users are never two users at once", pieces))
}

fn of_read(shown: As, both: bool, status: u16) -> Judgement {
    match shown {
        As::Nobody => Judgement::held(format!("{status}, nothing of either")),
        As::A | As::B if both => {
            Judgement::broken(format!("{status} as {shown:?}, while another route takes it for the other user"))
        }
        As::A => Judgement::held(format!("{status}: the token counts")),
        As::B => Judgement::held(format!("{status}: the cookie counts")),
    }
}

/// Creates an object by both: it must belong to `reader`, whom reads took the request for. Its title is one of B's, since a title of A's in a list of
/// B's would look like a leak to every other check.
async fn created(cx: &Context, reader: &User, mixed: &impl Fn(Probe) -> Probe) -> Result<Option<Evidence>, Trouble> {
    let (a, b) = (cx.a()?, cx.b()?);
    let canary = cx.objects.announce(b).await?;
    let answer = cx.send(&mixed(Probe::post(cx.list_path(a), &cx.target.resource.body(&canary)))).await?;
    let body = answer.json();
    let id = cx.target.resource.created_id(body.as_ref(), answer.headers.text("location").as_deref());
    let Some(id) = id.filter(|_| answer.is_success()) else { return Ok(None) };
    let label = "a creation by A's token beside B's cookies";
    for owner in [a, b] {
        if cx.eventually(&cx.item(owner, &id), |answer| answer.contains(&canary)).await?.contains(&canary) {
            cx.objects.made(owner, &id).await;
            let judgement = if owner.name == reader.name {
                Judgement::held(format!("made as {}, as reads are", owner.name))
            } else {
                Judgement {
                    finding: Finding::Broken,
                    observed: format!("made as {}, while reads are {}'s", owner.name, reader.name),
                }
            };
            return Ok(Some(piece(&answer, label, judgement)));
        }
    }
    Ok(Some(piece(&answer, label, Judgement::unclear("neither of both can read what was made"))))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::token(As::A, false, Finding::Held)]
    #[case::cookie(As::B, false, Finding::Held)]
    #[case::refused(As::Nobody, false, Finding::Held)]
    #[case::two_at_once(As::A, true, Finding::Broken)]
    fn whoever_counts_counts_everywhere(#[case] shown: As, #[case] both: bool, #[case] finding: Finding) {
        assert_eq!(of_read(shown, both, 200).finding, finding);
    }
}
