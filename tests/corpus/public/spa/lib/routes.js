"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.isPage = isPage;
function isPage(uri) {
    return !uri.startsWith("/api/");
}
