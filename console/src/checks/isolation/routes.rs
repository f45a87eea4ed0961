//! Further routes: what takes an id of the resource or names a user, beside the routes that every task has.

use futures::future::try_join_all;
use serde_json::Value;

use crate::checks::paging::asking;
use crate::checks::{Checked, Context, Judgement, Outcome};
use crate::http::{Answer, Probe, Trouble};
use crate::run::{Evidence, Finding};
use crate::target::Route;
use crate::token::as_text;

use super::apart;
use super::below;
use super::guesses;
use super::injected;
use super::judge;
use super::listing::leak_free;
use super::owner::{encoded, naming, subject};
use super::parent;
use super::siblings;
use super::stage::{Victim, conclude, missing_like, piece};
use super::tenancy::{self, Apart};

/// Routes that are asked at most.
pub(super) const MOST: usize = 60;

pub(super) async fn further(cx: Context) -> Checked {
    let mut reads: Vec<_> = cx.further_routes().filter(|route| route.reads() && !cx.target.is_shared(route)).collect();
    // What names an object or a user tells more than what everybody may ask.
    reads.sort_by_key(|route| !concerns(route));
    let (reads, left_out) = cx.some_of(reads, MOST);
    // Routes that only have to ask for a token name neither an object nor a user.
    let protected: Vec<_> = cx.target.paths.protected.iter().filter(|path| !path.contains('{')).collect();
    let victim = Victim::shared(&cx).await?;
    let guessed = guesses::found(&cx, &victim).await?;
    let homes = parent::written(&cx).await?;
    let (of_siblings, siblings) = siblings::asked(&cx, &victim).await?;
    if reads.is_empty() && protected.is_empty() && guessed.is_empty() && homes.is_empty() && !cx.target.allow_unsafe_routes {
        return Ok(Outcome::skip(none(&cx)));
    }
    let apart: Vec<_> = tenancy::parent(&cx)?.into_iter().chain(tenancy::apart(&cx, &victim).await?).collect();
    let mut asked = try_join_all(reads.into_iter().chain(&guessed).map(|route| read(&cx, &victim, &apart, route))).await?;
    asked.extend(try_join_all(protected.iter().map(|path| plain(&cx, &victim, path))).await?);
    let count = asked.len();
    let void = count - asked.iter().filter(|asked| asked.works).count();
    let proven = count - void + siblings;
    let mut pieces: Vec<_> = asked.into_iter().flat_map(Asked::telling).collect();
    pieces.extend(injected::of_routes(&cx, &victim).await?);
    pieces.extend(homes);
    pieces.extend(of_siblings);
    let (written, unread) = if cx.target.allow_unsafe_routes { below::written(&cx).await? } else { (Vec::new(), 0) };
    let clean = pieces.iter().chain(&written).all(|piece| piece.finding == Finding::Held);
    if clean && proven == 0 && count > 0 {
        return Ok(Outcome::skip(format!("none of the {count} further routes answers A with the ids of this run")));
    }
    let unread = match unread {
        0 => String::new(),
        count => format!("; {count} of B's changes were refused for their body, which nothing describes"),
    };
    let void = match void {
        0 => String::new(),
        void => format!("; {void} more answer A that nothing is there, which shows nothing"),
    };
    let words = format!("B sees nothing of A's on {proven} further routes that work for A{void}{left_out}{}{unread}", unasked(&cx));
    Ok(conclude(&words, [pieces, written].concat()))
}

fn concerns(route: &Route) -> bool {
    route.takes_id() || route.names_user()
}

fn none(cx: &Context) -> String {
    let why = match &cx.target.routes.trouble {
        Some(trouble) => format!("the OpenAPI document gave no routes: {trouble}"),
        None => {
            "no further route is declared; name an OpenAPI document under `openapi`, or `[[routes]]`, in postflight.toml".to_owned()
        }
    };
    format!("{why}{}", unasked(cx))
}

/// How many unsafe methods were left alone, for the end of a summary.
fn unasked(cx: &Context) -> String {
    match cx.target.routes.unsafe_methods() {
        0 => String::new(),
        _ if cx.target.allow_unsafe_routes => String::new(),
        1 => "; 1 unsafe route was not asked (`allow_unsafe_routes`)".to_owned(),
        count => format!("; {count} unsafe routes were not asked (`allow_unsafe_routes`)"),
    }
}

/// What came of one route.
struct Asked {
    /// Whether it answers A, so that a refusal to B means something.
    works: bool,
    pieces: Vec<Evidence>,
}

impl Asked {
    /// What it shows: a refusal where nothing is there for anybody shows nothing.
    fn telling(self) -> Vec<Evidence> {
        let works = self.works;
        self.pieces.into_iter().filter(|piece| works || piece.finding != Finding::Held).collect()
    }
}

async fn read(cx: &Context, victim: &Victim, apart: &[Apart], route: &Route) -> Result<Asked, Trouble> {
    // A route may look an object up by its text.
    let route = &route.with_sample(&cx.target.resource.fields.title, victim.canary());
    if let Some((name, member)) = route.placeholders().find_map(|name| Some((name, tenancy::meant(apart, name)?))) {
        return of_what_is_as(cx, victim, route, name, member).await;
    }
    let mut asked = Box::pin(plainly(cx, victim, route)).await?;
    for (name, member) in route.parameters.iter().filter_map(|known| Some((&known.name, tenancy::meant(apart, &known.name)?))) {
        let path = route.asking((&victim.object.id, cx.b()?.subject.as_deref().unwrap_or("me")), name, &encoded(&member.text()));
        let answer = cx.send(&Probe::get(&path).bearer(&cx.b()?.token)).await?;
        let label = format!("B: GET {} with the {} of A's object as {name}", route.path, member.name);
        asked.pieces.push(piece(&answer, label, leak_free(victim, &answer)));
    }
    Ok(asked)
}

/// A route as the object and the users alone fill it.
async fn plainly(cx: &Context, victim: &Victim, route: &Route) -> Result<Asked, Trouble> {
    if !concerns(route) {
        return plain(cx, victim, &route.filled(&victim.object.id, "me")).await;
    }
    let (a, b, id) = (cx.a()?, cx.b()?, victim.object.id.as_str());
    let (Some(of_a), Some(of_b)) = (&a.subject, &b.subject) else {
        if route.names_user() {
            return Ok(Asked { works: false, pieces: Vec::new() });
        }
        return compared(cx, victim, route, [id, "me"], [id, "me"]).await;
    };
    let mut asked = compared(cx, victim, route, [id, of_a], [id, of_a]).await?;
    if route.names_user() && route.takes_id() {
        if apart::are_counted_apart(cx).await? {
            return Ok(asked);
        }
        let mixed = compared(cx, victim, route, [id, of_a], [id, of_b]).await?;
        asked.pieces.extend(mixed.pieces);
    } else if route.names_user() {
        asked.pieces.push(own(cx, victim, route, of_b).await?);
    }
    Ok(asked)
}

/// A route whose path names what A's object is of, and B's is not: the organisation, the project.
async fn of_what_is_as(cx: &Context, victim: &Victim, route: &Route, name: &str, member: &Apart) -> Result<Asked, Trouble> {
    let (a, b, id) = (cx.a()?, cx.b()?, victim.object.id.as_str());
    let whose = a.subject.as_deref().unwrap_or("me");
    let nothing = missing_like(&member.text(), &cx.random(&format!("isolation.routes/{}/{name}", route.path)));
    let at = |value: &str| Probe::get(route.with_sample(name, value).filled(id, whose));
    let [as_a, as_b, missing] =
        [(member.text(), a), (member.text(), b), (nothing, b)].map(|(value, user)| at(&value).bearer(&user.token));
    let (as_a, as_b, missing) = tokio::try_join!(cx.once(&as_a), cx.send(&as_b), cx.send(&missing))?;
    let mut pieces = Vec::new();
    if let Some(of_b) = as_text(&member.of_b).filter(|_| route.takes_id()) {
        let answer = cx.send(&at(&of_b).bearer(&b.token)).await?;
        let label = format!("B: GET {} with the {} of B's own and A's object", route.path, member.name);
        pieces.push(piece(&answer, label, leak_free(victim, &answer)));
    }
    let judgement =
        if cx.target.is_read_by_others() { leak_free(victim, &as_b) } else { judged(true, [&as_a, &as_b, &missing], victim) };
    let label = format!("B: GET {} with the {} of A's object", route.path, member.name);
    pieces.push(piece(&as_b, label, judgement));
    Ok(Asked { works: as_a.is_success(), pieces })
}

/// A route that names neither an object nor a user: whoever asks, it shows what is theirs.
async fn plain(cx: &Context, victim: &Victim, path: &str) -> Result<Asked, Trouble> {
    let (as_a, as_b) = (Probe::get(path).bearer(&cx.a()?.token), Probe::get(path).bearer(&cx.b()?.token));
    let (as_a, as_b) = tokio::try_join!(cx.once(&as_a), cx.once(&as_b))?;
    let mut pieces = vec![piece(&as_b, format!("B: GET {path}"), leak_free(victim, &as_b))];
    if let Some(subject) = subject(cx, cx.a()?, victim).filter(|_| as_a.is_success() && as_b.is_success()) {
        let whose = asking(path, &naming(&subject));
        let answer = cx.send(&Probe::get(&whose).bearer(&cx.b()?.token)).await?;
        pieces.push(piece(&answer, format!("B: GET {path} with A in its query"), leak_free(victim, &answer)));
    }
    Ok(Asked { works: as_a.is_success(), pieces })
}

/// B at B's own path: a search or an export there shows B's own alone.
async fn own(cx: &Context, victim: &Victim, route: &Route, of_b: &str) -> Result<Evidence, Trouble> {
    let answer = cx.once(&Probe::get(route.filled(&victim.object.id, of_b)).bearer(&cx.b()?.token)).await?;
    let judgement = leak_free(victim, &answer);
    Ok(piece(&answer, format!("B: GET {} as B's own", route.path), judgement))
}

/// A asks with `own`, B with `tried` and with something of that form that nothing has.
async fn compared(cx: &Context, victim: &Victim, route: &Route, own: [&str; 2], tried: [&str; 2]) -> Result<Asked, Trouble> {
    let random = cx.random(&format!("isolation.routes/{}", route.path));
    let missing = if route.takes_id() {
        route.filled(&missing_like(tried[0], &random), tried[1])
    } else {
        route.filled(tried[0], &missing_like(tried[1], &random))
    };
    let (as_a, as_b) = (Probe::get(route.filled(own[0], own[1])), Probe::get(route.filled(tried[0], tried[1])));
    let (as_a, as_b, missing) =
        (as_a.bearer(&cx.a()?.token), as_b.bearer(&cx.b()?.token), Probe::get(missing).bearer(&cx.b()?.token));
    let (as_a, as_b, missing) = tokio::try_join!(cx.once(&as_a), cx.send(&as_b), cx.send(&missing))?;
    let works = as_a.is_success();
    let judgement = judged(route.takes_id(), [&as_a, &as_b, &missing], victim);
    Ok(Asked { works, pieces: vec![piece(&as_b, format!("B: GET {}", route.path), judgement)] })
}

/// An answer that holds anything that this run made as A is a leak. One that B gets for A's object and not for one that is not there is one
/// too; where the path only names a user, it may be a public profile, which is a remark. `is_own`: the path names what is A's.
pub(super) fn judged(is_own: bool, [as_a, as_b, missing]: [&Answer; 3], victim: &Victim) -> Judgement {
    let status = as_b.status;
    let shown = victim.is_shown_in(as_b);
    if shown || !as_b.is_success() {
        return judge::harmless(status, shown);
    }
    if let Some(member) = private_member(as_a, as_b) {
        return Judgement::broken(format!("{status} with what A's `{member}` is"));
    }
    let told = !missing.is_success() || (as_b.body == as_a.body && as_b.body != missing.body);
    match (told && as_a.is_success(), is_own) {
        (true, true) => {
            Judgement::broken(format!("{status}, but {} for an id that nothing has: A's object answers to B", missing.status))
        }
        (true, false) => Judgement::weak(format!("{status} with what A is answered, though nothing of this run is in it")),
        (false, _) => Judgement::held(format!("{status}, as for what is not there")),
    }
}

/// Members of a user that are nobody else's, in small letters and without `_`.
const PRIVATE: [&str; 8] = ["email", "phone", "phonenumber", "address", "birthdate", "dateofbirth", "ssn", "iban"];

/// The first member at the top of an answer, or of the one object in it, that B is told of A.
fn private_member(as_a: &Answer, as_b: &Answer) -> Option<String> {
    let (own, told) = (as_a.json()?, as_b.json()?);
    let inner = own.as_object()?.keys().filter(|name| told.get(name.as_str()).is_some_and(Value::is_object));
    let pairs = inner.map(|name| (own.get(name), told.get(name))).chain([(Some(&own), Some(&told))]);
    pairs.filter_map(|(own, told)| Some((own?.as_object()?, told?))).find_map(|(own, told)| {
        let same = |(name, value): &(&String, &Value)| {
            PRIVATE.contains(&name.to_ascii_lowercase().replace('_', "").as_str())
                && value.as_str().is_some_and(|text| !text.is_empty())
                && told.get(name.as_str()) == Some(*value)
        };
        own.iter().find(same).map(|(name, _)| name.clone())
    })
}
