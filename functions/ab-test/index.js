'use strict';

/*
 * A/B test: shows each viewer one of two versions of a page, and stays with it.
 *
 * Triggers: viewer-request chooses the version and rewrites the URI; viewer-response remembers the choice in a cookie.
 *           Associate this one function with both.
 * Needs:    nothing from the policies. Leave the cookie out of the cache policy: the choice is in the URI, and the URI
 *           is in the cache key, so each version is cached once for everybody.
 * Why:      only viewer triggers run for cache hits too. A cookie set at origin-response would be cached with the page
 *           and hand one viewer's version to all of them.
 *
 * A rewritten URI keeps the cache behavior of the original one: the function runs where that behavior's path pattern
 * matches (/landing*), and the origin serves /variant-a/landing and /variant-b/landing.
 */

const { createHash } = require('node:crypto');

const VARIANTS = ['a', 'b'];
const COOKIE = new RegExp(`(?:^|;)\\s*variant=(${VARIANTS.join('|')})\\s*(?:;|$)`);
const THIRTY_DAYS = 30 * 24 * 60 * 60;

exports.handler = async (event) => {
  const { config, request, response } = event.Records[0].cf;
  const remembered = rememberedVariant(request);
  const variant = remembered ?? assignedVariant(request);

  if (config.eventType === 'viewer-request') {
    request.uri = `/variant-${variant}${request.uri}`;
    return request;
  }
  if (!remembered) {
    const cookie = `variant=${variant}; Path=/; Max-Age=${THIRTY_DAYS}; SameSite=Lax`;
    response.headers['set-cookie'] = [...(response.headers['set-cookie'] ?? []), { key: 'Set-Cookie', value: cookie }];
  }
  return response;
};

/** The variant in the viewer's cookie, if there is one; cookies may come on several header lines. */
function rememberedVariant({ headers }) {
  const cookies = (headers.cookie ?? []).map(({ value }) => value).join('; ');
  return cookies.match(COOKIE)?.[1];
}

/** A hash instead of a dice: both triggers, knowing nothing of each other, come to the same variant. */
function assignedVariant({ clientIp, headers }) {
  const userAgent = headers['user-agent']?.[0].value ?? '';
  const [firstByte] = createHash('sha256').update(`${clientIp} ${userAgent}`).digest();
  return VARIANTS[firstByte % VARIANTS.length];
}
