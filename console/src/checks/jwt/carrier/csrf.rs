//! Writes with the cookie of a session and without the CSRF token that belongs beside it.

use futures::future::join_all;

use crate::checks::{Act, Checked, Context, Judgement, Outcome, User};
use crate::http::{Answer, Credential, CsrfToken, Probe, Trouble, evidence};
use crate::run::{Evidence, EvidenceClass, Finding};

/// What is wrong with the CSRF token of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    /// No header; the cookies are there, since browsers attach them.
    Header,
    /// No header, on a page whose address has that of the front end in it: whoever looks for it there lets any page in.
    LookAlike,
    /// Neither header nor cookies.
    Everything,
    /// An empty header beside no cookie: two absent values are equal.
    Empty,
    /// A value that nobody was given.
    Wrong,
    /// The value of another user, beside the own cookies.
    Foreign,
    /// Header and cookies of another user: nothing binds them to the session.
    ForeignPair,
}

impl Lack {
    const ALL: [Self; 7] =
        [Self::Header, Self::LookAlike, Self::Everything, Self::Empty, Self::Wrong, Self::Foreign, Self::ForeignPair];

    const fn words(self) -> &'static str {
        match self {
            Self::Header => "without the header",
            Self::LookAlike => "without the header, from a page whose address has the front end's in it",
            Self::Everything => "without header and cookie",
            Self::Empty => "with an empty header",
            Self::Wrong => "with a value that nobody was given",
            Self::Foreign => "with the value of another user",
            Self::ForeignPair => "with header and cookie of another user",
        }
    }

    /// `write` by A, with this wrong; `None` where the CSRF tokens do not allow for it.
    fn on(self, cx: &Context, header: &str, write: Probe, tokens: &Tokens) -> Option<Probe> {
        let with = |probe: Probe, value: &Credential| probe.secret_header(header, "", value);
        Some(match self {
            Self::Header => write.of_a_foreign_page(),
            Self::LookAlike => {
                let (allowed, foreign) = (cx.target.origins.first()?, cx.random("jwt.carrier.csrf"));
                let page = format!("{allowed}.{foreign}.com");
                write.of_a_foreign_page().origin(&page).header("referer", format!("{page}/{allowed}/"))
            }
            // Without cookies of its own there is nothing more to leave out.
            Self::Everything => tokens.own.as_ref()?.cookies.as_ref().map(|_| write.without_csrf())?,
            Self::Empty => write.without_csrf().header(header, ""),
            Self::Wrong => write.header(header, cx.random("jwt.carrier.csrf")),
            Self::Foreign => with(write, &tokens.foreign()?.value),
            Self::ForeignPair => {
                let pair = tokens.foreign()?;
                with(write.without_csrf(), &pair.value).secret_header("cookie", "", pair.cookies.as_ref()?)
            }
        })
    }
}

/// The CSRF tokens of both users, as far as there are.
struct Tokens {
    own: Option<CsrfToken>,
    other: Option<CsrfToken>,
}

impl Tokens {
    fn of(cx: &Context) -> Self {
        let of = |user: &Option<User>| cx.client.csrf_of(&user.as_ref()?.token);
        Self { own: of(&cx.users.a), other: of(&cx.users.b) }
    }

    /// What it shows that both were given the same one: what guards a session is known to whoever has an account.
    fn shared(&self) -> Option<Evidence> {
        let (own, other) = (self.own.as_ref()?, self.other.as_ref()?);
        let label = "the CSRF tokens of both users";
        let same = own.value.expose() == other.value.expose();
        same.then(|| {
            Evidence::of(EvidenceClass::SelfReported, label, Finding::Broken, "they are one: anybody's opens every session")
        })
    }

    /// That of the other user, where it is another one.
    fn foreign(&self) -> Option<&CsrfToken> {
        let own = self.own.as_ref().map(|own| own.value.expose());
        self.other.as_ref().filter(|other| Some(other.value.expose()) != own)
    }
}

/// Creations with each thing wrong, and the other methods on an object of A's own without the header: all are refused, and nothing changes.
pub(in crate::checks::jwt) async fn csrf(cx: Context) -> Checked {
    let header = cx.target.csrf.as_ref().map(|csrf| csrf.header.clone()).unwrap_or_default();
    let tokens = Tokens::of(&cx);
    if tokens.own.is_none() {
        return unguarded(&cx, &header, &tokens).await;
    }
    let (created, changed) = tokio::try_join!(creations(&cx, &header, &tokens), changes(&cx))?;
    let pieces: Vec<_> = [created, changed].concat().into_iter().chain(tokens.shared()).collect();
    let held = pieces.iter().filter(|piece| piece.finding == Finding::Held).count();
    Ok(Outcome::of(format!("{held} of {} writes without the CSRF token refused", pieces.len()), pieces))
}

/// Where no CSRF token came from where the target says: writes that are carried out without one are the flaw. Where they are refused, there is
/// one somewhere else.
async fn unguarded(cx: &Context, header: &str, tokens: &Tokens) -> Checked {
    let at = cx.target.csrf.as_ref().map(|csrf| csrf.token.to_string()).unwrap_or_default();
    let pieces = creations(cx, header, tokens).await?;
    let broken = pieces.iter().filter(|piece| piece.finding == Finding::Broken).count();
    if broken == 0 {
        return Err(Trouble::NotGiven(format!(
            "no CSRF token {at} was handed out to A, and none of {} writes went without one",
            pieces.len()
        )));
    }
    Ok(Outcome::of(
        format!("no CSRF token {at} is handed out, and {broken} of {} creations went without one", pieces.len()),
        pieces,
    ))
}

async fn creations(cx: &Context, header: &str, tokens: &Tokens) -> Result<Vec<Evidence>, Trouble> {
    let a = cx.a()?;
    let sent = Lack::ALL.map(async |lack| {
        let canary = cx.objects.announce(a).await?;
        let write = Probe::post(cx.list_path(a), &cx.target.resource.body(&canary)).bearer(&a.token);
        let Some(probe) = lack.on(cx, header, write, tokens) else { return Ok(None) };
        let answer = cx.send(&probe).await?;
        cx.made(a, &answer).await;
        Ok(Some((lack, canary, answer)))
    });
    let sent = join_all(sent).await.into_iter().collect::<Result<Vec<_>, Trouble>>()?;
    let list = cx.send(&cx.list(a)).await?;
    let pieces = sent.into_iter().flatten().map(|(lack, canary, answer)| {
        let made = list.contains(&canary) || (answer.is_success() && answer.contains(&canary));
        let judgement =
            if list.is_success() { judge(lack, made, &answer) } else { Judgement::unclear("the list could not be read back") };
        evidence(&answer, format!("POST {}", lack.words()), judgement.finding, judgement.observed)
    });
    Ok(pieces.collect())
}

/// Changing and deleting an own object with the cookies alone.
async fn changes(cx: &Context) -> Result<Vec<Evidence>, Trouble> {
    let a = cx.a()?;
    let acts = [Act::Put, Act::Patch, Act::Toggle, Act::Delete].into_iter().filter(|act| act.is_declared(cx));
    let tried = acts.map(async |act| {
        let object = cx.objects.create(a).await?;
        let title = format!("{} without the CSRF token", object.canary);
        let Some(path) = act.path(cx, a, &object.id) else { return Ok(None) };
        let answer = cx.send(&act.probe(cx, &path, &title).bearer(&a.token).of_a_foreign_page()).await?;
        let judgement = judge(Lack::Header, answer.is_success(), &answer);
        Ok(Some(evidence(&answer, format!("{} {}", act.word(), Lack::Header.words()), judgement.finding, judgement.observed)))
    });
    let tried = join_all(tried).await.into_iter().collect::<Result<Vec<_>, Trouble>>()?;
    Ok(tried.into_iter().flatten().collect())
}

/// Judges one write by whether it `happened`. A pair that nothing binds to the session serves only who can set cookies for the service's host.
fn judge(lack: Lack, happened: bool, answer: &Answer) -> Judgement {
    let status = answer.status;
    match happened {
        true if lack == Lack::ForeignPair => {
            Judgement::weak(format!("{status}: carried out, so nothing binds the pair to the session"))
        }
        true => Judgement::broken(format!("{status}: carried out")),
        false if matches!(status, 400..=499) => Judgement::held(format!("{status}, nothing happened")),
        false if status >= 500 => Judgement::unclear(format!("{status}: the service did not answer")),
        false => Judgement::weak(format!("{status} instead of a refusal; nothing happened")),
    }
}
