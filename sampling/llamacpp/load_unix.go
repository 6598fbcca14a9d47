//go:build !windows

package llamacpp

import "github.com/ebitengine/purego"

func load(path string) (uintptr, error) {
	return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
}

// symbol also finds what the library's own companions have.
func symbol(handle uintptr, name string) (uintptr, error) { return purego.Dlsym(handle, name) }
