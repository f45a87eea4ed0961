//! Cards that live in boards: named by the path, `/boards/{board}/cards`, or by the body, `{"board_id": …}`. Token, origin and headers are the
//! twin's own rooms.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::to_bytes;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::twin::app::entrance;
use crate::twin::verifier::{self, Kind, Subject};
use crate::twin::{Flaws, House, cors, headers, problem};

/// The name of a board that each user has from the beginning.
const INBOX: &str = "inbox";

/// What is wrong with the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Nothing.
    Nothing,
    /// A card is looked up by its id alone, whatever board the path names.
    CardById,
    /// Whose the board of the path is, no card asks.
    BoardOfAnybody,
    /// Whose the board of the path is, the list does not ask.
    ListOfAnybody,
    /// Nor does a creation.
    CreatesAnywhere,
    /// A change moves a card to any board.
    MovesAnywhere,
    /// A board is shown to everybody.
    ShowsBoards,
    /// Anybody may rename one.
    RenamesBoards,
    /// Anybody may delete one.
    DeletesBoards,
    /// Whoever says that a card is to be in a board of theirs may change it.
    ChangesByItsBody,
    /// The list shows what is in any board that the query names.
    FiltersAnywhere,
}

#[derive(Clone)]
struct Card {
    board: u64,
    title: String,
    done: bool,
}

#[derive(Default)]
struct Store {
    next: u64,
    boards: BTreeMap<u64, (String, String)>,
    cards: BTreeMap<u64, Card>,
}

struct Boards {
    wrong: Wrong,
    /// Whether a board with cards in it is kept.
    restricts: bool,
    /// Whether each user has a board that is there before any other, for cards that name none.
    inboxes: bool,
    house: Arc<House>,
    store: Mutex<Store>,
}

/// A running backend; dropping it stops it.
pub(crate) struct Running {
    pub(crate) base: String,
    boards: Arc<Boards>,
    _stop: DropGuard,
}

impl Running {
    pub(crate) async fn start(wrong: Wrong, restricts: bool) -> Self {
        Self::start_with(wrong, restricts, false).await
    }

    /// The same where each user has an inbox.
    pub(crate) async fn start_with_inboxes(wrong: Wrong) -> Self {
        Self::start_with(wrong, false, true).await
    }

    async fn start_with(wrong: Wrong, restricts: bool, inboxes: bool) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let house = Arc::new(House::new(Kind::Shared, console::target::Carrier::Bearer, Flaws::of(&[]), None));
        let boards = Arc::new(Boards { wrong, restricts, inboxes, house: Arc::clone(&house), store: Mutex::default() });
        let router = Router::new()
            .merge(entrance().with_state(Arc::clone(&house)))
            .fallback(answer)
            .layer(from_fn_with_state(Arc::clone(&house), verifier::lift))
            .layer(from_fn_with_state(Arc::clone(&house), cors::gate))
            .layer(from_fn_with_state(Arc::clone(&house), headers::dress))
            .with_state(Arc::clone(&boards));
        let stop = CancellationToken::new();
        tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned()).into_future());
        Self { base, boards, _stop: stop.drop_guard() }
    }

    /// Makes a board of this user's that no run made.
    pub(crate) fn keep_board_of(&self, owner: &str) {
        self.boards.store().boards.insert(1, (owner.to_owned(), "mine".to_owned()));
    }

    /// Boards and cards that are still there, but for inboxes.
    pub(crate) fn left(&self) -> (usize, usize) {
        let store = self.boards.store();
        (store.boards.values().filter(|(_, name)| name != INBOX).count(), store.cards.len())
    }
}

/// What a path means.
#[derive(Clone, Copy)]
enum Place {
    Boards,
    Board(u64),
    CardsOf(u64),
    CardOf(u64, u64),
    Cards,
    Card(u64),
}

fn place(path: &str) -> Option<Place> {
    let parts: Vec<_> = path.trim_start_matches('/').split('/').collect();
    Some(match parts.as_slice() {
        ["boards"] => Place::Boards,
        ["boards", board] => Place::Board(board.parse().ok()?),
        ["boards", board, "cards"] => Place::CardsOf(board.parse().ok()?),
        ["boards", board, "cards", card] => Place::CardOf(board.parse().ok()?, card.parse().ok()?),
        ["cards"] => Place::Cards,
        ["cards", card] => Place::Card(card.parse().ok()?),
        _ => return None,
    })
}

async fn answer(State(boards): State<Arc<Boards>>, request: Request) -> Response {
    if request.uri().path() == "/health" {
        return Json(json!({ "state": { "database": "fine" }, "build": { "rev": "3f9d1c2ab4" } })).into_response();
    }
    let Some(place) = place(request.uri().path()) else { return problem::NOT_FOUND.into_response() };
    let (mut parts, body) = request.into_parts();
    let subject = match Subject::from_request_parts(&mut parts, &boards.house).await {
        Ok(Subject(subject)) => subject,
        Err(refused) => return refused,
    };
    let Ok(bytes) = to_bytes(body, 1 << 16).await else { return problem::TOO_LARGE.into_response() };
    let typed = parts.headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !typed || (!bytes.is_empty() && !parts.headers.contains_key(header::CONTENT_TYPE)) {
        return problem::UNSUPPORTED.into_response();
    }
    let body = serde_json::from_slice::<Value>(&bytes).unwrap_or_default();
    let named = parts.uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("board_id=")?.parse().ok()));
    boards.act(place, &parts.method, &subject, &body, named).unwrap_or_else(|status| match status {
        404 => problem::NOT_FOUND.into_response(),
        405 => problem::METHOD_NOT_ALLOWED.into_response(),
        422 => problem::UNPROCESSABLE.into_response(),
        other => (StatusCode::from_u16(other).expect("a status"), Json(json!({ "status": other }))).into_response(),
    })
}

type Acted = Result<Response, u16>;

impl Boards {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().expect("no panic")
    }

    /// The subject's inbox, made when it is first needed.
    fn inbox(&self, subject: &str) -> Option<u64> {
        let mut store = self.store();
        let found = store.boards.iter().find(|(_, (owner, name))| owner == subject && name == INBOX).map(|(id, _)| *id);
        self.inboxes.then(|| {
            found.unwrap_or_else(|| {
                store.next += 1;
                let id = store.next;
                store.boards.insert(id, (subject.to_owned(), INBOX.to_owned()));
                id
            })
        })
    }

    /// `named`: the board that the query asks for.
    fn act(&self, place: Place, method: &Method, subject: &str, body: &Value, named: Option<u64>) -> Acted {
        match place {
            Place::Boards => self.boards(method, subject, body),
            Place::Board(board) => self.board(board, method, subject, body),
            Place::CardsOf(board) => {
                let open = match *method {
                    Method::GET | Method::HEAD => Wrong::ListOfAnybody,
                    _ => Wrong::CreatesAnywhere,
                };
                self.may(board, subject, open)?;
                self.cards(&[board], Some(board), method, body)
            }
            Place::CardOf(board, card) => {
                self.may(board, subject, Wrong::BoardOfAnybody)?;
                let is_in = self.store().cards.get(&card).is_some_and(|found| found.board == board);
                if is_in || self.wrong == Wrong::CardById { self.card(card, method, subject, body) } else { Err(404) }
            }
            Place::Cards => {
                let own: Vec<_> =
                    self.store().boards.iter().filter(|(_, (owner, _))| owner == subject).map(|(id, _)| *id).collect();
                if let Some(board) = named.filter(|_| self.wrong == Wrong::FiltersAnywhere) {
                    return self.cards(&[board], None, method, body);
                }
                let into = body.get("board_id").and_then(Value::as_u64);
                if let Some(board) = into {
                    self.may(board, subject, Wrong::CreatesAnywhere)?;
                }
                self.cards(&own, into.or_else(|| self.inbox(subject)), method, body)
            }
            Place::Card(card) => {
                let board = self.store().cards.get(&card).map(|found| found.board).ok_or(404_u16)?;
                let own = body.get("board_id").and_then(Value::as_u64).filter(|_| self.wrong == Wrong::ChangesByItsBody);
                self.may(own.unwrap_or(board), subject, Wrong::CardById)?;
                self.card(card, method, subject, body)
            }
        }
    }

    /// The board is the subject's own, unless what is `open` here is wrong.
    fn may(&self, board: u64, subject: &str, open: Wrong) -> Result<(), u16> {
        let owner = self.store().boards.get(&board).map(|(owner, _)| owner.clone()).ok_or(404_u16)?;
        if owner == subject || self.wrong == open { Ok(()) } else { Err(404) }
    }

    fn boards(&self, method: &Method, subject: &str, body: &Value) -> Acted {
        let mut store = self.store();
        match *method {
            Method::POST => {
                let name = body.get("name").and_then(Value::as_str).ok_or(422_u16)?.to_owned();
                store.next += 1;
                let id = store.next;
                store.boards.insert(id, (subject.to_owned(), name.clone()));
                Ok((StatusCode::CREATED, Json(json!({ "id": id, "name": name }))).into_response())
            }
            Method::GET | Method::HEAD => {
                let own = store.boards.iter().filter(|(_, (owner, _))| owner == subject);
                Ok(Json(own.map(|(id, (_, name))| json!({ "id": id, "name": name })).collect::<Vec<_>>()).into_response())
            }
            _ => Err(405),
        }
    }

    fn board(&self, board: u64, method: &Method, subject: &str, body: &Value) -> Acted {
        let open = match *method {
            Method::DELETE => Wrong::DeletesBoards,
            Method::PATCH => Wrong::RenamesBoards,
            _ => Wrong::ShowsBoards,
        };
        self.may(board, subject, open)?;
        let mut store = self.store();
        match *method {
            Method::GET | Method::HEAD => {
                let name = store.boards.get(&board).map(|(_, name)| name.clone());
                Ok(Json(json!({ "id": board, "name": name })).into_response())
            }
            Method::PATCH => {
                let name = body.get("name").and_then(Value::as_str).ok_or(422_u16)?.to_owned();
                store.boards.entry(board).and_modify(|(_, kept)| kept.clone_from(&name));
                Ok(Json(json!({ "id": board, "name": name })).into_response())
            }
            Method::DELETE if self.restricts && store.cards.values().any(|card| card.board == board) => Err(409),
            Method::DELETE => {
                store.boards.remove(&board);
                store.cards.retain(|_, card| card.board != board);
                Ok(StatusCode::NO_CONTENT.into_response())
            }
            _ => Err(405),
        }
    }

    fn cards(&self, shown: &[u64], into: Option<u64>, method: &Method, body: &Value) -> Acted {
        let mut store = self.store();
        match *method {
            Method::POST => {
                let card = Card { board: into.ok_or(422_u16)?, title: title(body)?.ok_or(422_u16)?, done: false };
                store.next += 1;
                let id = store.next;
                store.cards.insert(id, card.clone());
                Ok((StatusCode::CREATED, Json(told(id, &card))).into_response())
            }
            Method::GET | Method::HEAD => {
                let cards = store.cards.iter().filter(|(_, card)| shown.contains(&card.board));
                Ok(Json(cards.map(|(id, card)| told(*id, card)).collect::<Vec<_>>()).into_response())
            }
            _ => Err(405),
        }
    }

    fn card(&self, id: u64, method: &Method, subject: &str, body: &Value) -> Acted {
        if let Some(board) = body.get("board_id").and_then(Value::as_u64) {
            self.may(board, subject, Wrong::MovesAnywhere)?;
        }
        let mut store = self.store();
        match *method {
            Method::GET | Method::HEAD => {}
            Method::DELETE => {
                store.cards.remove(&id);
                return Ok(StatusCode::NO_CONTENT.into_response());
            }
            Method::PATCH => {
                let changed = title(body)?;
                let card = store.cards.get_mut(&id).ok_or(404_u16)?;
                card.title = changed.unwrap_or_else(|| card.title.clone());
                card.done = body.get("done").and_then(Value::as_bool).unwrap_or(card.done);
                card.board = body.get("board_id").and_then(Value::as_u64).unwrap_or(card.board);
            }
            _ => return Err(405),
        }
        store.cards.get(&id).map(|card| Json(told(id, card)).into_response()).ok_or(404)
    }
}

fn title(body: &Value) -> Result<Option<String>, u16> {
    let members = body.as_object().ok_or(422_u16)?;
    match members.get("title") {
        None => Ok(None),
        Some(Value::String(text)) if (1..=200).contains(&text.chars().count()) && !text.contains('\0') => Ok(Some(text.clone())),
        Some(_) => Err(422),
    }
}

fn told(id: u64, card: &Card) -> Value {
    json!({ "id": id, "board_id": card.board, "title": card.title, "done": card.done })
}
