'use strict';

/*
 * Friendly error pages: replaces the body of the origin's 404, 410 and 5xx with a page for people.
 *
 * Trigger: origin-response.
 * Needs:   nothing from the policies.
 * Why:     it is the one trigger that runs for error statuses and may replace a body; viewer-response does neither. The
 *          page is cached as the error would have been, and only made again when that time is over.
 *
 * The status stays, so that search engines and monitors see what happened. Where the origin can't be reached at all no
 * response comes back and no function runs: give those 502 and 504 a custom error response of the distribution.
 */

const PAGES = {
  404: ['Nothing here', 'This page may have moved, or the link may have a typo.'],
  410: ['Gone for good', 'This page has been removed and will not come back.'],
};
const TROUBLE = ['Our fault', 'Something broke on our side. Please try again in a minute.'];

// They say things about the body that is thrown away
const ABOUT_THE_OLD_BODY = ['accept-ranges', 'content-encoding', 'content-length', 'etag', 'last-modified'];

exports.handler = async (event) => {
  const { response } = event.Records[0].cf;
  const status = Number(response.status);
  const words = PAGES[status] ?? (status >= 500 ? TROUBLE : undefined);
  if (!words) {
    return response;
  }

  const body = page(status, ...words);
  const { headers } = response;
  for (const name of ABOUT_THE_OLD_BODY) {
    delete headers[name];
  }
  headers['content-type'] = [{ key: 'Content-Type', value: 'text/html; charset=utf-8' }];
  // Transfer-Encoding is read-only here: it stays, and a response that has it must not have a Content-Length
  if (!headers['transfer-encoding']) {
    headers['content-length'] = [{ key: 'Content-Length', value: String(Buffer.byteLength(body)) }];
  }
  return { ...response, body, bodyEncoding: 'text' };
};

function page(status, title, advice) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<h1>${title}</h1>
<p>${advice} <a href="/">Back to the start</a></p>
<p><small>Error ${status}</small></p>
</html>
`;
}
