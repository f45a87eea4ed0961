"""A tasks API as a careful FastAPI developer writes it from the documentation.

The user's id stands in the path and must be the token's subject (403 otherwise); tasks have integer ids, lists are bare
arrays. Everything comes from the environment and nothing has a fallback: PORT, JWT_SECRET, JWT_ISSUER, JWT_AUDIENCE,
CORS_ORIGINS (comma-separated) and DATABASE (a SQLite file); only HOST has a default, 0.0.0.0.

FLAW names one mistake that people make here; without it there is none.
"""

import os
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Path, Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

JWT_SECRET = os.environ["JWT_SECRET"]
JWT_ISSUER = os.environ["JWT_ISSUER"]
JWT_AUDIENCE = os.environ["JWT_AUDIENCE"]
CORS_ORIGINS = [origin.strip() for origin in os.environ["CORS_ORIGINS"].split(",")]
DATABASE = os.environ["DATABASE"]
FLAW = os.environ.get("FLAW")

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


# Database


def connect() -> sqlite3.Connection:
    connection = sqlite3.connect(DATABASE, timeout=10, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = NORMAL")  # with a write-ahead log, commits need not wait for the disk
    return connection


def create_tables() -> None:
    with closing(connect()) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            """
            CREATE TABLE IF NOT EXISTS tasks (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                user_id TEXT NOT NULL,
                title TEXT NOT NULL,
                description TEXT,
                completed INTEGER NOT NULL DEFAULT 0,
                created_at TEXT NOT NULL,
                updated_at TEXT NOT NULL
            )
            """
        )
        connection.execute("CREATE INDEX IF NOT EXISTS tasks_of_user ON tasks (user_id, id)")
        connection.commit()


def database() -> Iterator[sqlite3.Connection]:
    with closing(connect()) as connection:
        with connection:  # commits, or rolls back when the handler raises
            yield connection


Database = Annotated[sqlite3.Connection, Depends(database)]


# Models


class TaskCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=200)
    description: str | None = Field(default=None, max_length=1000)
    if FLAW == "mass-assignment":
        user_id: str | None = None


class TaskUpdate(TaskCreate):
    completed: bool = False


class Task(BaseModel):
    id: int
    user_id: str
    title: str
    description: str | None
    completed: bool
    created_at: datetime
    updated_at: datetime


# Authentication

bearer = HTTPBearer(auto_error=FLAW != "token-optional")

OPTIONS: dict = {"require": ["exp", "iat", "iss", "aud", "sub"]}
if FLAW == "signature-off":
    OPTIONS |= {"verify_signature": False}
if FLAW == "expiry-off":
    OPTIONS |= {"verify_exp": False}
if FLAW == "audience-off":
    OPTIONS |= {"verify_aud": False}


def current_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
) -> str | None:
    if credentials is None:
        return None
    try:
        claims = jwt.decode(
            credentials.credentials,
            JWT_SECRET,
            algorithms=["HS256"],
            audience=JWT_AUDIENCE,
            issuer=JWT_ISSUER,
            options=OPTIONS,
        )
    except jwt.InvalidTokenError:
        claims = {}
    if not claims.get("sub"):
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED,
            "Could not validate credentials",
            {"WWW-Authenticate": "Bearer"},
        )
    return claims["sub"]


def owner(user_id: str, user: Annotated[str | None, Depends(current_user)]) -> str:
    if FLAW == "path-trusted" or user is None:
        return user_id
    if user_id != user:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Not your tasks")
    return user


Owner = Annotated[str, Depends(owner)]
TaskId = Annotated[int, Path(ge=1, le=2**63 - 1)]  # what SQLite can hold
if FLAW == "traceback":
    TaskId = int


# Application

app = FastAPI(
    title="Tasks",
    docs_url="/docs" if FLAW == "docs-public" else None,
    redoc_url=None,
    openapi_url="/openapi.json" if FLAW == "docs-public" else None,
    redirect_slashes=False,
    max_body_size=64 * 1024,
)


@app.middleware("http")
async def add_security_headers(request: Request, call_next):
    response = await call_next(request)
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


if FLAW == "traceback":

    @app.exception_handler(Exception)
    async def show_traceback(request: Request, error: Exception):
        return Response("".join(traceback.format_exception(error)), status.HTTP_500_INTERNAL_SERVER_ERROR)


# Added last, so outermost: every answer of the application passes it.
app.add_middleware(
    CORSMiddleware,
    allow_origins=["*"] if FLAW == "cors-star" else CORS_ORIGINS,
    allow_origin_regex=r"https://.*vercel.app" if FLAW == "cors-regex" else None,
    allow_credentials=FLAW == "cors-star",
    allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
    allow_headers=["Authorization", "Content-Type"],
)


@app.exception_handler(RequestValidationError)
async def validation_failed(request: Request, error: RequestValidationError):
    """Says what is wrong without repeating what was sent."""
    detail = [{key: part[key] for key in ("type", "loc", "msg")} for part in error.errors()]
    return JSONResponse({"detail": detail}, status.HTTP_422_UNPROCESSABLE_CONTENT)


@app.get("/health")
def health(response: Response) -> dict[str, str]:
    try:
        with closing(connect()) as connection:
            connection.execute("SELECT 1").fetchone()
    except sqlite3.Error:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return {"status": "unhealthy", "database": "disconnected"}
    return {"status": "ok", "database": "connected"}


def now() -> str:
    return datetime.now(UTC).isoformat()


# What a statement asks beside the id, so that it reaches only the user's own tasks.
OWN_ONLY = dict.fromkeys(("list", "read", "update", "toggle", "delete"), "user_id = ?")
if FLAW and FLAW.startswith("no-owner-"):
    OWN_ONLY[FLAW.removeprefix("no-owner-")] = "? IS NOT NULL"


def find(database: sqlite3.Connection, user: str, task_id: int, way: str = "read") -> sqlite3.Row:
    row = database.execute(
        f"SELECT * FROM tasks WHERE id = ? AND {OWN_ONLY[way]}", (task_id, user)
    ).fetchone()
    if row is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "Task not found")
    return row


CACHE: dict = {}  # only the flaw "cache-shared" reads it


@app.get("/api/{user_id}/tasks", response_model=list[Task])
def list_tasks(user: Owner, database: Database):
    if FLAW == "cache-shared" and "list" in CACHE:
        return CACHE["list"]
    rows = database.execute(f"SELECT * FROM tasks WHERE {OWN_ONLY['list']} ORDER BY id", (user,))
    tasks = [dict(row) for row in rows]
    CACHE["list"] = tasks
    return tasks


@app.post("/api/{user_id}/tasks", response_model=Task, status_code=status.HTTP_201_CREATED)
def create_task(task: TaskCreate, user: Owner, database: Database):
    CACHE.clear()
    time = now()
    cursor = database.execute(
        "INSERT INTO tasks (user_id, title, description, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (getattr(task, "user_id", None) or user, task.title, task.description, time, time),
    )
    row = database.execute("SELECT * FROM tasks WHERE id = ?", (cursor.lastrowid,)).fetchone()
    return dict(row)


@app.get("/api/{user_id}/tasks/{task_id}", response_model=Task)
def read_task(task_id: TaskId, user: Owner, database: Database):
    return dict(find(database, user, task_id))


@app.put("/api/{user_id}/tasks/{task_id}", response_model=Task)
def update_task(task_id: TaskId, task: TaskUpdate, user: Owner, database: Database):
    if FLAW == "checked-late":
        database.execute("UPDATE tasks SET title = ? WHERE id = ?", (task.title, task_id))
        database.commit()
    database.execute(
        "UPDATE tasks SET title = ?, description = ?, completed = ?, updated_at = ?"
        f" WHERE id = ? AND {OWN_ONLY['update']}",
        (task.title, task.description, task.completed, now(), task_id, user),
    )
    return dict(find(database, user, task_id, "update"))


@app.patch("/api/{user_id}/tasks/{task_id}/complete", response_model=Task)
def toggle_completion(task_id: TaskId, user: Owner, database: Database):
    database.execute(
        "UPDATE tasks SET completed = NOT completed, updated_at = ?"
        f" WHERE id = ? AND {OWN_ONLY['toggle']}",
        (now(), task_id, user),
    )
    return dict(find(database, user, task_id, "toggle"))


@app.delete("/api/{user_id}/tasks/{task_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_task(task_id: TaskId, user: Owner, database: Database):
    find(database, user, task_id, "delete")
    database.execute(f"DELETE FROM tasks WHERE id = ? AND {OWN_ONLY['delete']}", (task_id, user))


create_tables()

if __name__ == "__main__":
    uvicorn.run(
        app,
        host=os.environ.get("HOST", "0.0.0.0"),
        port=int(os.environ["PORT"]),
        server_header=False,
    )
