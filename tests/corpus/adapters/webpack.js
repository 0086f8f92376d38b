/******/ (() => { // webpackBootstrap
/******/ 	"use strict";
/******/ 	var __webpack_modules__ = ({
/***/ "./src/tenant.js":
/***/ ((__unused_webpack_module, __webpack_exports__, __webpack_require__) => {
__webpack_require__.r(__webpack_exports__);
__webpack_require__.d(__webpack_exports__, { tenantOf: () => (tenantOf) });
const tenantOf = (host) => host.split('.')[0];
/***/ }),
/***/ "crypto":
/***/ ((module) => { module.exports = require("crypto"); })
/******/ 	});
/******/ 	var __webpack_module_cache__ = {};
/******/ 	function __webpack_require__(moduleId) {
/******/ 		var cachedModule = __webpack_module_cache__[moduleId];
/******/ 		if (cachedModule !== undefined) { return cachedModule.exports; }
/******/ 		var module = __webpack_module_cache__[moduleId] = { exports: {} };
/******/ 		__webpack_modules__[moduleId](module, module.exports, __webpack_require__);
/******/ 		return module.exports;
/******/ 	}
/******/ 	(() => { __webpack_require__.d = (exports, definition) => {
/******/ 		for(var key in definition) { if(!Object.prototype.hasOwnProperty.call(exports, key)) {
/******/ 			Object.defineProperty(exports, key, { enumerable: true, get: definition[key] }); } } }; })();
/******/ 	(() => { __webpack_require__.r = (exports) => {
/******/ 		if(typeof Symbol !== 'undefined' && Symbol.toStringTag) { Object.defineProperty(exports, Symbol.toStringTag, { value: 'Module' }); }
/******/ 		Object.defineProperty(exports, '__esModule', { value: true }); }; })();
var __webpack_exports__ = {};
(() => {
__webpack_require__.r(__webpack_exports__);
__webpack_require__.d(__webpack_exports__, { handler: () => (handler) });
var _tenant__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__("./src/tenant.js");
var crypto__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__("crypto");
const handler = async (event) => {
  const { request } = event.Records[0].cf;
  const tenant = (0,_tenant__WEBPACK_IMPORTED_MODULE_0__.tenantOf)(request.headers.host[0].value);
  const digest = crypto__WEBPACK_IMPORTED_MODULE_1__.createHash('sha256').update(tenant).digest('hex').slice(0, 8);
  request.headers['x-tenant'] = [{ key: 'X-Tenant', value: `${tenant}-${digest}` }];
  return request;
};
})();
module.exports = __webpack_exports__;
/******/ })()
;
//# sourceMappingURL=index.js.map
