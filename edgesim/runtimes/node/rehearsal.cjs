'use strict';
/* A function of no use, loaded once before there is a real one: see `rehearse` in bootstrap.cjs. */
exports.handler = async (event) => event;
