'use strict';

/*
 * Sign-in wall: sends viewers without a session cookie to the sign-in page, which learns where they wanted to go.
 *
 * Trigger: viewer-request.
 * Needs:   nothing from the policies for itself. What lies behind the wall differs from viewer to viewer, so that
 *          behavior wants no caching, and an origin request policy that forwards the cookies.
 * Why:     it has to run before the cache is asked, or one viewer's hit would be everybody's. What this trigger answers
 *          is never cached.
 *
 * The cookie's presence is all that is checked here: enough to spare people an error page, not to keep anybody out.
 * The origin still has to verify the session.
 */

const SIGN_IN = '/sign-in';
const SESSION_COOKIE = /(?:^|;)\s*session=[^;\s]/;

exports.handler = async (event) => {
  const { request } = event.Records[0].cf;
  if (request.uri === SIGN_IN || hasSession(request)) {
    return request;
  }
  return {
    status: '302',
    statusDescription: 'Found',
    headers: {
      location: [{ key: 'Location', value: `${SIGN_IN}?return=${encodeURIComponent(wantedPage(request))}` }],
      'cache-control': [{ key: 'Cache-Control', value: 'no-store' }],
    },
  };
};

function hasSession({ headers }) {
  return (headers.cookie ?? []).some(({ value }) => SESSION_COOKIE.test(value));
}

/** Path and query. Browsers take a path that begins with two slashes for another host's URL: one slash is left. */
function wantedPage({ uri, querystring }) {
  const path = uri.replace(/^[/\\]+/, '/');
  return querystring ? `${path}?${querystring}` : path;
}
