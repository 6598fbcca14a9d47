package chatapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// checkHost refuses unknown names. DNS rebinding points a page's own name at this
// machine to get around the browser's same-origin policy. Addresses are safe.
func (h *handler) checkHost(r *http.Request) *fault {
	host := strings.ToLower(strings.TrimSuffix((&url.URL{Host: r.Host}).Hostname(), "."))
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
	return refuse(http.StatusForbidden, "host_not_allowed", "the Host header is not a name of this server; the server's operator can allow it")
}

// checkOrigin refuses a browser's request for a page of another origin. Other programs
// do not send the headers that it checks.
func (h *handler) checkOrigin(r *http.Request) *fault {
	if r.Method == http.MethodOptions || h.origins == nil {
		return nil // preflight answers it
	}
	if err := h.origins.Check(r); err != nil {
		return refuse(http.StatusForbidden, "origin_not_allowed", "the request comes from a page of another origin; the server's operator can allow it")
	}
	return nil
}

// preflight tells browsers which origins are allowed, and reports whether the request
// was a preflight.
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

// checkKey compares the key's hash with all allowed hashes in constant time, so that its
// duration reveals nothing.
func (h *handler) checkKey(r *http.Request) *fault {
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
	return refuse(http.StatusUnauthorized, "invalid_api_key", "the key is missing or wrong; send one of the server's keys as Authorization: Bearer ...")
}

// checkContentType refuses all types but JSON. A page can make a browser send other
// types to any server without a preflight.
func checkContentType(r *http.Request) *fault {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "send the body as it is, without the header Content-Encoding")
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset, ok := params["charset"]; err == nil && kind == "application/json" && (!ok || strings.EqualFold(charset, "utf-8")) {
		return nil
	}
	return refuse(http.StatusUnsupportedMediaType, "unsupported_media_type", "send JSON, with the header Content-Type: application/json")
}
