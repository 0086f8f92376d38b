"use strict";
var __awaiter = (this && this.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.handler = void 0;
const path_1 = __importDefault(require("path"));
const routes_1 = require("./lib/routes");
const handler = (event) => __awaiter(void 0, void 0, void 0, function* () {
    var _a, _b;
    const request = (_b = (_a = event.Records) === null || _a === void 0 ? void 0 : _a[0]) === null || _b === void 0 ? void 0 : _b.cf.request;
    if (!path_1.default.extname(request.uri) && (0, routes_1.isPage)(request.uri)) {
        request.uri = "/index.html";
    }
    return yield Promise.resolve(request);
});
exports.handler = handler;
//# sourceMappingURL=index.js.map
