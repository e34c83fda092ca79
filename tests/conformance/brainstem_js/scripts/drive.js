// Works on the Kantata stand-in through brainstem-js, the way the vendor's own web client reads the API.
// Prints one JSON document with what the client library understood.
const domino = require('domino');
global.window = domino.createWindow('<html></html>');
global.document = global.window.document;
const Backbone = require('backbone');
const $ = require('jquery');
const { Model, Collection, StorageManager } = require('brainstem-js');

const [base, token] = process.argv.slice(2);
const requests = [];

// Only the transport is ours: brainstem builds the request and reads the answer.
Backbone.ajax = (options) => {
  const deferred = $.Deferred();
  const read = options.type === 'GET' && options.data;
  const url = read ? `${options.url}?${new URLSearchParams(options.data)}` : options.url;
  const body = read ? undefined : options.data || undefined;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  requests.push(`${options.type} ${url.slice(base.length)}`);
  fetch(url, { method: options.type, headers, body }).then(async (response) => {
    const text = await response.text();
    const data = text ? JSON.parse(text) : undefined;
    const xhr = { status: response.status, responseText: text, responseJSON: data };
    if (response.ok) {
      if (options.success) options.success(data, 'success', xhr);
      deferred.resolve(data, 'success', xhr);
    } else {
      if (options.error) options.error(xhr, 'error', text);
      deferred.reject(xhr, 'error', text);
    }
  });
  return deferred.promise({ abort() {} });
};

function model(key, root, associations) {
  const klass = class extends Model {};
  klass.associations = associations;
  Object.assign(klass.prototype, { brainstemKey: key, paramRoot: root, urlRoot: `${base}/api/v1/${key}` });
  const collection = class extends Collection {};
  Object.assign(collection.prototype, { model: klass, url: `${base}/api/v1/${key}` });
  manager.addCollection(key, collection);
  return klass;
}

const manager = StorageManager.get();
model('users', 'user', {});
const Workspace = model('workspaces', 'workspace', { participants: ['users'] });
const Story = model('stories', 'story', { workspace: 'workspaces', parent: 'stories', sub_stories: ['stories'] });
const TimeEntry = model('time_entries', 'time_entry', { workspace: 'workspaces', story: 'stories', user: 'users' });

const done = (promise) => new Promise((resolve, reject) => promise.then(resolve, reject));
const save = (record, include) => done(record.save({}, { include }));
const load = (name, options) => new Promise((resolve, reject) => {
  manager.loadCollection(name, { ...options, cache: false, success: resolve, error: (_c, xhr) => reject(xhr) });
});

async function main() {
  const workspace = new Workspace({ title: 'Grid study' });
  await save(workspace, ['participants']);
  const parent = new Story({ title: 'Phase', workspace_id: workspace.id });
  await save(parent, ['workspace']);
  const child = new Story({ title: 'Task', workspace_id: workspace.id, parent_id: parent.id });
  await save(child, ['workspace', 'parent']);
  for (let day = 1; day <= 5; day += 1) {
    const fields = { workspace_id: workspace.id, story_id: child.id, date_performed: `2026-11-0${day}`, time_in_minutes: 60 };
    await save(new TimeEntry(fields), ['workspace', 'user']);
  }

  const stories = await load('stories', { filters: { workspace_id: workspace.id, parents_only: true }, include: ['sub_stories'] });
  const entries = await load('time_entries', {
    filters: { workspace_id: workspace.id }, include: ['story', 'user'], order: 'date_performed:asc', perPage: 2, page: 1,
  });
  const dates = entries.pluck('date_performed');
  while (entries.hasNextPage()) {
    await done(entries.getNextPage());
    dates.push(...entries.pluck('date_performed'));
  }
  const entry = entries.last();
  const seen = {
    server_count: entries.getServerCount(),
    story_of_entry: entry.get('story').get('title'),
    user_of_entry: entry.get('user').get('full_name'),
    created_at_is_a_time: Number.isInteger(entry.get('created_at')),
  };
  const offset = await load('time_entries', { filters: {}, order: 'date_performed:asc', limit: 2, offset: 3 });
  const fromOffset = offset.pluck('date_performed');
  const only = await load('time_entries', { only: ['1', '4', '999'] });

  parent.set('title', 'Phase one');
  await save(parent, ['sub_stories']);
  const refused = await done(new Workspace({ title: '' }).save({}, {})).then(() => null, (xhr) => xhr);
  await done(entry.destroy({ wait: true }));
  const left = await load('time_entries', { filters: {} });

  console.log(JSON.stringify({
    workspace: workspace.id,
    participants: workspace.get('participants').pluck('full_name'),
    parent_of_child: child.get('parent').get('title'),
    stories: stories.pluck('title'),
    sub_stories: stories.first().get('sub_stories').pluck('title'),
    dates,
    ...seen,
    offset: fromOffset,
    only: only.pluck('id').sort(),
    renamed: parent.get('title'),
    refused: refused && { status: refused.status, errors: refused.responseJSON.errors },
    left: left.getServerCount(),
    requests,
  }));
}

main().catch((error) => { console.error(error.stack || JSON.stringify(error)); process.exit(1); });
