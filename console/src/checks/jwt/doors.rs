//! Whether every route verifies its token as the collection does: a route with a guard of its own may look only whether there is one.

use std::collections::BTreeMap;

use futures::future::join_all;

use crate::checks::battery::concluded;
use crate::checks::{Case, Checked, Context, Judgement, Object, Outcome, Role};
use crate::http::{Answer, Credential, Probe, Trouble};
use crate::run::{Evidence, Source, Verdict};
use crate::target::Route;
use crate::token::Compact;

use super::ask::{of_a, refused_in_words};
use super::attempts::unless_limited;
use super::carried_out::carried_out;
use super::claims::Minter;
use super::forgery::flipped;
use super::required::{LOOKED_AT, some_object};
use super::writes::writes;

/// Further routes that are asked at most.
const MOST: usize = 20;
/// Routes below the collection that services have most often; where there is none, the path is refused like any other.
const USUAL: [&str; 2] = ["stats", "search"];
/// How long ago the token ended: longer than any leeway.
const ENDED_SECS: i64 = 7_200;

/// A token of A with a wrong signature and, with the signing key, one that ended, on every route but the collection's own GET. A good token
/// must be let in at the collection for this to mean anything, which the control asks.
pub(super) async fn every(cx: Context) -> Checked {
    let tokens = tokens(&cx).await?;
    let (_, object) = some_object(&cx).await?;
    let (mut probes, left_out) = reads(&cx, object.as_ref())?;
    let mut at_stake = None;
    if cx.writes && object.is_some() {
        let own = if cx.exhaustive { cx.objects.create(cx.a()?) } else { cx.objects.shared(cx.a()?, Role::Exposed) };
        let (own, canary) = futures::try_join!(own, cx.objects.announce(cx.a()?))?;
        probes.extend(writes(&cx, &own, &canary)?);
        at_stake = Some((own, canary));
    }
    let cases = cases(&cx, &probes, &tokens)?;
    // What is looked at afterwards must not come last.
    let client = cx.client.clone().for_chain().one_of_many();
    let asked = join_all(cases.iter().map(|case| client.send(&case.probe)));
    let (asked, account) = tokio::join!(asked, own_account(&cx));
    let past = past_the_guard(&cx, &cases, &asked, tokens.first()).await?;
    let outcome = concluded("bad tokens on other routes", &cases, asked, |case, answer| {
        past.get(case.name.as_str()).cloned().unwrap_or_else(|| judge(answer))
    })?;
    if outcome.verdict == Verdict::Fail {
        return Ok(outcome.and_says(&left_out));
    }
    let mut pieces: Vec<_> = account?.into_iter().collect();
    if let Some(((own, canary), (_, token))) = at_stake.zip(tokens.first()) {
        pieces.extend(carried_out(&cx, &own, &canary, token).await?);
    }
    Ok(pieces.into_iter().fold(outcome, Outcome::joined).and_says(&left_out))
}

/// Each probe with the bad tokens, and what services have below the collection most often.
fn cases(cx: &Context, probes: &[Probe], tokens: &[(&str, Credential)]) -> Result<Vec<Case>, Trouble> {
    let written = probes.iter().position(|probe| !probe.is_safe());
    let cases = probes.iter().enumerate().flat_map(|(index, probe)| {
        // Writes share a guard more often than reads do: the first of them is asked with a token that ended, all with a wrong signature.
        let most = if cx.exhaustive || probe.is_safe() || written == Some(index) { tokens.len() } else { 1 };
        let case = |(name, token): &(&str, Credential)| {
            Case::new(format!("{} {} with {name}", probe.method(), probe.path()), probe.clone().bearer(token))
        };
        tokens.iter().take(most).map(case).collect::<Vec<_>>()
    });
    let list = cx.list_path(cx.a()?);
    let guessed = tokens.first().filter(|_| !cx.target.is_read_in_public()).into_iter().flat_map(|(name, token)| {
        USUAL.map(|below| {
            let path = format!("{}/{below}", list.trim_end_matches('/'));
            Case::new(format!("GET {path} with {name}"), Probe::get(path).bearer(token))
        })
    });
    Ok(cases.chain(guessed).collect())
}

async fn tokens(cx: &Context) -> Result<Vec<(&'static str, Credential)>, Trouble> {
    let token = of_a(cx)?;
    let credential = |name: &'static str, token: String| (name, Credential::new(format!("<{name}>"), token));
    let mut tokens = vec![credential("a wrong signature", flipped(&token, 77).token())];
    if cx.forge.is_some() && cx.a()?.claimed_subject().is_some() {
        let minter = Minter::of(cx).await?;
        tokens.push(credential("a token that ended", minter.ending(minter.now - ENDED_SECS)));
    }
    Ok(tokens)
}

/// The object, the declared routes that need a token, and further ones that are read; and what to say of those that are left out.
fn reads(cx: &Context, object: Option<&Object>) -> Result<(Vec<Probe>, String), Trouble> {
    let a = cx.a()?;
    let (subject, id) = (a.subject.as_deref().unwrap_or("me"), object.map_or("1", |object| object.id.as_str()));
    let own = object.filter(|_| cx.target.resource.offers.get && !cx.target.is_read_in_public()).map(|object| object.path.clone());
    let protected = cx.target.paths.protected.iter().map(|path| path.replace("{user_id}", subject).replace("{id}", id));
    // What is public on purpose looks at no token at all.
    let guarded = |route: &&Route| route.reads() && cx.target.must_guard(route);
    let (further, left_out) = cx.some_of(cx.further_routes().filter(guarded).collect(), MOST);
    let further = further.into_iter().map(|route| route.filled(id, subject));
    let mut paths: Vec<_> = own.into_iter().chain(protected).chain(further).collect();
    paths.dedup();
    Ok((paths.into_iter().map(Probe::get).collect(), left_out))
}

/// Answers that are no refusal of the token, by the name of their case: whoever comes without a token is refused there, the collection refuses the
/// same token otherwise, and A with a good one is answered alike. What changes something is not asked with a good token: a remark there.
async fn past_the_guard<'a>(
    cx: &Context,
    cases: &'a [Case],
    asked: &[Result<Answer, Trouble>],
    bad: Option<&(&str, Credential)>,
) -> Result<BTreeMap<&'a str, Judgement>, Trouble> {
    let looked_at = |answer: &&Answer| LOOKED_AT.contains(&answer.status) && answer.source != Source::Edge;
    let suspects: Vec<_> =
        cases.iter().zip(asked).filter_map(|(case, answer)| Some((case, answer.as_ref().ok().filter(looked_at)?))).collect();
    let mut past = BTreeMap::new();
    let (a, Some((_, bad))) = (cx.a()?, bad.filter(|_| !suspects.is_empty())) else { return Ok(past) };
    let refusal = cx.once(&Probe::get(cx.read_path(a)).bearer(bad)).await?.status;
    for (case, answer) in suspects.into_iter().filter(|(_, answer)| answer.status != refusal) {
        let nobody = cx.once(&case.probe.clone().without_token()).await?;
        if !cx.target.policy.unauthenticated.contains(nobody.status) {
            continue;
        }
        let words = format!("{}, where nobody is answered {}: it got past the guard", answer.status, nobody.status);
        let judgement = if !case.probe.is_safe() {
            Judgement::weak(words)
        } else if cx.once(&case.probe.clone().bearer(&a.token)).await?.status == answer.status {
            Judgement::broken(format!("{words}, as A is answered"))
        } else {
            continue;
        };
        past.insert(case.name.as_str(), judgement);
    }
    Ok(past)
}

/// The deletion of an account of this run with its token, whose signature is wrong; `None` where none can be had, or none deletes accounts.
async fn own_account(cx: &Context) -> Result<Option<Evidence>, Trouble> {
    let Some(delete) = cx.target.accounts.delete.as_ref().filter(|_| cx.writes) else { return Ok(None) };
    let Some(session) = unless_limited(cx.registry.spare().await)?.flatten() else { return Ok(None) };
    let Some(token) = Compact::parse(session.user.token.expose()) else { return Ok(None) };
    let forged = Credential::new("<a wrong signature>", flipped(&token, 77).token());
    let answer = cx.send(&cx.registry.probe(delete, &session, &session.login.password).bearer(&forged)).await?;
    let judgement = match answer.status {
        status @ 200..=299 if !answer.refuses_in_words() => {
            Judgement::broken(format!("{status}: whoever makes a token up deletes anybody's account"))
        }
        _ => judge(&answer),
    };
    Ok(Some(judgement.seen(&answer, format!("{} {} with a wrong signature", delete.method, delete.path))))
}

/// Any answer but a success shows that the token was not enough, or was not looked at first, which has a check of its own.
fn judge(answer: &Answer) -> Judgement {
    match answer.status {
        status if answer.refuses_in_words() => Judgement::weak(refused_in_words(status)),
        status @ 200..=299 => Judgement::broken(format!("accepted: {status}")),
        status @ 500..=599 if answer.source != Source::Edge => Judgement::weak(format!("refused by falling over: {status}")),
        status => Judgement::held(format!("not let in: {status}")),
    }
}
