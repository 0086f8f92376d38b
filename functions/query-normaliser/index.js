'use strict';

/*
 * Query normaliser: one cached object where a shared link used to make a hundred. Drops the parameters of advertising
 * campaigns, and puts the others in order.
 *
 * Trigger: viewer-request.
 * Needs:   a cache policy that includes query strings; for CloudFront ?a=1&b=2 and ?b=2&a=1 are two objects.
 * Why:     the cache key is made right after this trigger, so this is the place to make it simpler. Scripts in the page
 *          still see the original address, only the origin does not.
 *
 * Written with a callback, as much older code is. Runtimes up to nodejs22.x take it; nodejs24.x refuses to start a
 * handler with three parameters, so write new functions as `async`, like the other samples.
 */

const CAMPAIGN = /^(?:utm_\w+|gclid|fbclid|msclkid)$/i;

exports.handler = (event, context, callback) => {
  const { request } = event.Records[0].cf;
  request.querystring = request.querystring
    .split('&')
    .filter((pair) => pair && !CAMPAIGN.test(nameOf(pair)))
    .sort(byName)
    .join('&');
  callback(null, request);
};

function nameOf(pair) {
  return pair.split('=', 1)[0];
}

/** Parameters of the same name stay in their order, which may mean something. */
function byName(one, other) {
  return Number(nameOf(one) > nameOf(other)) - Number(nameOf(one) < nameOf(other));
}
