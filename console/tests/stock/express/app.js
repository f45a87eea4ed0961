// A tasks API as a careful Express developer writes it from the documentation.
//
// Tasks have UUIDs and live in memory; lists come as {data: [...]}; PATCH is partial. Everything comes from the environment
// and nothing has a fallback: PORT, JWT_SECRET, JWT_ISSUER, JWT_AUDIENCE and CORS_ORIGINS (comma-separated); only HOST has a
// default, 0.0.0.0. FLAW names one mistake that people make here; without it there is none. With FLAW=ids-counted (each user's tasks are
// numbered from one), titles-capital (titles begin with a capital), deletion-idempotent (204 for whatever is not there) and
// history-undeclared (a route that nobody declared) there is none either.

import { randomUUID } from 'node:crypto';
import cors from 'cors';
import express from 'express';
import helmet from 'helmet';
import jwt from 'jsonwebtoken';
import { z } from 'zod';

function required(name) {
  const value = process.env[name];
  if (!value) {
    console.error(`${name} is not set`);
    process.exit(1);
  }
  return value;
}

const port = Number(required('PORT'));
const secret = required('JWT_SECRET');
const issuer = required('JWT_ISSUER');
const audience = required('JWT_AUDIENCE');
const flaw = process.env.FLAW;
const origins = required('CORS_ORIGINS').split(',').map((origin) => origin.trim());

// Storage: the tasks of each user by id. A lookup cannot be written without the user.

const tasksByUser = new Map();

function tasksOf(user) {
  if (!tasksByUser.has(user)) tasksByUser.set(user, new Map());
  return tasksByUser.get(user);
}

const trash = []; // only the flaw "trash-of-all" fills it

const counted = flaw === 'ids-counted';
const lastNumbers = new Map();

function nextId(user) {
  if (!counted) return randomUUID();
  lastNumbers.set(user, (lastNumbers.get(user) ?? 0) + 1);
  return lastNumbers.get(user);
}

function allTasks() {
  return new Map([...tasksByUser.values()].flatMap((tasks) => [...tasks]));
}

// Models

const capital = (text) => (flaw === 'titles-capital' ? text.charAt(0).toUpperCase() + text.slice(1) : text);
const title = z.string().trim().min(1).max(200).transform(capital);
const description = z.string().max(1000).nullable();
const TaskCreate = z.strictObject({ title, description: description.default(null) });
const TaskPatch = z.strictObject({ title, description, completed: z.boolean() }).partial();
const TaskId = counted ? z.string().regex(/^[1-9]\d{0,8}$/).transform(Number) : z.uuid().transform((id) => id.toLowerCase());

// Errors

class HttpError extends Error {
  constructor(status, message, headers = {}) {
    super(message);
    Object.assign(this, { status, headers, expose: true });
  }
}

// Authentication

function verify(token) {
  const options = { algorithms: ['HS256'], issuer, audience };
  switch (flaw) {
    case 'decode-only':
      return jwt.decode(token) ?? {};
    case 'expiry-ignored':
      return jwt.verify(token, secret, { ...options, ignoreExpiration: true });
    case 'default-secret':
      try {
        return jwt.verify(token, secret, options);
      } catch {
        return jwt.verify(token, 'secret', options);
      }
    default:
      return jwt.verify(token, secret, options);
  }
}

function authenticate(req, res, next) {
  if (flaw === 'reads-open' && req.method === 'GET') return next();
  if (flaw === 'deletion-open' && req.method === 'DELETE') return next();
  if (flaw === 'token-by-path' && !req.originalUrl.startsWith('/tasks')) return next();
  const [scheme, token] = (req.get('Authorization') ?? '').split(' ');
  try {
    if (scheme.toLowerCase() !== 'bearer') throw new Error('no bearer token');
    const claims = verify(token);
    if (typeof claims.sub !== 'string' || !claims.sub) throw new Error('no subject');
    if (typeof claims.exp !== 'number') throw new Error('no expiry');
    req.user = claims.sub;
    if (flaw === 'header-trusted') req.user = req.get('X-User-Id') ?? req.user;
    if (flaw === 'query-trusted') req.user = req.query.userId ?? req.user;
    if (flaw === 'subject-lowered') req.user = req.user.toLowerCase();
  } catch {
    throw new HttpError(401, 'Unauthorized', { 'WWW-Authenticate': 'Bearer' });
  }
  next();
}

// Resource

const tasks = express.Router();
tasks.use(authenticate);

tasks.param('id', (req, res, next, id) => {
  const anybodys = flaw === `owner-missing-${req.method.toLowerCase()}` || !req.user;
  const reachable = anybodys ? allTasks() : tasksOf(req.user);
  const { success, data } = TaskId.safeParse(id);
  const task = success ? reachable.get(data) : undefined;
  if (!task && flaw === 'deletion-idempotent' && req.method === 'DELETE') return res.status(204).end();
  if (!task) throw new HttpError(404, counted ? `Task ${id} does not exist` : 'Task not found');
  req.task = task;
  next();
});

function requireJson(req, res, next) {
  if (!req.is('application/json')) throw new HttpError(415, 'Send application/json');
  next();
}

function parse(schema, body) {
  const { success, data, error } = schema.safeParse(body);
  if (success) return data;
  throw new HttpError(422, z.prettifyError(error));
}

let latestUser; // only the flaw "user-shared" reads it

tasks.get('/', async (req, res) => {
  latestUser = req.user;
  if (flaw === 'user-shared') {
    await new Promise((resolve) => setTimeout(resolve, 5)); // where a query of a database would be awaited
    req.user = latestUser;
  }
  const total = flaw === 'total-of-all' ? { total: allTasks().size } : {};
  const operator = flaw === 'owner-operator' && typeof req.query['owner[$ne]'] === 'string';
  const listed = flaw === 'list-all' || operator || !req.user ? allTasks() : tasksOf(req.user);
  const data = [...listed.values()].filter((task) => !task.deletedAt);
  if (flaw === 'total-of-all-paged') {
    const [limit, offset] = [Number(req.query.limit ?? 10), Number(req.query.offset ?? 0)];
    return res.json({ data: data.slice(offset, offset + limit), total: allTasks().size });
  }
  res.json({ data, ...total });
});

tasks.post('/', requireJson, (req, res) => {
  const now = new Date().toISOString();
  const task = {
    id: nextId(req.user),
    ...(flaw === 'owner-operator' ? { owner: req.user } : {}),
    ...parse(TaskCreate, req.body),
    completed: false,
    createdAt: now,
    updatedAt: now,
  };
  tasksOf(req.user).set(task.id, task);
  res.status(201).location(`/tasks/${task.id}`).json(task);
});

// What hangs on a task, and what looks at tasks in ways that no document tells of: only these mistakes have them.

const notesOf = (task) => [{ id: 1, text: `a note on ${task.title}` }];
if (flaw === 'attachments-of-anybody') {
  tasks.get('/:task/attachments', (req, res) => {
    const task = allTasks().get(req.params.task);
    if (!task) throw new HttpError(404, 'Task not found');
    res.json({ data: notesOf(task) });
  });
}
if (flaw === 'history-undeclared') {
  tasks.get('/:id/history', (req, res) => res.json({ data: notesOf(req.task) }));
}
if (flaw === 'trash-of-all') {
  tasks.get('/trash', (req, res) => res.json({ data: trash }));
}

tasks.get('/:id', (req, res) => {
  res.json(req.task);
});

tasks.patch('/:id', requireJson, (req, res) => {
  const changes = flaw === 'mass-assignment' ? req.body : parse(TaskPatch, req.body);
  Object.assign(req.task, changes, { updatedAt: new Date().toISOString() });
  res.json(req.task);
});

tasks.delete('/:id', (req, res) => {
  if (flaw === 'trash-of-all') trash.push(req.task);
  if (flaw === 'soft-delete') req.task.deletedAt = new Date().toISOString();
  else for (const tasks of tasksByUser.values()) if (tasks.get(req.task.id) === req.task) tasks.delete(req.task.id);
  res.status(204).end();
});

// Application

function allowedOrigin() {
  const is = (test) => (origin, callback) => callback(null, Boolean(origin) && origins.some((allowed) => test(origin, allowed)));
  switch (flaw) {
    case 'cors-reflected':
      return true;
    case 'cors-ends-with':
      return is((origin, allowed) => origin.endsWith(new URL(allowed).host));
    case 'cors-includes':
      return is((origin, allowed) => origin.includes(new URL(allowed).host));
    case 'cors-localhost':
      return [...origins, 'http://localhost:3000'];
    default:
      return origins;
  }
}

const app = express();
app.use(
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    xFrameOptions: { action: 'deny' },
  }),
);
app.use(
  cors({
    origin: allowedOrigin(),
    methods: ['GET', 'POST', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type'],
    exposedHeaders: ['Location'],
    maxAge: 600,
  }),
);
app.use((req, res, next) => {
  if (flaw === 'cors-joined') res.set('Access-Control-Allow-Origin', origins.join(', '));
  if (flaw === 'cors-without-vary') res.removeHeader('Vary');
  res.set('Cache-Control', flaw === 'cached' ? 'public, max-age=60' : 'no-store');
  next();
});
app.use(express.json({ limit: '64kb' }));

app.get('/health', (req, res) => {
  res.json(flaw === 'health-environment' ? { status: 'ok', env: process.env } : { status: 'ok' });
});
app.use('/tasks', tasks);
if (flaw === 'static-files') app.use(express.static(import.meta.dirname, { dotfiles: 'allow' }));

app.use((req, res) => {
  res.status(404).json({ error: 'Not found' });
});

app.use((error, req, res, next) => {
  if (res.headersSent) return next(error);
  const status = error.status ?? 500;
  if (flaw === 'stack') return res.status(status).json({ error: error.message, stack: error.stack });
  if (status >= 500) console.error(error);
  const message = error instanceof HttpError ? error.message : status < 500 ? 'Bad request' : 'Internal server error';
  res.status(status).set(error.headers ?? {}).json({ error: message });
});

const server = app.listen(port, process.env.HOST ?? '0.0.0.0', (error) => {
  if (error) throw error;
  console.log(`listening on ${port}`);
});
process.on('SIGTERM', () => server.close(() => process.exit(0)));
