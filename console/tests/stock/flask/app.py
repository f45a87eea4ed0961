"""A to-do API as a careful Flask developer writes it from the documentation.

Users sign up and log in for a token, and the token says who asks. To-dos have integer ids, lists come as {"todos": [...]},
PATCH is partial, and the paths end with a slash. Everything comes from the environment and nothing has a fallback: PORT,
JWT_SECRET, JWT_ISSUER, JWT_AUDIENCE, CORS_ORIGINS (comma-separated) and DATABASE (a SQLite file); only HOST has a default,
0.0.0.0.

FLAW names one mistake that people make here; without it there is none.
"""

import os
import sqlite3
import traceback
from contextlib import closing
from datetime import UTC, datetime, timedelta

from flask import Flask, abort, g, request
from flask_cors import CORS
from flask_jwt_extended import JWTManager, create_access_token, current_user, get_jwt, jwt_required
from waitress import serve
from werkzeug.exceptions import HTTPException
from werkzeug.security import check_password_hash, generate_password_hash

CORS_ORIGINS = [origin.strip() for origin in os.environ["CORS_ORIGINS"].split(",")]
MAX_ID = 2**63 - 1  # what SQLite can hold
FLAW = os.environ.get("FLAW")

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

app = Flask(__name__, static_folder=None)
app.config.update(
    DATABASE=os.environ["DATABASE"],
    MAX_CONTENT_LENGTH=64 * 1024,
    JWT_SECRET_KEY=os.environ["JWT_SECRET"],
    JWT_ACCESS_TOKEN_EXPIRES=timedelta(minutes=15),
    JWT_ENCODE_ISSUER=os.environ["JWT_ISSUER"],
    JWT_DECODE_ISSUER=os.environ["JWT_ISSUER"],
    JWT_ENCODE_AUDIENCE=os.environ["JWT_AUDIENCE"],
    JWT_DECODE_AUDIENCE=os.environ["JWT_AUDIENCE"],
)
match FLAW:
    case "leeway-hour":
        app.config.update(JWT_DECODE_LEEWAY=timedelta(hours=1))
    case "expiry-never":
        app.config.update(JWT_ACCESS_TOKEN_EXPIRES=False)
    case "token-in-query":
        app.config.update(JWT_TOKEN_LOCATION=["headers", "query_string"])
    case "token-in-cookie":
        app.config.update(JWT_TOKEN_LOCATION=["headers", "cookies"], JWT_COOKIE_CSRF_PROTECT=False)
    case "token-in-body":
        app.config.update(JWT_TOKEN_LOCATION=["headers", "json"])
jwt = JWTManager(app)

cors = {
    "origins": CORS_ORIGINS,
    "methods": ["GET", "POST", "PATCH", "DELETE"],
    "allow_headers": ["Authorization", "Content-Type"],
    "max_age": 600,
    "always_send": False,
}
match FLAW:
    case "cors-defaults":
        cors = {}
    case "cors-credentials":
        cors = {"supports_credentials": True}
    case "cors-regex-dots":
        cors["origins"] = [f"^{origin}$" for origin in CORS_ORIGINS]
    case "cors-regex-end":
        cors["origins"] = [origin.replace(".", r"\.") for origin in CORS_ORIGINS]
CORS(app, **cors)


@app.after_request
def add_headers(response):
    response.vary.add("Origin")
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@app.errorhandler(HTTPException)
def problem(error):
    response = error.get_response()
    response.data = app.json.dumps({"error": error.name})
    response.content_type = "application/json"
    return response


if FLAW == "traceback":

    @app.errorhandler(Exception)
    def show_traceback(error):
        return traceback.format_exc(), 500


# Database


def connect():
    connection = sqlite3.connect(app.config["DATABASE"], timeout=10)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")  # with a write-ahead log, commits need not wait for the disk
    return connection


def create_tables():
    with closing(connect()) as connection:
        connection.executescript(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE IF NOT EXISTS users (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                email TEXT NOT NULL UNIQUE COLLATE NOCASE,
                password_hash TEXT NOT NULL
            );
            CREATE TABLE IF NOT EXISTS revoked_tokens (
                jti TEXT PRIMARY KEY,
                user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE
            );
            CREATE TABLE IF NOT EXISTS todos (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                task TEXT NOT NULL,
                is_done INTEGER NOT NULL DEFAULT 0,
                created_at TEXT NOT NULL
            );
            CREATE INDEX IF NOT EXISTS todos_of_user ON todos (user_id, id);
            """
        )


def database():
    if "database" not in g:
        g.database = connect()
    return g.database


@app.teardown_appcontext
def close_database(error):
    if "database" in g:
        g.database.close()


def first(sql, *values):
    return database().execute(sql, values).fetchone()


def execute(sql, *values):
    with database() as connection:  # commits, or rolls back
        return connection.execute(sql, values)


# Input


def body(**fields):
    """The members of a JSON object, each checked by the function of its name; any other member is refused."""
    sent = request.get_json()
    if not isinstance(sent, dict) or not sent.keys() <= fields.keys():
        abort(422)
    if not all(fields[name](value) for name, value in sent.items()):
        abort(422)
    return sent


def text(longest):
    return lambda value: isinstance(value, str) and 0 < len(value.strip()) <= longest and is_storable(value)


def is_storable(value):
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def boolean(value):
    return isinstance(value, bool)


# Authentication

NOBODYS_HASH = generate_password_hash("nobody's")  # compared for unknown names, so that they take as long


@jwt.invalid_token_loader
@jwt.expired_token_loader
@jwt.revoked_token_loader
@jwt.unauthorized_loader
@jwt.user_lookup_error_loader
@jwt.token_verification_failed_loader
def unauthorized(*reason):
    return {"error": "Unauthorized"}, 401, {"WWW-Authenticate": "Bearer"}


@jwt.token_verification_loader
def is_complete(header, claims):
    return FLAW == "expiry-never" or "exp" in claims and "jti" in claims


@jwt.token_in_blocklist_loader
def is_revoked(header, claims):
    return first("SELECT 1 FROM revoked_tokens WHERE jti = ?", claims["jti"]) is not None


@jwt.user_lookup_loader
def find_user(header, claims):
    subject = claims["sub"]
    if not (subject.isascii() and subject.isdecimal() and str(int(subject)) == subject and int(subject) <= MAX_ID):
        return None
    return first("SELECT id FROM users WHERE id = ?", int(subject))


def credentials():
    sent = body(email=text(254), password=text(128))
    if sent.keys() != {"email", "password"}:
        abort(422)
    return sent["email"], sent["password"]


@app.post("/auth/signup")
def sign_up():
    email, password = credentials()
    if len(password) < 8:
        abort(422)
    try:
        user = execute("INSERT INTO users (email, password_hash) VALUES (?, ?)", email, generate_password_hash(password))
    except sqlite3.IntegrityError:
        abort(409)
    return {"id": user.lastrowid, "email": email}, 201


@app.post("/auth/login")
def log_in():
    email, password = credentials()
    user = first("SELECT id, password_hash FROM users WHERE email = ?", email)
    if FLAW == "unknown-name" and not user:
        return {"error": "No such user"}, 404
    if not check_password_hash(user["password_hash"] if user else NOBODYS_HASH, password) or not user:
        return unauthorized()
    return {"access_token": create_access_token(str(user["id"])), "token_type": "Bearer"}


@app.post("/auth/logout")
@jwt_required()
def log_out():
    if FLAW != "logout-nothing":
        execute("INSERT INTO revoked_tokens (jti, user_id) VALUES (?, ?)", get_jwt()["jti"], current_user["id"])
    return "", 204


@app.delete("/auth/me")
@jwt_required()
def delete_account():
    execute("DELETE FROM users WHERE id = ?", current_user["id"])
    return "", 204


if FLAW == "preflight-refused":

    @app.before_request
    def require_token():
        if request.path.startswith("/api/") and "Authorization" not in request.headers:
            abort(401)


# To-dos


def as_json(row):
    return {
        "id": row["id"],
        "task": row["task"],
        "is_done": bool(row["is_done"]),
        "created_at": row["created_at"],
    }


def find(id):
    if id > MAX_ID and FLAW != "traceback":
        abort(404)
    if FLAW == "owner-missing":
        return first("SELECT * FROM todos WHERE id = ?", id) or abort(404)
    return first("SELECT * FROM todos WHERE id = ? AND user_id = ?", id, current_user["id"]) or abort(404)


@app.get("/api/todos/")
@jwt_required(optional=FLAW == "token-optional")
def list_todos():
    if FLAW == "token-optional" and not current_user:
        return {"todos": [as_json(row) for row in database().execute("SELECT * FROM todos")]}
    condition = "user_id = ?"
    if FLAW == "search-unscoped" and "q" in request.args:
        condition = "user_id = ? OR task LIKE '%' || ? || '%'"
    values = (current_user["id"], request.args.get("q"))
    rows = database().execute(f"SELECT * FROM todos WHERE {condition} ORDER BY id", values[: condition.count("?")])
    return {"todos": [as_json(row) for row in rows]}


@app.post("/api/todos/")
@jwt_required()
def create_todo():
    owner = {"user_id": lambda value: isinstance(value, int)} if FLAW == "mass-assignment" else {}
    todo = {"is_done": False, "user_id": current_user["id"]} | body(task=text(200), is_done=boolean, **owner)
    if "task" not in todo:
        abort(422)
    created = execute(
        "INSERT INTO todos (user_id, task, is_done, created_at) VALUES (?, ?, ?, ?)",
        todo["user_id"],
        todo["task"],
        todo["is_done"],
        datetime.now(UTC).isoformat(),
    )
    return as_json(first("SELECT * FROM todos WHERE id = ?", created.lastrowid)), 201


if FLAW == "sql-built":

    @app.get("/api/todos/<id>/")
    @jwt_required()
    def read_by_text(id):
        try:
            return as_json(first(f"SELECT * FROM todos WHERE user_id = {current_user['id']} AND id = {id}") or abort(404))
        except sqlite3.Error:
            abort(404)


@app.get("/api/todos/<int:id>/")
@jwt_required()
def read_todo(id):
    return as_json(find(id))


@app.patch("/api/todos/<int:id>/")
@jwt_required()
def update_todo(id):
    todo = dict(find(id)) | body(task=text(200), is_done=boolean)
    execute("UPDATE todos SET task = ?, is_done = ? WHERE id = ?", todo["task"], todo["is_done"], id)
    return as_json(find(id))


@app.delete("/api/todos/<int:id>/")
@jwt_required()
def delete_todo(id):
    find(id)
    execute("DELETE FROM todos WHERE id = ?", id)
    return "", 204


@app.get("/health")
def health():
    try:
        first("SELECT 1")
    except sqlite3.Error:
        return {"status": "unhealthy", "database": "disconnected"}, 503
    return {"status": "ok", "database": "connected"}


create_tables()

if __name__ == "__main__":
    serve(app, host=os.environ.get("HOST", "0.0.0.0"), port=int(os.environ["PORT"]), threads=8, ident=None)
