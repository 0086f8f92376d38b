/*
 * Form to JSON: an HTML form posts as forms do, the origin gets the JSON that its API wants.
 *
 * Trigger: origin-request, with Include Body on.
 * Needs:   a behavior that allows POST. Content-Type reaches this trigger without any policy.
 * Why:     at origin-request up to 1 MB of a body can be read, at viewer-request 40 KB.
 *
 * Only `action: 'replace'` makes a new body count. Its Content-Length is CloudFront's to write, the function may not;
 * Content-Type is the function's to correct. Fields that come more than once become arrays. A form that is too long to
 * be read whole is refused, since half of it would be worse.
 */

const MOST_BYTES = 1024 * 1024;

export const handler = async (event) => {
  const { request } = event.Records[0].cf;
  const { body, headers } = request;
  if (!body || !isForm(headers)) {
    return request;
  }

  const form = Buffer.from(body.data, body.encoding === 'base64' ? 'base64' : 'utf8').toString('utf8');
  const json = JSON.stringify(fieldsOf(new URLSearchParams(form)));
  if (body.inputTruncated || Buffer.byteLength(json) > MOST_BYTES) {
    return { status: '413', statusDescription: 'Content Too Large' };
  }

  body.action = 'replace';
  body.encoding = 'text';
  body.data = json;
  headers['content-type'] = [{ key: 'Content-Type', value: 'application/json' }];
  return request;
};

function isForm(headers) {
  const [type = ''] = (headers['content-type']?.[0].value ?? '').split(';');
  return type.trim().toLowerCase() === 'application/x-www-form-urlencoded';
}

function fieldsOf(form) {
  const names = [...new Set(form.keys())];
  return Object.fromEntries(names.map((name) => [name, oneOrAll(form.getAll(name))]));
}

function oneOrAll(values) {
  return values.length === 1 ? values[0] : values;
}
