//! Whether every route verifies its token as the collection does: a route with a guard of its own may look only whether there is one.

use crate::checks::{Case, Checked, Context, Judgement, Object, Role, battery};
use crate::http::{Answer, Credential, Probe, Trouble};
use crate::run::{Finding, Source};
use crate::target::Route;

use super::ask::of_a;
use super::claims::Minter;
use super::forgery::flipped;
use super::required::some_object;
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
    if cx.writes && object.is_some() {
        let own = if cx.exhaustive { cx.objects.create(cx.a()?) } else { cx.objects.shared(cx.a()?, Role::Exposed) };
        let (own, canary) = futures::try_join!(own, cx.objects.announce(cx.a()?))?;
        probes.extend(writes(&cx, &own, &canary)?);
    }
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
    let outcome = battery(&cx, "bad tokens on other routes", cases.chain(guessed).collect(), |_, answer| judge(answer)).await?;
    Ok(outcome.and_says(&left_out))
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

/// Any answer but a success shows that the token was not enough, or was not looked at first, which has a check of its own.
fn judge(answer: &Answer) -> Judgement {
    match answer.status {
        status @ 200..=299 => Judgement { finding: Finding::Broken, observed: format!("accepted: {status}") },
        status @ 500..=599 if answer.source != Source::Edge => Judgement::weak(format!("refused by falling over: {status}")),
        status => Judgement::held(format!("not let in: {status}")),
    }
}
