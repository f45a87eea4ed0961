//! Both at once: answers to A and B in flight side by side never trade places.

use futures::future::join_all;

use crate::checks::{Checked, Context, Judgement, Object, Outcome, User};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, Finding};

use super::page::list;
use super::stage::{beginning, piece};

/// Rounds of the interleaving; each asks for the object and the list of both users.
const ROUNDS: usize = 50;
/// Rounds that are enough to see answers trade places: the two users keep every connection busy.
const ENOUGH: usize = 8;
/// Samples kept of what held.
const SAMPLES: usize = 2;

pub(super) async fn interleaved(cx: Context) -> Checked {
    // Where the path names the user, a service that mixes users up refuses both, and only this shows who it takes them for.
    if let Some(mixed) = taken_for(&cx).await? {
        return Ok(Outcome::of(mixed.observed.clone(), vec![mixed]));
    }
    let (a, b) = (cx.a()?, cx.b()?);
    let (of_a, of_b) = match tokio::try_join!(cx.objects.witness(a), cx.objects.witness(b)) {
        Err(trouble @ Trouble::Unexpected(_)) => return of_others(&cx, trouble).await,
        objects => objects?,
    };
    if [&of_a, &of_b].into_iter().any(|object| object.read.as_ref().is_some_and(|read| !read.contains(&object.canary))) {
        return Err(Trouble::Unexpected("an object is not shown to its owner with the title that it was given".into()));
    }
    let sides = [(a, &of_a, &of_b), (b, &of_b, &of_a)];
    let asked: Vec<_> = cx
        .telling(0..ROUNDS, ENOUGH)
        .into_iter()
        .flat_map(|round| sides.map(|(user, own, other)| (round, user, own, other)))
        .collect();
    let answers = join_all(asked.iter().map(async |(round, user, own, _)| cx.send(&probe(&cx, user, own, *round)).await)).await;
    let judged = asked.iter().zip(answers).map(|((round, user, own, other), answer)| {
        let (answer, what) = (answer?, if asks_for_the_list(*round) { "the list" } else { "the own object" });
        let judgement = own_only(asks_for_the_list(*round), &answer, own, other);
        Ok(piece(&answer, format!("{}: GET of {what}", user.name), judgement))
    });
    let judged = judged.collect::<Result<Vec<_>, Trouble>>()?;
    let held = judged.iter().filter(|piece| piece.finding == Finding::Held).count();
    let summary = format!("{held} of {} answers held what belongs to the user who asked, and nothing else", judged.len());
    Ok(kept(Outcome::of(summary, judged)))
}

/// Rounds in which both users ask who they are.
const WHO: usize = 4;

/// Routes that only need a token and tell who asked (`/users/me`), asked by both users at once; `None` where each is told what is theirs.
async fn taken_for(cx: &Context) -> Result<Option<Evidence>, Trouble> {
    let users = [(cx.a()?, cx.b()?), (cx.b()?, cx.a()?)];
    let own = cx.target.paths.protected.iter().find(|path| path.trim_end_matches('/').ends_with("/me"));
    let Some(path) = own.filter(|path| !path.contains('{')) else { return Ok(None) };
    let asked: Vec<_> = (0..WHO).flat_map(|_| users).collect();
    let probe = |user: &User| Probe::get(path).bearer(&user.token);
    let answers = join_all(asked.iter().map(async |(user, _)| cx.send(&probe(user)).await)).await;
    for ((user, other), answer) in asked.iter().zip(answers) {
        let answer = answer?;
        let names = |user: &User| {
            let subject = user.subject.as_ref().filter(|subject| subject.len() >= SHORTEST);
            subject.into_iter().chain(&user.email).any(|name| answer.contains(name))
        };
        if answer.is_success() && names(other) && !names(user) {
            let words = format!("{}: {} is taken for {}", answer.status, user.name, other.name);
            return Ok(Some(piece(&answer, format!("{}: GET {path}, beside the other user", user.name), Judgement::broken(words))));
        }
    }
    Ok(None)
}

/// Shortest subject that stands in an answer for nothing else.
const SHORTEST: usize = 6;

/// Where users do not even get at what they just made, the reason may be that their requests are mixed up: then a list shows what the other
/// user made in this run. Where none does, the `trouble` stays what it is.
async fn of_others(cx: &Context, trouble: Trouble) -> Checked {
    let (a, b) = (cx.a()?, cx.b()?);
    let (of_a, of_b) = tokio::try_join!(cx.objects.announce(a), cx.objects.announce(b))?;
    let probes: Vec<_> = (0..ENOUGH).flat_map(|_| [(list(cx, a, ""), a, &of_b), (list(cx, b, ""), b, &of_a)]).collect();
    let answers =
        join_all(probes.iter().map(|(probe, ..)| cx.send(probe))).await.into_iter().collect::<Result<Vec<_>, Trouble>>()?;
    let mixed = probes.iter().zip(&answers).find(|((_, _, other), answer)| answer.contains(beginning(other)));
    let Some(((_, user, _), answer)) = mixed else { return Err(trouble) };
    let words = format!("{}: the list of {} shows what the other user made: {trouble}", answer.status, user.name);
    let shown =
        piece(answer, format!("{}: the list, beside the other user's requests", user.name), Judgement::broken(words.clone()));
    Ok(Outcome::of(words, vec![shown]))
}

/// Every second round asks for the list instead of the object: answers are kept and users mixed up in both.
const fn asks_for_the_list(round: usize) -> bool {
    round % 2 == 1
}

fn probe(cx: &Context, user: &User, own: &Object, round: usize) -> Probe {
    if asks_for_the_list(round) { list(cx, user, "") } else { cx.item(user, &own.id) }
}

/// A list need not show the own object, which may stand on another page.
fn own_only(of_the_list: bool, answer: &Answer, own: &Object, other: &Object) -> Judgement {
    match answer.status {
        _ if answer.contains(&other.canary) => Judgement::broken(format!("{} with the other user's canary", answer.status)),
        200..=299 if !of_the_list && !answer.contains(&own.canary) => {
            Judgement::broken(format!("{} without the own canary: somebody else's answer", answer.status))
        }
        200..=299 => Judgement::held(format!("{}", answer.status)),
        404 | 401 | 403 => Judgement::broken(format!("{}: the user is taken for another one", answer.status)),
        status => Judgement::unclear(format!("{status}")),
    }
}

/// Keeps everything that did not hold and two samples of what did.
fn kept(mut outcome: Outcome) -> Outcome {
    let mut samples = 0;
    outcome.evidence.retain(|piece: &Evidence| {
        samples += usize::from(piece.finding == Finding::Held);
        piece.finding != Finding::Held || samples <= SAMPLES
    });
    outcome
}
