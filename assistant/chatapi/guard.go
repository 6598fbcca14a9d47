package chatapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// checkHost refuses names that the configuration does not have. DNS rebinding
// points a page's own name at this machine, which gets around the browser's
// same-origin policy. It needs a name for that.
func (h *Handler) checkHost(r *http.Request) *fault {
	host := hostname(r.Host)
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return nil
	}
	for _, allowed := range h.config.Hosts {
		if allowed == "*" || host != "" && strings.EqualFold(strings.TrimSuffix(allowed, "."), host) {
			return nil
		}
	}
	return &fault{status: http.StatusForbidden, code: "host_not_allowed", message: "the Host header is not a name of this server; its operator can allow it"}
}

// hostname is a Host header without port and brackets, in lower case.
func hostname(hostport string) string {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		host, port = hostport, ""
	}
	if strings.Trim(port, "0123456789") != "" {
		return ""
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(inner, "]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// checkOrigin refuses what a browser sends for a page of another origin.
// Programs other than browsers send neither header and pass.
func (h *Handler) checkOrigin(r *http.Request) *fault {
	if r.Method == http.MethodOptions || h.origins == nil {
		return nil // a preflight only says which origins are allowed
	}
	if err := h.origins.Check(r); err != nil {
		return &fault{status: http.StatusForbidden, code: "origin_not_allowed", message: "the request comes from a page of another origin; the server's operator can allow it"}
	}
	return nil
}

// preflight tells browsers which origins are allowed, and reports whether that
// was all that the request asked for.
func (x *exchange) preflight() bool {
	origin, header := x.r.Header.Get("Origin"), x.w.Header()
	header.Add("Vary", "Origin")
	allowed := origin != "" && (x.h.origins == nil || slices.Contains(x.h.config.Origins, origin))
	if allowed {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After")
	}
	if x.r.Method != http.MethodOptions || !allowed || x.r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	x.name = "preflight"
	header.Set("Access-Control-Allow-Methods", "GET, POST")
	if names := x.r.Header.Get("Access-Control-Request-Headers"); names != "" {
		header.Set("Access-Control-Allow-Headers", names)
	}
	x.status = http.StatusNoContent
	x.w.WriteHeader(x.status)
	return true
}

// checkKey compares the hash of the key with all allowed hashes in constant time, so
// that its duration reveals nothing about any key.
func (h *Handler) checkKey(r *http.Request) *fault {
	if len(h.keys) == 0 {
		return nil
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(key)))
	found := 0
	for i := range h.keys {
		found |= subtle.ConstantTimeCompare(sum[:], h.keys[i][:])
	}
	if found == 1 && strings.EqualFold(scheme, "Bearer") {
		return nil
	}
	return &fault{status: http.StatusUnauthorized, code: "invalid_api_key", message: "no valid key: send one of the server's keys as Authorization: Bearer ..."}
}

// checkContentType refuses all but JSON. A page can make a browser send other
// types to any server without asking it first.
func checkContentType(r *http.Request) *fault {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset, ok := params["charset"]; err == nil && kind == "application/json" && (!ok || strings.EqualFold(charset, "utf-8")) {
		return nil
	}
	return &fault{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", message: "send JSON, with the header Content-Type: application/json"}
}
