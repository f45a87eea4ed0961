//! What comes along with an object: a service that embeds the whole row of its owner hands out what nobody may see.

use futures::future::join_all;

use crate::checks::paging::asking;
use crate::checks::passwords::member_of;
use crate::checks::{Checked, Context, Judgement, Outcome, User};
use crate::http::{Answer, Probe, Trouble, clean, evidence, hash_in};
use crate::run::Finding;
use crate::target::Carrier;

use super::stage::Victim;

/// Parameters that ask for the whole owner of each object.
const EMBEDDING: &str = "expand=owner,user&include=owner,user&populate=user&embed=user";
/// The same of one name each, for services that take no list of them.
const EMBEDDING_ONE: &str = "expand=owner&include=owner&populate=owner&embed=owner&with=owner";
/// Further routes that are looked at.
const MOST: usize = 10;

/// A's own object, A's list, and what A reads on further routes hold neither a password nor its hash.
pub(super) async fn credentials(cx: Context) -> Checked {
    let (a, victim) = (cx.a()?, Victim::shared(&cx).await?);
    let subject = a.subject.as_deref().unwrap_or("me");
    let protected =
        cx.target.paths.protected.iter().map(|path| path.replace("{user_id}", subject).replace("{id}", &victim.object.id));
    let (further, left_out) = cx.some_of(cx.further_routes().filter(|route| route.reads()).collect(), MOST);
    let further = further.into_iter().map(|route| route.filled(&victim.object.id, subject));
    let embedded = if cx.target.resource.offers.get { victim.object.path.clone() } else { cx.list_path(a) };
    let own = [cx.list_path(a), asking(&embedded, EMBEDDING), asking(&cx.list_path(a), EMBEDDING_ONE)];
    let paths: Vec<_> = own.into_iter().chain(protected).chain(further).collect();
    let probes: Vec<_> = paths.iter().map(|path| Probe::get(path).bearer(&a.token)).collect();
    let answers = join_all(probes.iter().map(|probe| cx.once(probe))).await.into_iter().collect::<Result<Vec<_>, Trouble>>()?;
    let looked_at =
        std::iter::once((victim.object.path.as_str(), &victim.read)).chain(paths.iter().map(String::as_str).zip(&answers));
    let session = session_of(&cx, a);
    let pieces: Vec<_> = looked_at
        .map(|(path, answer)| {
            let judgement = judge(answer, session);
            evidence(answer, format!("A: GET {path}"), judgement.finding, judgement.observed)
        })
        .collect();
    let worst = pieces.iter().max_by_key(|piece| piece.finding).map(|piece| match piece.finding {
        Finding::Held => piece.observed.clone(),
        _ => format!("{}: {}", piece.label, piece.observed),
    });
    let worst = worst.unwrap_or_default();
    Ok(Outcome::of(format!("{} answers: {worst}{left_out}", pieces.len()), pieces))
}

/// The value of A's session, where it travels in a cookie: scripts that may not read that must not find it elsewhere. A word is no secret.
fn session_of<'a>(cx: &Context, a: &'a User) -> Option<&'a str> {
    let in_cookie = matches!(cx.target.carrier, Carrier::Cookie(_));
    Some(a.token.expose()).filter(|token| in_cookie && token.len() >= SHORTEST)
}

/// Shortest session that stands in an answer for nothing else, in bytes.
const SHORTEST: usize = 16;

fn judge(answer: &Answer, session: Option<&str>) -> Judgement {
    let member = answer.json().and_then(|json| member_of(&json, &[]));
    match (hash_in(&answer.raw_text()), member) {
        (Some(mark), _) => Judgement::broken(format!("it holds what looks like the hash of a password ({mark}…)")),
        (None, Some(name)) => Judgement::broken(format!("its member `{}` is nobody's to see", clean(&name))),
        (None, None) if session.is_some_and(|session| answer.contains(session)) => {
            Judgement::weak("it repeats the session of the cookie, which no script may read (HttpOnly)")
        }
        (None, None) => Judgement::held("neither a password nor a hash"),
    }
}
